"""Undoing an import: what came goes, as long as nobody has changed it.

What belongs together stays together: a client who was changed since stays with the work that came
and its sessions; so does work with a changed session, or with one that came later, and its people.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models import Count, F
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb, name_of
from practice.database.bulk import delete, in_batches
from practice.diary.models import Session
from practice.imports import uploads
from practice.imports.digests import digest_of
from practice.imports.models import UNDO_WITHIN, Import, ImportedNote, ImportedRow
from practice.profiles.models import ClientNumbers
from relationships.models import EndReason, Erasure, Event, Participation, Relationship

Progress = Callable[[int, int], None]
_KINDS = ImportedRow.Kind
# What comes with a row, and is looked at by itself.
_WITH_IT = {"participations", "events", "sessions", "imported_notes", "relationships"}


class TooLate(Exception):
    """It was undone already, or longer ago than can be undone. Nothing was undone."""


@dataclass
class Remains:
    """What came with an import: what has stayed as it came, and who stays because of a change."""

    clients: set[int] = field(default_factory=set)
    works: set[int] = field(default_factory=set)
    sessions: set[int] = field(default_factory=set)
    staying: list[Client] = field(default_factory=list)


def undo(came: Import, *, by: User, progress: Progress = lambda *_: None) -> Remains:
    """Take away what an import brought, but for what was changed since; return what that was.

    `progress` is told how many of how many rows are gone.

    Raises:
        TooLate: it was undone already, or longer ago than can be undone.
    """
    try:
        return _undo(came, by, progress)
    finally:
        uploads.say_done()


@transaction.atomic
def _undo(came: Import, by: User, progress: Progress) -> Remains:
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
    found = remains(came)
    _take_away(found, came, by, progress)
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


def remains(came: Import) -> Remains:
    """Return what of an import is as it came, and can go."""
    sessions = _unchanged(came, _KINDS.SESSION, Session)
    works = _unchanged(came, _KINDS.RELATIONSHIP, Relationship)
    clients = _unchanged(came, _KINDS.CLIENT, Client)
    every = {kind: set(_rows(came, kind)) for kind in _KINDS}
    people, works_of = defaultdict(set), defaultdict(set)
    for parts in in_batches(every[_KINDS.RELATIONSHIP] | set()):
        pairs = Participation.objects.filter(relationship__in=parts)
        for work, client in pairs.values_list("relationship", "client"):
            people[work].add(client)
    for some in in_batches(every[_KINDS.CLIENT]):
        pairs = Participation.objects.filter(client__in=some)
        for work, client in pairs.values_list("relationship", "client"):
            works_of[client].add(work)
    works -= _with_other_sessions(every[_KINDS.RELATIONSHIP], sessions)
    before = (0, 0)
    while before != (len(works), len(clients)):
        before = (len(works), len(clients))
        gone = every[_KINDS.CLIENT] - clients
        works = {work for work in works if not people[work] & gone}
        clients = {client for client in clients if works_of[client] <= works}
    staying = every[_KINDS.RELATIONSHIP] - works
    sessions = _without_those_of(sessions, staying)
    names = Client.objects.filter(pk__in=every[_KINDS.CLIENT] - clients)
    return Remains(clients, works, sessions, list(names.in_name_order()[:200]))


def _rows(came: Import, kind: str) -> Iterator[int]:
    rows = came.imported_rows.filter(kind=kind).values_list("row", flat=True)
    return rows.iterator(chunk_size=5_000)


def _unchanged(came: Import, kind: str, model: type[models.Model]) -> set[int]:
    """Return the ids of rows that are as they came, and that nothing newer belongs to."""
    found: set[int] = set()
    rows = came.imported_rows.filter(kind=kind).values_list("row", "digest")
    for some in in_batches(rows.iterator(chunk_size=5_000), 5_000):
        uploads.say_running()
        as_it_came = dict(some)
        present = model._default_manager.filter(pk__in=as_it_came).iterator(chunk_size=500)
        more = _more_of(model, as_it_came)
        same = {r.pk for r in present if digest_of(r, *more[r.pk]) == as_it_came[r.pk]}
        found |= same - _referred_to(model, same)
    return found


def _more_of(model: type[models.Model], ids: Iterable[int]) -> dict[int, tuple]:
    """Return what belongs to work, as its digest has it: lines of its history, and people."""
    if model is not Relationship:
        return defaultdict(tuple)
    counted = Relationship.objects.filter(pk__in=[*ids]).annotate(
        lines=Count("events", distinct=True), people=Count("participations", distinct=True)
    )
    return {
        pk: (lines, people) for pk, lines, people in counted.values_list("pk", "lines", "people")
    }


def _referred_to(model: type[models.Model], ids: set[int]) -> set[int]:
    """Return those of some rows to which a row of another table leads: an invitation, a message."""
    found: set[int] = set()
    for relation in model._meta.related_objects:
        name = relation.get_accessor_name() or relation.field.name
        if name in _WITH_IT or relation.many_to_many:
            continue
        other: Any = relation.related_model
        column = relation.field.name
        leading = other._base_manager.filter(**{f"{column}__in": ids})
        found |= set(leading.values_list(relation.field.attname, flat=True))
    return found


def _with_other_sessions(works: set[int], unchanged: set[int]) -> set[int]:
    """Return the works that have a session which cannot go."""
    found: set[int] = set()
    for some in in_batches(works):
        sessions = Session.objects.filter(relationship__in=some)
        pairs = sessions.values_list("pk", "relationship").iterator(chunk_size=5_000)
        found |= {work for session, work in pairs if session not in unchanged}
    return found


def _without_those_of(sessions: set[int], works: set[int]) -> set[int]:
    for some in in_batches(works):
        of_them = Session.objects.filter(relationship__in=some).values_list("pk", flat=True)
        sessions = sessions - set(of_them)
    return sessions


def _take_away(found: Remains, came: Import, by: User, progress: Progress) -> None:
    gone, of = 0, len(found.sessions) + len(found.works) + len(found.clients)
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
            gone += len(some)
            uploads.say_running()
            progress(gone, of)


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
