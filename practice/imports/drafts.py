"""What is known of a plan while it is being made."""

from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from practice.imports.asking import Asking
from practice.imports.candidates import Candidate
from practice.imports.plan import Source
from practice.imports.state import State
from practice.imports.told import ToldWork


@dataclass
class Given:
    """For whom, and when, a plan is made."""

    therapist_id: int
    therapist_name: str
    zone: ZoneInfo
    now: datetime
    state: State
    asking: Asking
    files: list[str]


@dataclass(slots=True)
class Draft:
    """Work as it is being planned, with what is known of when it was."""

    people: tuple[int, ...]
    kind: str
    source: Source
    status: str = ""
    existing: int | None = None
    candidates: list[Candidate] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    held: list[datetime] = field(default_factory=list)
    told: ToldWork | None = None
    places: dict[str, int] = field(default_factory=dict)  # of its people, by client number
