"""Work as a file tells it itself: who takes part, and what happened, line by line.

Our own archive and FHIR do; of other files it is put together from dates (`endings.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from relationships.models.choices import EndReason, Kind
from relationships.models.history import NOTE_LENGTH


class HistoryLine(NamedTuple):
    """A line of the history of work, as `relationships.models.Event` has it."""

    kind: str
    at: datetime
    reason: str = ""
    note: str = ""
    number: str = ""  # client number, in the file, of who joined or left
    goes_on_as: str = ""


class Part(NamedTuple):
    """Somebody's part in work: from its start, unless they joined, and until they left."""

    person: int  # their place in the plan
    joined_at: datetime | None = None
    left_at: datetime | None = None


class ToldPart(NamedTuple):
    """The same, by the client number in the file."""

    number: str
    joined_at: datetime | None = None
    left_at: datetime | None = None


@dataclass
class ToldWork:
    """Work of a file. Whoever is in no line of people there is left out of it."""

    kind: str
    parts: list[ToldPart]
    history: list[HistoryLine]
    is_end_estimated: bool = False
    columns: dict[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Look whether it can have happened as it is told.

        Raises:
            ValueError: it cannot.
        """
        before = {"ended": True, "restarted": False, "end_undone": False}
        before |= {"corrected": False, "end_dated": False, "start_dated": None} | dict.fromkeys(
            ("joined", "left")
        )
        is_active: bool | None = None
        for line in self.history:
            if line.kind == "started" and is_active is None:
                is_active = True
            elif is_active is None or before[line.kind] not in (None, is_active):
                raise ValueError(f"{line.kind} cannot be")
            elif line.kind in ("ended", "restarted", "end_undone"):
                is_active = line.kind != "ended"
            has_reason = line.kind in ("ended", "corrected", "end_dated")
            if has_reason != (line.reason in EndReason.values) or len(line.note) > NOTE_LENGTH:
                raise ValueError(f"{line.reason} is no reason")
        if is_active is None or self.kind not in Kind.values:
            raise ValueError("it has not begun")

    def parts_of(self, places: Mapping[str, int]) -> list[Part]:
        """Return who takes part; two of the file who are one person are in it once at a time."""
        found: list[Part] = []
        for number, joined_at, left_at in self.parts:
            part = Part(places.get(number, -1), joined_at, left_at)
            is_there = any(p.person == part.person and p.left_at is None for p in found)
            if part.person >= 0 and not (is_there and left_at is None):
                found.append(part)
        return found

    def history_of(self, places: Mapping[str, int]) -> list[HistoryLine]:
        """Return the lines, without the joining and leaving of whoever is left out."""
        return [line for line in self.history if not line.number or line.number in places]


def kind_of(people: int, kind: str = "") -> str:
    """Return what work with so many people is: as it is said, if that can be."""
    if kind in Kind.values and Kind(kind).fits(people):
        return kind
    return {1: Kind.INDIVIDUAL, 2: Kind.COUPLES}.get(people, Kind.GROUP).value
