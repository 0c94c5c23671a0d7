"""What is known of a plan while it is being made."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from practice.imports.asking import Asking
from practice.imports.dates import Moment
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
class Candidate:
    """Somebody in a line of a file. Of a couple in one line there are two."""

    name: str
    key: str
    file: str
    source: Source
    preferred: str = ""
    email: str = ""
    phone: str = ""
    born: date | None = None
    zone: str = ""
    do_not_contact: bool = False
    number: tuple[str, str] | None = None  # their number there, and what its column is called
    status: str = ""  # "present", "past", "prospect", or nothing said
    usual: str = ""  # how all in the file stand, of whom nothing is said
    added: datetime | None = None
    ended: Moment | None = None
    has_died: bool = False
    last_visit: datetime | None = None
    note: str = ""
    # The same for those who are together in one work: file and line, or number of the work there.
    couple: tuple[str | int, str | int] | None = None
    whole: str = ""  # the name of the couple as it stands there


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
