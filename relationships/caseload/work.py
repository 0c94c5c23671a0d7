"""Reading the work of which a caseload is counted."""

from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, Q, QuerySet, Value

from clients.models import Client
from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, CompiledQuery, Given, padded
from practice.diary.models import Session
from relationships.caseload.counting import Work
from relationships.models import Event, Participation, Relationship, RelationshipQuerySet
from relationships.models.history import Episode, Line, episodes


def _recent(given: Given) -> RelationshipQuerySet:
    """Those that were active at any time since a moment."""
    every = Relationship.objects.filter(therapist=given("therapist"))
    return every.filter(
        Q(status=Relationship.Status.ACTIVE)
        | Q(status=Relationship.Status.ENDED, ended_at__gte=given("since", MOMENT))
    )


def _restarted(given: Given) -> QuerySet:
    """Ask for the work that was ever taken up again: few, found by an index of their own."""
    begun = Event.objects.filter(therapist=given("therapist"), reason="")
    return begun.filter(kind=Event.Kind.RESTARTED).order_by().values("relationship")


def _lines(given: Given) -> QuerySet:
    lines = Event.objects.filter(relationship__in=_restarted(given)).order_by("pk")
    return lines.values_list("relationship", "kind", "at", "reason")


def _parts(given: Given) -> QuerySet:
    """Ask who takes part, by the number of their record: a look at each record costs the most."""
    parts = Participation.objects.filter(relationship__therapist=given("therapist"))
    recent = parts.filter(
        Q(relationship__status=Relationship.Status.ACTIVE)
        | Q(
            relationship__status=Relationship.Status.ENDED,
            relationship__ended_at__gte=given("since", MOMENT),
        )
    )
    of_work = ("started_at", "ended_at", "end_reason")
    columns = ("client", "joined_at", "left_at", *(f"relationship__{name}" for name in of_work))
    return recent.order_by().values_list("relationship", *columns)


def _attended(given: Given) -> QuerySet:
    own = Session.objects.filter(therapist=given("therapist")).attended()
    return own.values_list("relationship", "starts_at")


def _sessions(given: Given) -> QuerySet:
    """Ask for the sessions of what has ended, or had before a restart: of no others they count."""
    counted = _recent(given).ended().values("pk").union(_restarted(given))
    return _attended(given).filter(relationship__in=counted)


def _merged_and_begun(given: Given) -> QuerySet:
    """Ask which records are merged, into which, and when the first work of all began."""
    lines = Event.objects.filter(therapist=given("therapist"), reason="").order_by("at", "pk")
    begun = Event.objects.filter(pk__in=lines.values("pk")[:1])
    merged = Client.objects.filter(therapist=given("therapist"), merged_into__isnull=False)
    nobody, never = Value(0), Value(None, output_field=DateTimeField())
    return begun.values_list("at", nobody, nobody).union(
        merged.order_by().values_list(never, "pk", "merged_into"), all=True
    )


LINES, PARTS, SESSIONS = map(CompiledQuery, (_lines, _parts, _sessions))
MERGED_AND_BEGUN = CompiledQuery(_merged_and_begun)


def recent_work(therapist: Therapist, since: datetime) -> tuple[list[Work], datetime | None]:
    """Return the relationships that were active at any time since then, and when the first of all
    began, by four queries.
    """
    of: dict[str, Any] = {"therapist": therapist.pk, "since": since}
    events, sessions = _lines_of_each(LINES.rows(**of)), _of_each(SESSIONS.rows(**of))
    parts = PARTS.rows(**of)
    people: dict[int, int] = {}  # the number of whoever a merged record is of
    first = None
    for at, record, person in MERGED_AND_BEGUN.rows(therapist=therapist.pk):
        first = at or first
        people[record] = person
    found: dict[int, Work] = {}
    for which, record, joined_at, left_at, *stretch in parts:
        if which not in found:
            lines = events.get(which)
            stretches = episodes(lines) if lines else [Episode(*stretch)]
            found[which] = Work(set(), stretches, sessions.get(which, []), [])
        person = people.get(record, record)
        if joined_at or left_at:
            found[which].others.append((person, joined_at, left_at))
        else:
            found[which].clients.add(person)
    return list(found.values()), first


def _lines_of_each(rows: list[tuple]) -> dict[int, list[Line]]:
    events: dict[int, list[Line]] = {}
    for relationship, *line in rows:
        events.setdefault(relationship, []).append(Line(*line))
    return events


def _of_each(rows: list[tuple]) -> dict[int, list[datetime]]:
    sessions: dict[int, list[datetime]] = {}
    for relationship, starts_at in rows:
        sessions.setdefault(relationship, []).append(starts_at)
    return sessions


SESSION = "session"  # beside the kinds of events


def _history_of_some(given: Given) -> QuerySet:
    """Ask for the events of some work, in order, and when its sessions were that took place."""
    events = Event.objects.filter(therapist=given("therapist"))
    events = events.filter(relationship__pk__in=given("relationships")).order_by()
    held = _attended(given).filter(relationship__pk__in=given("relationships"))
    lines = events.values_list("relationship", "kind", "at", "reason", "pk")
    sessions = held.values_list("relationship", Value(SESSION), "starts_at", Value(""), Value(0))
    return lines.union(sessions, all=True).order_by("pk")


OF_SOME = CompiledQuery(_history_of_some)


def work_of(therapist: Therapist, relationships: list[int]) -> list[Work]:
    """Return when some work began and ended, and its sessions, by one query; not with whom."""
    lines: dict[int, list[Line]] = {}
    sessions: dict[int, list[datetime]] = {}
    for which, *row in OF_SOME.rows(therapist=therapist.pk, relationships=padded(relationships)):
        line = Line(*row[:3])
        if line.kind == SESSION:
            sessions.setdefault(which, []).append(line.at)
        else:
            lines.setdefault(which, []).append(line)
    return [
        Work(set(), episodes(of_one), sessions.get(which, []), [])
        for which, of_one in lines.items()
    ]
