"""What a practice has already, as far as an import has to know it."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from practice.accounts.models import Therapist
from practice.diary.models.queryset import VACANT
from practice.imports.models import ImportedRow


class Known(NamedTuple):
    """Somebody who is a client already."""

    pk: int
    name: str
    email: str
    born: date | None
    is_active: bool


class Work(NamedTuple):
    """Work that is here already, with the people who take part."""

    pk: int
    kind: str
    status: str
    people: frozenset[int]


class Appointment(NamedTuple):
    """A session that is here already."""

    starts_at: datetime
    ends_at: datetime
    work: int
    stands: bool


@dataclass
class State:
    """A practice as it was read; `mark` differs once anything of it is changed."""

    people: list[Known] = field(default_factory=list)
    works: dict[int, Work] = field(default_factory=dict)
    sessions: list[Appointment] = field(default_factory=list)
    origins: dict[tuple[str, str], int] = field(default_factory=dict)
    mark: str = ""

    @classmethod
    def of(cls, therapist: Therapist) -> "State":
        """Read it; some statements, however much there is."""
        clients = therapist.clients.people().order_by("pk")
        columns = ("pk", "name", "email", "date_of_birth", "active_relationships")
        people = [
            Known(pk, name, email.strip().lower(), born, active > 0)
            for pk, name, email, born, active in clients.values_list(*columns)
        ]
        parts = defaultdict(set)
        for work, person in therapist.participations.filter(left_at=None).values_list(
            "relationship", "client__person_id"
        ):
            parts[work].add(person)
        works = {
            pk: Work(pk, kind, status, frozenset(parts[pk]))
            for pk, kind, status in therapist.relationships.order_by("pk").values_list(
                "pk", "kind", "status"
            )
        }
        sessions = [
            Appointment(starts, ends, work, state not in VACANT and not passed_on)
            for starts, ends, work, state, passed_on in therapist.sessions.order_by(
                "starts_at", "pk"
            )
            .values_list("starts_at", "ends_at", "relationship", "state", "passed_on")
            .iterator(chunk_size=5_000)
        ]
        rows = ImportedRow.objects.filter(therapist=therapist).exclude(origin="")
        came = rows.values_list("kind", "origin", "row").iterator(chunk_size=5_000)
        origins = {(kind, origin): row for kind, origin, row in came}
        return cls(people, works, sessions, origins, _mark_of(people, works, sessions))


def _mark_of(
    people: Iterable[Known], works: Mapping[int, Work], sessions: Iterable[Appointment]
) -> str:
    """Return what is another text if anything of this is otherwise."""
    mark = hashlib.sha256()
    for person in people:
        mark.update(repr(tuple(person)).encode())
    for one in works.values():
        mark.update(repr((*one[:3], sorted(one.people))).encode())
    for session in sessions:
        mark.update(repr(tuple(session)).encode())
    return mark.hexdigest()
