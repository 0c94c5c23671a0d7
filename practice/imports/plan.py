"""What an import would bring in: plain data, worked out without writing anything.

Whatever reads a kind of file ends with such a plan; `writing.py` makes rows of it, all or none.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from practice.imports.asking import About, Question
from practice.imports.sheets import Unreadable
from practice.imports.told import HistoryLine, Part
from relationships.models.history import Episode, episodes


class Source(NamedTuple):
    """Where something comes from: which of the files, and the line where it begins."""

    file: int
    line: int


@dataclass(slots=True)
class PlannedPerson:
    """A client to be, or one who is here (`existing`, the id) and stays as they are."""

    name: str
    source: Source
    existing: int | None = None
    preferred_name: str = ""
    email: str = ""
    phone: str = ""
    born: date | None = None
    zone: str = ""
    do_not_contact: bool = False
    added_at: datetime | None = None
    note: str = ""  # columns that are kept in words
    origin: str = ""  # by which the same line is known again


@dataclass(slots=True)
class PlannedWork:
    """Work to be begun, with its history; or work that is here."""

    kind: str
    people: tuple[int, ...]  # their places in the plan
    source: Source
    existing: int | None = None
    history: list[HistoryLine] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)  # by client number, of lines that name one
    is_end_estimated: bool = False
    columns: dict[str, Any] = field(default_factory=dict)  # others, of our own archive

    @property
    def last_stretch(self) -> Episode:
        """The last stretch of work."""
        return episodes(self.history)[-1]  # type: ignore[arg-type]  # lines are alike

    @property
    def end_note(self) -> str:
        """What was noted of the last ending, or the correction of its reason."""
        told = [line.note for line in self.history if line.kind in ("ended", "corrected")]
        return told[-1] if told and self.last_stretch.ended_at else ""


@dataclass(slots=True)
class PlannedSession:
    """A session to be, of the work at that place in the plan."""

    work: int
    starts_at: datetime
    ends_at: datetime
    state: str
    booked_at: datetime
    source: Source
    in_figures: bool = True
    origin: str = ""
    columns: dict[str, Any] | None = None


@dataclass
class Plan:
    """Everything that would be brought in, and what is to be decided or cannot be read."""

    files: list[str]
    people: list[PlannedPerson] = field(default_factory=list)
    works: list[PlannedWork] = field(default_factory=list)
    sessions: list[PlannedSession] = field(default_factory=list)
    refused: list[Unreadable] = field(default_factory=list)  # files of which nothing can be read
    unreadable: list[Unreadable] = field(default_factory=list)
    unmatched: list[Unreadable] = field(default_factory=list)  # sessions of nobody that is known
    left_out: list[Unreadable] = field(default_factory=list)  # for a reason that is no fault
    questions: list[Question] = field(default_factory=list)
    sessions_here: int = 0  # that are here already
    reminds: bool = False  # whether clients are reminded of sessions to come that are brought in
    state_mark: str = ""  # of the practice for which it was worked out

    @property
    def new_people(self) -> list[PlannedPerson]:
        return [person for person in self.people if person.existing is None]

    @property
    def new_works(self) -> list[PlannedWork]:
        return [work for work in self.works if work.existing is None]

    @property
    def past(self) -> list[PlannedWork]:
        """New work that has ended."""
        return [work for work in self.new_works if work.history and work.last_stretch.ended_at]

    @property
    def counts(self) -> dict[str, int]:
        """How much of everything there is: the numbers of the preview and of the audit."""
        return {
            "people": len(self.new_people),
            "already_here": sum(p.existing is not None and p.source.line > 0 for p in self.people),
            "couples": sum(work.kind == "couples" for work in self.new_works),
            "past": len(self.past),
            "estimated": sum(work.is_end_estimated for work in self.new_works),
            "sessions": len(self.sessions),
            "unmatched": len(self.unmatched),
        }

    @property
    def open(self) -> list[Question]:
        """What nobody has answered, and nothing is preselected for."""
        return [question for question in self.questions if question.is_open]

    @property
    def stops(self) -> list[Question]:
        """What has to be answered before anything can be brought in."""
        return [question for question in self.questions if question.stops]

    @property
    def number_of_rows(self) -> int:
        """How many rows would be made, as progress counts them."""
        return len(self.new_people) + len(self.new_works) + len(self.sessions)

    @property
    def number_not_brought(self) -> int:
        """How many lines, or cells of them, are left out for a fault."""
        return len(self.unreadable) + len(self.unmatched)

    @property
    def is_empty(self) -> bool:
        return not (self.new_people or self.new_works or self.sessions)

    def about(self, *about: About) -> list[Question]:
        return [question for question in self.questions if question.about in about]
