"""Filling an empty database, step by step."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from django.contrib.auth.hashers import make_password
from django.core.management.color import no_style
from django.db import connection
from django.db.models import Count, F, Q, Window
from django.db.models.functions import Lag

from benchmarks.fill.audit import Audit
from benchmarks.fill.bulk import do, loader, without_rules
from benchmarks.fill.people import add_therapists
from benchmarks.fill.plan import PASSWORD, Plan
from benchmarks.fill.rows import (
    ChainedRow,
    ClientRow,
    EntryRow,
    EventRow,
    ParticipationRow,
    RelationshipRow,
    SessionRow,
    UserRow,
)
from benchmarks.fill.work import Work
from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry
from practice.booking.models import BookingRules, WeeklyHours
from practice.diary.models import Session
from practice.profiles import settling as numbers
from practice.profiles.models import Profile
from practice.records import settling as retention
from relationships.caseload import settling as caseload
from relationships.models import Event, Participation, Relationship

AT_ONCE = 2_000  # clients
COLUMNS = {
    User: UserRow._fields,
    Client: ClientRow._fields,
    Relationship: RelationshipRow._fields,
    Participation: ParticipationRow._fields,
    Event: EventRow._fields,
    Session: SessionRow._fields,
    Entry: (*EntryRow._fields, *ChainedRow._fields),
}
WITH_OTHER_IDS = (Therapist, BookingRules, WeeklyHours, Profile)  # given by the database, or by us
Progress = Callable[[str, int, int], None]


class NotEmpty(Exception):
    """There are people in the database. Nothing was touched."""


class Wrong(Exception):
    """What was loaded breaks a rule of the product."""


def fill(  # long for its steps, each of which is taken once and in this order
    clients: int, *, progress: Progress = lambda *_: None, now: datetime | None = None
) -> Plan:
    """Fill an empty, migrated database with so many clients; `progress` is told what, done, of.

    Raises:
        NotEmpty: it is not empty.
        Wrong: it is filled, with a fault of this module.
    """
    if User.objects.exists():
        raise NotEmpty
    plan, now = Plan(clients), now or datetime.now(UTC).replace(microsecond=0)
    audit, password = Audit(now), make_password(PASSWORD)
    work = Work(plan, now=now, password=password, audit=audit)
    rows = work.rows
    rows[Entry] = audit.rows
    with without_rules(COLUMNS):
        add_therapists(plan, now, password)
        load = {model: loader(model, columns) for model, columns in COLUMNS.items()}
        for done in work.batches(AT_ONCE):
            for model, load_into in load.items():
                load_into(rows[model])
                rows[model].clear()
            progress("clients", done, clients)
        audit.finish()
        go_on_counting()
        progress("indexes and constraints", 0, 1)
    progress("indexes and constraints", 1, 1)
    progress("figures", 0, 1)
    do("ANALYZE")  # without it PostgreSQL reads whole tables to settle a client
    numbers.settle_everybody()
    retention.settle_everybody()
    caseload.settle_everybody()
    progress("figures", 1, 1)
    if connection.vendor == "postgresql":
        do("VACUUM (ANALYZE)")
    for fault in faults():
        raise Wrong(fault)
    return plan


def go_on_counting() -> None:
    """Let the database give the next id after those that were loaded."""
    models = [*COLUMNS, *WITH_OTHER_IDS]
    for statement in connection.ops.sequence_reset_sql(no_style(), models):
        do(statement)


def faults() -> Iterator[str]:
    """Yield what is loaded and should not be, as far as no constraint looks at it."""
    parts = Participation.objects
    same = Q(relationship__therapist=F("therapist"), client__therapist=F("therapist"))
    if parts.exclude(same).exists():
        yield "a participation of two therapists"
    if Session.objects.exclude(relationship__therapist=F("therapist")).exists():
        yield "a session of two therapists"
    if Event.objects.exclude(relationship__therapist=F("therapist")).exists():
        yield "an event of two therapists"
    active = Count("relationships", filter=Q(relationships__status="active"))
    if Client.objects.annotate(n=active).exclude(active_relationships=F("n")).exists():
        yield "a counter of active relationships"
    before = Window(Lag("ends_at"), partition_by="therapist", order_by="starts_at")
    if Session.objects.standing().annotate(before=before).filter(before__gt=F("starts_at"))[:1]:
        yield "two sessions at once"
