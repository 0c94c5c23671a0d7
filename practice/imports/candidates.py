"""From the lines of tables of people to candidates: who stands there, and what is said of them."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from practice.imports import names
from practice.imports.asking import COUPLE, PAST, PRESENT, About, Asking
from practice.imports.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    Moment,
    NoDate,
    can_be_two,
    order_of,
    read_moment,
    zone_named,
)
from practice.imports.models import NOTE_LENGTH
from practice.imports.plan import Source
from practice.imports.recognising import KEPT, Table, plain
from practice.imports.sheets import Row, Unreadable
from practice.text.person_names import fold, no_control_characters
from practice.text.plain_text import one_line, several_lines

DATED = ("born", "archived", "discharged", "died", "merged_away", "added", "last_visit", "booked")
_PAST = re.compile(
    r"\b(in ?active|past|former|archived?|discharged|closed|ended|terminated|deceased|dead)\b"
)
_PROSPECT = re.compile(r"\b(prospect|prospective|lead|waitlist|waiting list|enquiry|inquiry)\b")
_YES = {"true", "yes", "y", "1", "x", "t", "on", "oui", "ja", "si"}
_NO = {"false", "no", "n", "0", "f", "off", "non", "nein"}
_COUPLE = re.compile(r"\b(couples?|marital|marriage)\b")
AS_PROSPECTS = "Bring them in without a relationship"
AS_CLIENTS = "As present clients"
LEAVE = "Leave them out"
EVERYBODY = "Everybody"


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
    added: datetime | None = None
    ended: Moment | None = None
    has_died: bool = False
    last_visit: datetime | None = None
    note: str = ""
    couple: int | None = None  # the same for the two of a couple
    whole: str = ""  # the name of the couple as it stands there


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


class PeopleReader:
    """Reads the candidates of one table, and asks what its columns do not say."""

    def __init__(self, table: Table, file: int, asking: Asking, zone: ZoneInfo) -> None:
        self.table, self.file, self.asking, self.zone = table, file, asking, zone
        self.orders = orders_of(table, asking)
        self.cells = Cells(table)
        self.unreadable, self.left_out = list[Unreadable](), list[Unreadable]()
        self.number_of = plain(table.label_of("id"))

    def candidates(self) -> Iterator[Candidate]:
        """Yield them in order; the two of a couple after each other."""
        usual, wanted = self._usual_status(), self._wanted_label()
        prospects = self._prospects()
        for row in self.table.rows:
            self.cells.row = row
            status, has_died = self._status()
            if self.cells("merged_away"):
                self._leave("It was merged into another record, or deleted, there.")
            elif wanted and fold(wanted) not in fold(self.cells("labels")):
                self._leave(f"It has not the label “{wanted}”.")
            elif status == "prospect" and prospects == LEAVE:
                self._leave("A prospective client.")
            else:
                if status == "prospect" and prospects == AS_CLIENTS:
                    status = "present"
                yield from self._people(status or usual, has_died)

    def _leave(self, why: str) -> None:
        self.left_out.append(Unreadable(self.table.file, self.cells.row.line, "", why))

    def _refuse(self, column: str, why: str) -> None:
        label = self.table.label_of(column)
        self.unreadable.append(Unreadable(self.table.file, self.cells.row.line, label, why))

    def _usual_status(self) -> str:
        """Return how people stand of whom no column says it: asked once a file."""
        said = ("status", "active", "archived", "discharged", "labels")
        if self.table.has(*said) or self.table.sheet.is_contacts or self.table.has_sessions:
            return ""
        named = fold(re.sub(r"[_.-]", " ", self.table.file))
        guess = PAST if _PAST.search(named) else PRESENT if "active" in named else ""
        if not guess and not self._is_of_two_files():
            guess = PRESENT
        what = "Are the people in this file present or past clients?"
        answer = self.asking.ask(
            About.FILE, self.table.file, what, (PRESENT, PAST), preselected=guess
        )
        return "past" if answer == PAST else "present"

    def _is_of_two_files(self) -> bool:
        """Whether it looks like an export of TherapyNotes: active and inactive are two files."""
        return bool({plain(c.label) for c in self.table.columns} & {"icd10", "subscriberid"})

    def _wanted_label(self) -> str:
        """Return which label whoever is a client has, in an address book; "" for everybody."""
        if not self.table.has("labels"):
            return ""
        found: Counter[str] = Counter()
        for row in self.table.rows:
            self.cells.row = row
            found.update(label for label in re.split(r" ::: |[,;]", self.cells("labels")))
        labels = [" ".join(label.split()).lstrip("* ") for label, _ in found.most_common(12)]
        labels = list(dict.fromkeys(label for label in labels if label))
        only = {f"Only those labelled “{label}”": label for label in labels}
        if len(labels) < 2:
            return ""
        clients = [text for text, label in only.items() if re.search("client|patient", fold(label))]
        guess = clients[0] if len(clients) == 1 else EVERYBODY
        what = "Who in this address book is a client?"
        answer = self.asking.ask(
            About.FILE, self.table.file, what, (EVERYBODY, *only), preselected=guess
        )
        return only.get(answer, "")

    def _prospects(self) -> str:
        """Ask once what to do with prospective clients, if there are any."""
        for row in self.table.rows:
            self.cells.row = row
            if self._status()[0] == "prospect":
                choices = (AS_PROSPECTS, AS_CLIENTS, LEAVE)
                what = "What about people who are prospective clients?"
                return self.asking.ask(
                    About.FILE, self.table.file, what, choices, preselected=AS_PROSPECTS
                )
        return AS_PROSPECTS

    def _status(self) -> tuple[str, bool]:
        """Return how the person of the line stands, and whether they have died."""
        if self.table.has_sessions:
            return "", False
        died = self.cells("died")
        status, active = fold(self.cells("status")), fold(self.cells("active"))
        has_died = bool(died and fold(died) not in _NO) or "decease" in status
        labels = fold(self.cells("labels"))
        if has_died or self.cells("archived") or self.cells("discharged"):
            return "past", has_died
        if active:
            return ("past" if active in _NO or _PAST.search(active) else "present"), False
        if _PROSPECT.search(status):
            return "prospect", False
        if status:
            return ("past" if _PAST.search(status) else "present"), False
        return ("past" if _PAST.search(labels) else ""), False

    def _people(self, status: str, has_died: bool) -> Iterator[Candidate]:
        cell, row = self.cells, self.cells.row
        first, last, whole = cell("first"), cell("last"), cell("name")
        two = names.couple_of(first, last, whole)
        name = names.whole_name(first, cell("middle"), last, whole) or names.tidy(cell("preferred"))
        if not name:
            if not self.table.has_sessions:
                self._refuse("name", "There is no name.")
            return
        if not self._is_name(name):
            return
        one = Candidate(
            name=name,
            key=names.key_of(name),
            file=self.table.file,
            source=Source(self.file, row.line),
            preferred=names.preferred_of(name, cell("preferred"), first),
            email=self._email(),
            phone=self._phone(),
            born=self._born(),
            zone=self._zone(),
            do_not_contact=fold(cell("do_not_contact")) in _YES,
            number=(cell("id"), self.number_of) if cell("id") else None,
            status=status,
            added=self._instant("added"),
            ended=self._moment("died") or self._moment("discharged") or self._moment("archived"),
            has_died=has_died,
            last_visit=self._instant("last_visit"),
            note=self._note(),
        )
        if two:
            yield from self._couple(one, *two, both=True)
        elif spouse := names.usual_order(cell("spouse")):
            yield from self._couple(one, name, self._with_surname(spouse, name), both=False)
        else:
            if _COUPLE.search(fold(cell("client_type"))):
                why = "A couple whose other half is missing: brought in as one person."
                self._refuse("client_type", why)
            yield one

    def _with_surname(self, spouse: str, name: str) -> str:
        words = name.split()
        return f"{spouse} {words[-1]}" if " " not in spouse and len(words) > 1 else spouse

    def _couple(
        self, one: Candidate, first: str, second: str, *, both: bool
    ) -> Iterator[Candidate]:
        """Yield both of a couple, if they are confirmed to be one; else two, or the one."""
        line = one.source.line
        alone = "Two separate clients" if both else f"Only {first}"
        what = f"Are {first} and {second} (line {line}) a couple?"
        choices = (COUPLE, alone)
        answer = self.asking.ask(About.COUPLE, one.file, what, choices, preselected=COUPLE)
        if not both and answer != COUPLE:
            yield one
            return
        number = hash((self.file, line)) if answer == COUPLE else None
        whole, one.couple, one.whole = one.name, number, one.name if both else ""
        if both:
            one.name, one.key, one.preferred = first, names.key_of(first), ""
        if not self._is_name(second):
            return
        yield one
        yield Candidate(
            name=second,
            key=names.key_of(second),
            file=one.file,
            source=one.source,
            zone=one.zone,
            do_not_contact=both and one.do_not_contact,
            status=one.status,
            added=one.added,
            ended=one.ended,
            last_visit=one.last_visit,
            couple=number,
            whole=whole if both else "",
        )

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
        email = one_line(self.cells("email").partition(" ::: ")[0]).lower()
        if not email:
            return ""
        try:
            validate_email(email)
        except ValidationError:
            self._refuse("email", "It is no email address: left out, the person is brought in.")
            return ""
        if len(email) > 254:
            return ""
        return email

    def _phone(self) -> str:
        phone = self.cells("phone") or self.cells("phone_more")
        phone = one_line(phone.partition(" ::: ")[0]).removeprefix("'").strip()
        try:
            no_control_characters(phone)
        except ValidationError:
            return ""
        return phone if len(phone) <= 40 else ""

    def _born(self) -> date | None:
        parts = [self.cells(f"born_{part}") for part in ("year", "month", "day")]
        if all(parts):
            text = "-".join(part.zfill(2) for part in parts)
        elif not (text := self.cells("born")):
            return None
        try:
            born = read_moment(text, self.orders.get("born", "")).day
        except NoDate as error:
            if "no year" not in str(error):
                self._refuse("born", f"{error} The person is brought in without a date of birth.")
            return None
        today = datetime.now(self.zone).date()
        if not (today.year - 130 < born.year and born <= today):
            if born.year not in (1604, 1900):  # where a year had to be, and nobody knew it
                self._refuse("born", f"Nobody was born on {born.isoformat()}.")
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
        if not text or fold(text) in _YES | _NO:
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

    def _note(self) -> str:
        """Return what is kept in words: chosen columns, and second addresses and numbers."""
        lines = []
        for column in self.table.columns:
            cell = self.cells.row.cells[column.index]
            if cell and column.becomes in (KEPT, "email_more", "phone_more"):
                lines.append(f"{column.label}: {several_lines(cell)}")
        return "\n".join(lines)[:NOTE_LENGTH].replace("\0", "")


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
