"""Sessions as lines of pages that are opened all day: plain values, read by one query.

Not models: of a week of sessions these take a fifth of the time.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import starmap
from typing import NamedTuple

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from practice.diary.models import Session
from practice.text.places import link_of
from practice.text.spoken import called, in_words, some_in_words
from relationships.models import takes_part_at
from relationships.models.choices import Kind

PART = "relationship__participations__client"


class Line(NamedTuple):
    """A session with one of those who take part in it."""

    public_id: str
    starts_at: datetime
    ends_at: datetime
    state: str
    revision: int
    number_missed: int  # of those who take part
    place: str
    cancelled_at: datetime | None
    cancelled_by: int | None
    relationship: str
    kind: str
    ended_at: datetime | None
    is_closed: bool
    person: int
    account: int | None  # of the record that takes part
    account_of_person: int | None  # of the one that it is merged into
    name: str
    preferred_name: str
    erased_at: datetime | None

    @property
    def accounts(self) -> tuple[int | None, int | None]:
        return self.account, self.account_of_person

    @property
    def first_name(self) -> str:
        return self.name if self.erased_at else called(self.name, self.preferred_name)


@dataclass
class Appointment:
    """A session of a day, as a line shows it."""

    line: Line
    now: datetime
    people: dict[int, Line] = field(default_factory=dict)
    is_next: bool = False
    is_asked_first: bool = False

    def __getattr__(self, name: str) -> object:
        return getattr(self.line, name)

    @property
    def whom(self) -> str:
        people = list(self.people.values())
        if len(people) == 1:
            return people[0].name
        return some_in_words([person.first_name for person in people])

    @property
    def number_of_people(self) -> int:
        return len(self.people)

    @property
    def with_whom(self) -> str:
        """By their whole names; those who have been erased come last."""
        people = sorted(self.people.values(), key=lambda person: person.erased_at is not None)
        return some_in_words([person.name for person in people])

    def cancelled_by_whom(self, therapist: int) -> str:
        """Who cancelled it: "you", the therapist of this account, or a client by first name."""
        by = self.line.cancelled_by
        if by == therapist:
            return "you"
        people = [p.first_name for p in self.people.values() if by in p.accounts]
        return in_words(people) or "the client"

    @property
    def link(self) -> str:
        """The link of its meeting, if it is online."""
        return link_of(self.line.place)

    @property
    def where(self) -> str:
        """Where it takes place: "Online", or the place."""
        return "Online" if self.link else self.line.place

    @property
    def kind_label(self) -> str:
        """What kind of work it is, where it is not Individual."""
        return "" if self.line.kind == Kind.INDIVIDUAL else Kind(self.line.kind).label

    @property
    def is_over(self) -> bool:
        return self.line.ends_at <= self.now

    @property
    def is_asked(self) -> bool:
        """Whether it is to be answered who came."""
        return self.is_over and self.line.state == Session.State.BOOKED

    @property
    def is_to_come(self) -> bool:
        return not self.is_over and self.line.state == Session.State.BOOKED

    @property
    def shown(self) -> str:
        """What a page says of it, as `Session.shown`."""
        missed = f" {self.line.number_missed}" if self.line.number_missed else ""
        return f"{self.line.revision} {self.line.state}{missed}"


def lines_of(sessions: QuerySet) -> QuerySet:
    """Ask for the lines of some sessions, one for each who takes part, in order."""
    present = sessions.filter(takes_part_at(F("starts_at"), "relationship__participations__"))
    in_order = present.order_by("starts_at", "pk", "relationship__participations")
    of_work = [
        f"relationship__{column}" for column in ("public_id", "kind", "ended_at", "is_closed")
    ]
    of_person = [
        Coalesce(f"{PART}__merged_into__{name}", f"{PART}__{name}")
        for name in ("name", "preferred_name", "erased_at")
    ]
    return in_order.values_list(
        *("public_id", "starts_at", "ends_at", "state", "revision", "number_missed", "place"),
        *("cancelled_at", "cancelled_by"),
        *of_work,
        *(f"{PART}__person_id", f"{PART}__account", f"{PART}__merged_into__account"),
        *of_person,
    )


def appointments(rows: Iterable[tuple], now: datetime) -> list[Appointment]:
    """Return the sessions that these lines are of, in their order."""
    found: dict[str, Appointment] = {}
    for line in starmap(Line, rows):
        one = found.setdefault(line.public_id, Appointment(line, now))
        one.people[line.person] = line
    return list(found.values())
