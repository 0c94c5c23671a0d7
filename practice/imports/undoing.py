"""Undoing an import: what came goes, as long as nobody has changed it (`remaining.py`)."""

from collections import Counter

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb, name_of
from practice.database.bulk import delete, in_batches
from practice.diary.models import Session
from practice.imports import uploads
from practice.imports.models import UNDO_WITHIN, Import, ImportedNote, ImportedRow
from practice.imports.remaining import Compared, Remains, remains
from practice.imports.writing import Progress, Steps
from practice.profiles.models import ClientNumbers
from relationships.models import EndReason, Erasure, Event, Participation, Relationship

_KINDS = ImportedRow.Kind


class TooLate(Exception):
    """It was undone already, or longer ago than can be undone. Nothing was undone."""


def undo(came: Import, *, by: User, progress: Progress = lambda *_: None) -> Remains:
    """Take away what an import brought, but for what was changed since; return what that was.

    `progress` is told how many of how many rows. While they are compared nobody waits; half of the
    progress is that.

    Raises:
        TooLate: it was undone already, or longer ago than can be undone.
    """
    steps, compared = Steps(came.imported_rows.count(), progress), Compared()
    remains(came, compared, steps.add)
    try:
        return _undo(came, by, steps, compared)
    finally:
        uploads.say_done()


@transaction.atomic
def _undo(came: Import, by: User, steps: Steps, compared: Compared) -> Remains:
    """Do it, while others wait: on SQLite everybody who writes.

    Raises:
        TooLate: it was undone already, or longer ago than can be undone.
    """
    uploads.say_running()
    Therapist.lock(came.therapist_id)
    now = timezone.now()
    undoable = Import.objects.filter(
        pk=came.pk, state=Import.State.DONE, finished_at__gt=now - UNDO_WITHIN
    )
    if not came.can_be_undone or not undoable.update(state=Import.State.UNDONE, undone_at=now):
        raise TooLate
    came.refresh_from_db()
    _lock_people(came)
    found = remains(came, compared, lambda _: uploads.say_running())
    _take_away(found, came, by, steps)
    _may_be_contacted_again(came, by)
    words = (
        f"{len(found.clients)} people, {len(found.sessions)} sessions; stays {len(found.staying)}"
    )
    Entry.record(
        Verb.IMPORT_UNDONE, by=by, therapist=came.therapist_id, about=came, outcome=words[:60]
    )
    return found


def _lock_people(came: Import) -> None:
    rows = came.imported_rows.filter(kind=_KINDS.RELATIONSHIP).values("row")
    work = Participation.objects.filter(relationship__in=rows).values("client")
    own = came.imported_rows.filter(kind=_KINDS.CLIENT).values("row")
    people = Client.objects.filter(models.Q(pk__in=work) | models.Q(pk__in=own))
    list(people.locked().only("pk"))


def _take_away(found: Remains, came: Import, by: User, steps: Steps) -> None:
    for kind, ids in (
        (_KINDS.SESSION, found.sessions),
        (_KINDS.RELATIONSHIP, found.works),
        (_KINDS.CLIENT, found.clients),
    ):
        for some in in_batches(sorted(ids)):
            if kind == _KINDS.SESSION:
                delete(Session, some)
            elif kind == _KINDS.RELATIONSHIP:
                _take_work_away(some, came, by)
            else:
                delete(ImportedNote, some, "client_id")
                delete(Client, some)
                delete(ClientNumbers, some, "client")
            came.imported_rows.filter(kind=kind, row__in=some).delete()
            uploads.say_running()
            steps.add(len(some))


def _may_be_contacted_again(came: Import, by: User) -> None:
    """Let clients who were here be contacted whom only the import has barred."""
    for client in Client.objects.filter(public_id__in=came.barred, do_not_contact=True):
        Client.objects.filter(pk=client.pk).update(do_not_contact=False)
        Entry.record(Verb.CLIENT_CHANGED, by=by, therapist=came.therapist_id, about=client)


def _take_work_away(some: list[int], came: Import, by: User) -> None:
    """Delete work with its history, as an erasure does: of ended work, and by a record of it."""
    works, now = Relationship.objects.filter(pk__in=some), timezone.now()
    active = Participation.objects.filter(relationship__in=works.active())
    steps = Counter(active.values_list("client", flat=True))
    for step in set(steps.values()):
        counted = Client.objects.filter(pk__in=[c for c, number in steps.items() if number == step])
        counted.update(active_relationships=F("active_relationships") - step)
    works.active().update(
        status=Relationship.Status.ENDED,
        end_reason=EndReason.NO_SESSIONS,
        ended_at=models.functions.Greatest(F("started_at"), now),
        ended_by=by,
    )
    gone = list(works.only("pk", "public_id"))
    Erasure.objects.bulk_create(
        Erasure(
            therapist_id=came.therapist_id,
            relationship=work.pk,
            public_id=work.public_id,
            what=Erasure.What.RELATIONSHIP,
            at=now,
            by=by,
        )
        for work in gone
    )
    lines = [(Verb.ERASED, name_of(work), None) for work in gone]
    Entry.record_many(lines, by=by, therapist=came.therapist)
    for model in (Event, Participation):
        delete(model, some, "relationship_id")
    delete(Relationship, some)
