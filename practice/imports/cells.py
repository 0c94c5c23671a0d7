"""What stands in the cells of a line: addresses, numbers, dates, what is kept in words.

What cannot be read is named, and left out; the person is brought in all the same.
"""

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from practice.imports.aliases import KEPT
from practice.imports.asking import About, Asking
from practice.imports.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    Moment,
    NoDate,
    can_be_two,
    has_no_year,
    is_no_date,
    order_of,
    read_moment,
)
from practice.imports.models import NOTE_LENGTH
from practice.imports.recognising import Table
from practice.imports.sheets import Row, Unreadable
from practice.imports.zones import zone_named
from practice.text.person_names import fold, no_control_characters
from practice.text.plain_text import one_line, several_lines
from practice.text.spoken import day

DATED = ("born", "archived", "discharged", "died", "merged_away", "added", "last_visit", "booked")
SEVERAL = " ::: "  # between several values in a cell of Google's
YES = {"true", "yes", "y", "1", "x", "t", "on", "oui", "ja", "si"}
NO = {"false", "no", "n", "0", "f", "off", "non", "nein"}


@lru_cache(maxsize=2_000)
def folded(text: str) -> str:
    """Return a cell as its words are compared; there are few of them, many times."""
    return fold(text)


class Cells:
    """A line of a table, by what its columns are."""

    def __init__(self, table: Table) -> None:
        self.columns = {name: table.at(name) for name in {c.becomes for c in table.columns}}
        self.row = Row(0, ())

    def __call__(self, name: str) -> str:
        """Return the first cell of these columns that has anything."""
        for index in self.columns.get(name, ()):
            if self.row.cells[index]:
                return self.row.cells[index]
        return ""


class CellReader:
    """Reads the line of a table that its `cells` are at."""

    def __init__(self, table: Table, orders: dict[str, str], zone: ZoneInfo) -> None:
        self.table, self.orders, self.zone = table, orders, zone
        self.cells, self.unreadable = Cells(table), list[Unreadable]()

    def _refuse(self, column: str, why: str) -> None:
        label = self.table.label_of(column)
        self.unreadable.append(Unreadable(self.table.file, self.cells.row.line, label, why))

    def _is_name(self, name: str) -> bool:
        try:
            no_control_characters(name)
        except ValidationError:
            self._refuse("name", "The name has signs that no name has.")
            return False
        if len(name) > 120:
            self._refuse("name", "The name is longer than 120 letters.")
        return len(name) <= 120

    def _email(self) -> str:
        email = one_line(self.cells("email").partition(SEVERAL)[0]).lower()
        if not email:
            return ""
        try:
            validate_email(email)
            if len(email) > 254:
                raise ValidationError("")
        except ValidationError:
            self._refuse("email", "It is no email address: left out, the person is brought in.")
            return ""
        return email

    def _phone(self) -> str:
        column = "phone" if self.cells("phone") else "phone_more"
        phone = one_line(self.cells(column).partition(SEVERAL)[0]).removeprefix("'").strip()
        try:
            no_control_characters(phone)
        except ValidationError:
            self._refuse(column, "The number has signs that no number has: left out.")
            return ""
        if len(phone) > 40:
            self._refuse(column, "The number is longer than 40 signs: left out.")
            return ""
        return phone

    def _preferred(self) -> str:
        preferred = self.cells("preferred")
        if len(preferred) > 60:
            self._refuse("preferred", "What to call them is longer than 60 letters: left out.")
            return ""
        return preferred

    def _born(self) -> date | None:
        parts = [self.cells(f"born_{part}") for part in ("year", "month", "day")]
        if all(parts):
            text = "-".join(part.zfill(2) for part in parts)
        elif not (text := self.cells("born")) or is_no_date(text):
            return None
        try:
            born = read_moment(text, self.orders.get("born", "")).day
        except NoDate as error:
            if not has_no_year(text):  # else it is kept in words
                self._refuse("born", f"{error} The person is brought in without a date of birth.")
            return None
        today = datetime.now(self.zone).date()
        if not (today.year - 130 < born.year and born <= today):
            if born.year not in (1604, 1900):  # where a year had to be, and nobody knew it
                self._refuse("born", f"Nobody was born on {day(born)}.")
            return None
        return born

    def _zone(self) -> str:
        text = self.cells("zone")
        if not text:
            return ""
        try:
            return zone_named(text).key
        except NoDate as error:
            self._refuse("zone", str(error))
            return ""

    def _moment(self, name: str) -> Moment | None:
        text = self.cells(name)
        if not text or is_no_date(text) or folded(text) in YES | NO:
            return None
        try:
            moment = read_moment(text, self.orders.get(name, ""))
            moment.instant(self.zone)
        except (NoDate, OverflowError) as error:
            self._refuse(name, f"{error}")
            return None
        return moment if 1900 < moment.day.year < 2200 else None

    def _instant(self, name: str) -> datetime | None:
        moment = self._moment(name)
        return moment.instant(self.zone) if moment else None

    def _ending(self, *, has_died: bool) -> tuple[Moment | None, bool]:
        """Return when work ended, by the first thing that ended it, and whether that is a death."""
        died = self._moment("died")
        others = filter(None, (self._moment("discharged"), self._moment("archived")))
        other = min(others, key=self._instant_of, default=None)
        if died and other and self._instant_of(other) < self._instant_of(died):
            return other, False
        return died or other, has_died

    def _instant_of(self, moment: Moment) -> datetime:
        return moment.instant(self.zone)

    def _note(self) -> str:
        """Return what is kept in words: chosen columns, and second addresses and numbers."""
        lines = []
        for column in self.table.columns:
            cell = self.cells.row.cells[column.index]
            has_more = column.becomes in ("email", "phone") and SEVERAL in cell
            has_more |= column.becomes == "born" and has_no_year(cell)
            if cell and (has_more or column.becomes in (KEPT, "email_more", "phone_more")):
                lines.append(f"{column.label}: {several_lines(cell)}")
        note = "\n".join(lines).replace("\0", "")
        if len(note) > NOTE_LENGTH:
            self._refuse(KEPT, f"Only {NOTE_LENGTH:,} letters of notes are kept.")
        return note[:NOTE_LENGTH]


def orders_of(table: Table, asking: Asking) -> dict[str, str]:
    """Return whether day or month comes first in each column of dates.

    One export writes all its dates alike: what one column tells holds for those that do not tell.
    """
    found, unclear = dict[str, str](), list[str]()
    for name in (*DATED, "start", "end", "day"):
        for index in table.at(name)[:1]:
            order = order_of(row.cells[index] for row in table.rows)
            if order is None:
                unclear.append(name)
            elif order:
                found[name] = order
    known = set(found.values())
    for name in unclear:
        if len(known) == 1:
            found[name] = next(iter(known))
            continue
        index = table.at(name)[0]
        cells = dict.fromkeys(
            row.cells[index] for row in table.rows if can_be_two(row.cells[index])
        )
        what = f"Which comes first in “{table.label_of(name)}”: {', '.join([*cells][:3])}?"
        found[name] = asking.ask(About.DATES, table.file, what, (DAY_FIRST, MONTH_FIRST))
    return found
