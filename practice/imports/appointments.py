"""From the lines of tables of sessions to appointments: whose, when, and what became of them."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

from practice.diary.models.queryset import LONGEST as LONGEST_HERE
from practice.imports import names
from practice.imports.asking import Asking
from practice.imports.cells import YES, Cells, folded, orders_of
from practice.imports.dates import Moment, NoDate, read_moment, read_time
from practice.imports.plan import Source
from practice.imports.recognising import Table, plain
from practice.imports.sheets import Unreadable
from practice.imports.zones import zone_named
from practice.text.places import LENGTH, validate_place
from practice.text.plain_text import one_line

Found = TypeVar("Found")
USUAL = timedelta(minutes=50)
LONGEST = timedelta(hours=4)  # elsewhere; what is longer is a stay, and no session
STATES = (
    ("not_held", re.compile(r"\b(did not take place|not held)\b")),
    ("cancelled", re.compile(r"\b(cancell?ed|cancel|cancellation|late cancel\w*|rescheduled)\b")),
    ("missed", re.compile(r"\b(no ?show|did not attend|dna|missed|absent|not attended)\b")),
    (
        "attended",
        re.compile(
            r"\b(arrived|attended|completed?|show|checked (in|out)|kept|held|present|seen)\b"
        ),
    ),
    ("booked", re.compile(r"\b(booked|scheduled|confirmed|pending|upcoming|unconfirmed|active)\b")),
)
_GONE = re.compile(r"\b(deleted|archived|void(ed)?|recorded by mistake)\b")


@dataclass(slots=True)
class Appointment:
    """A session as it stands in a file."""

    file: str
    source: Source
    starts_at: datetime
    ends_at: datetime
    state: str  # "" where nothing is said of it
    booked_at: datetime | None
    number: tuple[str, str] | None  # of the client
    email: str
    name: str
    kind: str
    session_id: str
    work: str  # the number of the work in the file
    columns: dict[str, Any] | None  # others, of our own archive


class AppointmentsReader:
    """Reads the appointments of one table."""

    def __init__(self, table: Table, file: int, asking: Asking, zone: ZoneInfo) -> None:
        self.table, self.file, self.zone = table, file, zone
        self.orders = orders_of(table, asking)
        self.cells = Cells(table)
        self.unreadable, self.left_out = list[Unreadable](), list[Unreadable]()
        self.number_of = plain(table.label_of("id"))

    def appointments(self) -> Iterator[Appointment]:
        """Yield them in the order of the file, whose lines are forgotten one by one."""
        self.table.rows.reverse()
        while self.table.rows:
            row = self.table.rows.pop()
            self.cells.row = row
            try:
                found = self._read()
            except NoDate as error:
                column, _, why = str(error).partition("\0")
                self.unreadable.append(Unreadable(self.table.file, row.line, column, why))
                continue
            except OverflowError:
                why = "It lies outside of what calendars have."
                self.unreadable.append(Unreadable(self.table.file, row.line, "", why))
                continue
            if found:
                yield found

    def _read(self) -> Appointment | None:
        cell, line = self.cells, self.cells.row.line
        state = folded(cell("state"))
        if _GONE.search(state):
            self.left_out.append(Unreadable(self.table.file, line, "", f"It is {state} there."))
            return None
        zone = self._zone()
        starts_at, ends_at = self._times(zone)
        name = names.whole_name(cell("first"), cell("middle"), cell("last"), cell("name"))
        booked = cell("booked")
        return Appointment(
            file=self.table.file,
            source=Source(self.file, line),
            starts_at=starts_at,
            ends_at=ends_at,
            state=self._state(state),
            booked_at=self._booked(booked, zone) if booked else None,
            number=(cell("id"), self.number_of) if cell("id") else None,
            email=cell("email").strip().lower(),
            name=name,
            kind=folded(f"{cell('kind')} {cell('client_type')}"),
            session_id=cell("session_id"),
            work=cell("work"),
            columns=self._columns(),
        )

    def _columns(self) -> dict[str, Any] | None:
        """Return what only our own archive says of a session."""
        if not self.table.sheet.owner:
            return None
        said = {name: self.cells(name) for name in ("complimentary", "in_figures", "passed_on")}
        columns: dict[str, Any] = {n: folded(text) in YES for n, text in said.items() if text}
        place = one_line(self.cells("place"))
        with suppress(ValidationError):
            if 0 < len(place) <= LENGTH:
                validate_place(place)
                columns["place"] = place
        return columns

    def _state(self, state: str) -> str:
        if folded(self.cells("no_show")) in YES:
            return "missed"
        cancelled = folded(self.cells("cancelled"))
        if cancelled in YES or (cancelled and any(map(str.isdigit, cancelled))):
            return "cancelled"
        return next((name for name, words in STATES if words.search(state)), "")

    def _zone(self) -> ZoneInfo:
        text = self.cells("zone")
        return self._in("zone", lambda: zone_named(text)) if text else self.zone

    def _in(self, column: str, read: Callable[[], Found]) -> Found:
        """Read something of a column, which is named if it cannot be read."""
        try:
            return read()
        except NoDate as error:
            raise NoDate(f"{self.table.label_of(column)}\0{error}") from None

    def _times(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return when a session starts and ends."""
        cell = self.cells
        column = "start" if cell("start") else "day"
        start = self._in(column, lambda: self._start(column))
        starts_at = self._in(column, lambda: start.instant(zone))
        if not 1900 < starts_at.year < 2200:
            raise NoDate(f"{self.table.label_of(column)}\0The year {starts_at.year} cannot be.")
        if cell("end"):
            ends_at = self._in("end", lambda: self._end(cell("end"), start.day, zone))
        elif minutes := re.match(r"(?:(\d+) ?h\w*)? ?(\d+)?", cell("minutes").lower()):
            hours, rest = int(minutes[1] or 0), int((minutes[2] or "0")[:6])
            ends_at = starts_at + (timedelta(hours=hours, minutes=rest) or USUAL)
        else:
            ends_at = starts_at + USUAL
        label = self.table.label_of("end" if cell("end") else "minutes")
        if ends_at <= starts_at:
            raise NoDate(f"{label}\0It ends before it starts.")
        if ends_at - starts_at > (LONGEST_HERE if self.table.sheet.owner else LONGEST):
            raise NoDate(f"{label}\0It lasts more than four hours.")
        return starts_at, ends_at

    def _start(self, column: str) -> Moment:
        moment = read_moment(self.cells(column), self.orders.get(column, ""))
        if moment.at is None and self.cells("time"):
            moment = Moment(moment.day, read_time(self.cells("time")), moment.zone)
        if moment.at is None:
            raise NoDate("There is a day and no time.")
        return moment

    def _end(self, text: str, day: date, zone: ZoneInfo) -> datetime:
        try:
            at: time = read_time(text)
        except NoDate:
            return read_moment(text, self.orders.get("end", "")).instant(zone)
        return Moment(day, at).instant(zone)

    def _booked(self, text: str, zone: ZoneInfo) -> datetime | None:
        try:
            return read_moment(text, self.orders.get("booked", "")).instant(zone)
        except NoDate:  # no session is lost for that
            return None
