"""Bringing a plan in: its rows are made first, then written in bulk, in one transaction.

Nobody is told of anything: what is made in bulk passes by whatever sends messages.
"""

from collections import defaultdict
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.database.bulk import Rows, in_batches
from practice.diary.models import Session
from practice.imports import uploads
from practice.imports.making import Making
from practice.imports.models import Import
from practice.imports.plan import Plan
from practice.imports.state import State
from relationships.models import Relationship

COUNTED = {model._meta.db_table for model in (Client, Relationship, Session)}
Progress = Callable[[int, int], None]


class Changed(Exception):
    """The practice is not what it was as the plan was made. Nothing was brought in."""


def bring_in(
    plan: Plan, came: Import, therapist: Therapist, by: User, progress: Progress = lambda *_: None
) -> Import:
    """Make everything of a plan, or nothing; `progress` is told how many of how many rows.

    An import that is not saved yet is saved with what it brings, or not at all. While rows are
    made nobody waits; half of the progress is that.

    Raises:
        Changed: something of the practice has changed since, or the import was done meanwhile.
    """
    steps = Steps(plan.number_of_rows, progress)
    told = {"files": plan.files, "counts": plan.counts, "reminds": plan.reminds}
    making = Making(plan, came, therapist, by, steps.add)
    with Rows() as rows:
        making.make(rows)
        try:
            _write(making, rows, steps, told)
        except IntegrityError as error:
            raise Changed from error
        finally:
            uploads.say_done()
    came.refresh_from_db()
    return came


class Steps:
    """How far it is: each row counts half as it is made or compared, half as it is written or goes.

    While they are made or compared nobody waits.
    """

    def __init__(self, total: int, progress: Progress) -> None:
        self.total, self.done, self.progress = total, 0, progress

    def add(self, rows: int) -> None:
        self.done += rows
        self.progress(self.done // 2, self.total)


@transaction.atomic
def _write(making: Making, rows: Rows, steps: Steps, told: dict) -> None:
    """Write what has been made, unless the practice has changed since the plan was made."""
    uploads.say_running()
    plan, came, therapist, by = making.plan, making.came, making.therapist, making.by
    Therapist.lock(therapist.pk)
    for some in in_batches(p.existing for p in plan.people if p.existing):
        list(Client.objects.filter(pk__in=some).locked().only("pk"))
    if State.of(therapist).mark != plan.state_mark:
        raise Changed
    _say_done(came, told)
    for table, number in rows.write():
        if table in COUNTED:
            uploads.say_running()
            steps.add(number)
    for lines in in_batches(making.audit_lines):
        Entry.record_many(lines, by=by, therapist=therapist)
    _known_clients(making)
    counts = told["counts"]
    words = ", ".join(f"{counts[name]} {name}" for name in ("people", "couples", "sessions"))
    Entry.record(Verb.IMPORTED, by=by, therapist=therapist, about=came, outcome=words[:60])


def _say_done(came: Import, told: dict) -> None:
    """Have the import be done, with what it brings.

    Raises:
        Changed: it was done meanwhile.
    """
    told = told | {"state": Import.State.DONE, "finished_at": timezone.now()}
    if came._state.adding:
        for name, value in told.items():
            setattr(came, name, value)
        came.save(force_insert=True)
        return
    open_ = Import.objects.filter(pk=came.pk, state__in=[Import.State.READ, Import.State.RUNNING])
    if not open_.update(**told):
        raise Changed


def _known_clients(making: Making) -> None:
    """Count new work on clients who were here, and never lose that one is not contacted."""
    known = [(place, p) for place, p in enumerate(making.plan.people) if p.existing]
    steps = defaultdict(list)
    for place, person in known:
        if making.active[place]:
            steps[making.active[place]].append(person.existing)
    for step, people in steps.items():
        counted = Client.objects.filter(pk__in=people)
        counted.update(active_relationships=F("active_relationships") + step)
    barred = [person.existing for _, person in known if person.do_not_contact]
    clients = list(Client.objects.filter(pk__in=barred, do_not_contact=False))
    Client.objects.filter(pk__in=[client.pk for client in clients]).update(do_not_contact=True)
    for client in clients:
        Entry.record(Verb.CLIENT_CHANGED, by=making.by, therapist=making.therapist, about=client)
    barred_ids = [client.public_id for client in clients]
    Import.objects.filter(pk=making.came.pk).update(barred=barred_ids)
