"""What of an import is as it came, so that it can go when it is undone.

What belongs together stays together: a client who was changed since stays with the work that came
and its sessions; so does work with a changed session, or with one that came later, and its people.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.db.models import Count

from clients.models import Client
from practice.database.bulk import in_batches, unread
from practice.diary.models import Session
from practice.imports.digests import digest_of
from practice.imports.models import Import, ImportedRow
from relationships.models import Participation, Relationship

AT_ONCE = 5_000  # rows that are compared
_KINDS = ImportedRow.Kind
# What comes with a row, and is looked at by itself.
_WITH_IT = {"participations", "events", "sessions", "imported_notes", "relationships"}
_MODELS: dict[str, type[models.Model]] = {
    _KINDS.SESSION: Session,
    _KINDS.RELATIONSHIP: Relationship,
    _KINDS.CLIENT: Client,
}


@dataclass
class Remains:
    """What came with an import: what has stayed as it came, and who stays because of a change."""

    clients: set[int] = field(default_factory=set)
    works: set[int] = field(default_factory=set)
    sessions: set[int] = field(default_factory=set)
    staying: list[Client] = field(default_factory=list)


class Compared:
    """Which rows are as they came, compared once: again only where anything is another since.

    To compare takes most of the time of undoing very much. So it is done before anybody has to
    wait, and while they do, rows are only held against what was there then.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], tuple[bytes, set[int]]] = {}

    def same(self, model: type[models.Model], place: int, as_it_came: dict[int, str]) -> set[int]:
        """Return the ids of those rows (with their digests) that nobody has changed."""
        more = _more_of(model, as_it_came)
        seen = _mark(model, as_it_came, more)
        known, same = self._found.get((model.__name__, place), (b"", set()))
        if seen != known:
            present = model._default_manager.filter(pk__in=as_it_came).iterator(chunk_size=500)
            same = {r.pk for r in present if digest_of(r, *more[r.pk]) == as_it_came[r.pk]}
            self._found[model.__name__, place] = seen, same
        return same


def _mark(model: type[models.Model], as_it_came: dict[int, str], more: dict) -> bytes:
    """Return a digest of rows as they are, all columns, unread by Django: it costs little."""
    rows = unread(model._default_manager.filter(pk__in=as_it_came).order_by("pk"))
    return hashlib.sha256(repr((rows, as_it_came, dict(more))).encode()).digest()


def remains(came: Import, compared: Compared, looked: Callable[[int], object]) -> Remains:
    """Return what of an import is as it came, and can go; `looked` is told at how many rows."""
    sessions, works, clients = (
        _unchanged(came, kind, model, compared, looked) for kind, model in _MODELS.items()
    )
    every = {kind: set(_rows(came, kind)) for kind in _KINDS}
    people, works_of = defaultdict(set), defaultdict(set)
    for parts in in_batches(every[_KINDS.RELATIONSHIP]):
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


def _unchanged(
    came: Import,
    kind: str,
    model: type[models.Model],
    compared: Compared,
    looked: Callable[[int], object],
) -> set[int]:
    """Return the ids of rows that are as they came, and that nothing newer belongs to."""
    found: set[int] = set()
    rows = came.imported_rows.filter(kind=kind).order_by("pk").values_list("row", "digest")
    for place, some in enumerate(in_batches(rows.iterator(chunk_size=AT_ONCE), AT_ONCE)):
        same = compared.same(model, place, dict(some))
        found |= same - _referred_to(model, same)
        looked(len(some))
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
