"""Which column is what: by the names that exports give their columns, accents and case aside.

Names and sources: `docs/moving.md`. A column of no known name is left out, or kept in words, as the
therapist chooses; nothing is passed over unseen.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from practice.imports.aliases import DAYS, KEPT, LEFT_OUT, PEOPLE, SESSIONS, STARTS, WORDS
from practice.imports.sheets import CannotRead, Row, Sheet, Unreadable
from practice.text.person_names import fold

_HEADERS_WITHIN = 25  # lines: above them stands who made the report, and when
_SUM = re.compile(
    r"(number of|(grand |sub ?)?totals?|sum|summe)( number of)?"
    r"( (clients?|patients?|contacts?|people|records|rows|appointments|sessions))?( \d+)?"
)
_NOT_ONLY_ONE = {KEPT, LEFT_OUT, "phone_more", "email_more", "merged_away"}


@dataclass
class Column:
    """A column of a table: where, what it is called, and what it becomes."""

    index: int
    label: str
    becomes: str
    examples: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        return WORDS[self.becomes]


@dataclass
class Table:
    """A sheet whose columns are known."""

    sheet: Sheet
    has_sessions: bool
    columns: list[Column]
    rows: list[Row]
    header_line: int
    unreadable: list[Unreadable]
    left_out: list[Unreadable] = field(default_factory=list)  # for a reason that is no fault

    @property
    def file(self) -> str:
        return self.sheet.label

    def at(self, name: str) -> list[int]:
        """Return the columns that became this, in the order in which they count."""
        return [column.index for column in self.columns if column.becomes == name]

    def has(self, *names: str) -> bool:
        return any(column.becomes in names for column in self.columns)

    def label_of(self, name: str) -> str:
        return next((column.label for column in self.columns if column.becomes == name), "")

    def choices(self) -> dict[str, str]:
        """Return what a column of it can become, in words."""
        known = SESSIONS if self.has_sessions else PEOPLE
        return {name: WORDS[name] for name in [LEFT_OUT, KEPT, *known] if name in WORDS}


def plain(header: str) -> str:
    """Return a header as names of columns are compared: letters and digits alone."""
    return re.sub(r"[^a-z0-9]", "", fold(header.replace("_", " ")).replace("&", ""))


def recognise(sheet: Sheet, chosen: Mapping[str, str]) -> Table:
    """Return a sheet as a table; `chosen` is what columns are to become, by what they are called.

    Raises:
        CannotRead: there is no column that says who it is about.
    """
    at, has_sessions = _header_of(sheet)
    header = sheet.rows[at]
    known = _by_name(SESSIONS if has_sessions else PEOPLE)
    columns = _columns(header.cells, known)
    body, totals = list[Row](), list[Row]()
    for row in sheet.rows[at + 1 :]:
        (totals if _is_total(row) else body).append(row)
    _take(chosen, columns, SESSIONS if has_sessions else PEOPLE)
    too_long = [_with_label(one, columns) for one in sheet.unreadable]
    table = Table(sheet, has_sessions, columns, [], header.line, too_long)
    if not table.has("name", "first", "last", "id", "email", "work"):
        raise CannotRead(
            sheet.label,
            "No column is called a name, first name, last name or email address.",
            header.line,
        )
    table.rows = list(_of_right_width(table, body, len(header.cells)))
    sheet.rows = []  # the table has them now
    why = "It sums up others, or counts pages."
    table.left_out = [Unreadable(table.file, row.line, "", why) for row in totals]
    if not table.rows and not table.unreadable:
        why = "There is nothing below the names of its columns."
        table.left_out.append(Unreadable(table.file, header.line, "", why))
    for column in columns:
        found = (row.cells[column.index] for row in table.rows[:400] if row.cells[column.index])
        column.examples = list(dict.fromkeys(found))[:3]
    return table


def _take(chosen: Mapping[str, str], columns: list[Column], allowed: Iterable[str]) -> None:
    """Let each column become what was chosen for it, if it can."""
    for column in columns:
        wanted = chosen.get(column.label)
        column.becomes = next(
            (name for name in (*allowed, LEFT_OUT) if wanted in (name, WORDS.get(name))),
            column.becomes,
        )


def _header_of(sheet: Sheet) -> tuple[int, bool]:
    """Return which row has the names of the columns, and whether it is a table of sessions."""
    people, sessions = _by_name(PEOPLE), _by_name(SESSIONS)
    best, best_at = 0, -1
    for at, row in enumerate(sheet.rows[:_HEADERS_WITHIN]):
        names = {plain(cell) for cell in row.cells}
        known = len(names & (people.keys() | sessions.keys()))
        if known > best:
            best, best_at = known, at
    if best_at < 0:
        line = sheet.rows[0].line if sheet.rows else 0
        raise CannotRead(sheet.label, "No line has names of columns that are known here.", line)
    names = {plain(cell) for cell in sheet.rows[best_at].cells}
    has_start = names & {*STARTS.split()}
    has_day = names & {*DAYS.split()} and names & {*SESSIONS["time"].split()}
    return best_at, bool(has_start or has_day)


def _by_name(known: Mapping[str, str]) -> dict[str, tuple[str, int]]:
    """Return what each name of a column stands for, and how good a name it is."""
    found: dict[str, tuple[str, int]] = {}
    for becomes, names in known.items():
        for rank, name in enumerate(names.split()):
            found.setdefault(name, (becomes, rank))
    return found


def _columns(cells: tuple[str, ...], known: Mapping[str, tuple[str, int]]) -> list[Column]:
    """Return every column with what it becomes; of two for the same the better name has it.

    Columns of one name are told apart by a number, and never taken for one.
    """
    seen: dict[str, int] = {}
    columns, taken = [], dict[str, tuple[int, Column]]()
    for index, cell in enumerate(cells):
        label = " ".join(cell.split())[:80] or f"Column {index + 1}"
        seen[label] = seen.get(label, 0) + 1
        label = f"{label} ({seen[label]})" if seen[label] > 1 else label
        becomes, rank = known.get(plain(cell), (LEFT_OUT, 0))
        if re.fullmatch(r"(email|phone)\d+value", plain(cell)) and becomes == LEFT_OUT:
            becomes = "email_more" if plain(cell).startswith("email") else "phone_more"
        column = Column(index, label, becomes)
        columns.append(column)
        if becomes in _NOT_ONLY_ONE:
            continue
        former = taken.get(becomes)
        if former is None or rank < former[0]:
            taken[becomes] = (rank, column)
            loser = former[1] if former else None
        else:
            loser = column
        if loser:
            loser.becomes = {"phone": "phone_more", "email": "email_more"}.get(becomes, LEFT_OUT)
    return columns


def _with_label(one: Unreadable, columns: list[Column]) -> Unreadable:
    """Return what is left out with the name of its column, of which readers know the number."""
    place = int(one.column) if one.column.isdecimal() else 0
    return one._replace(column=columns[place - 1].label) if 0 < place <= len(columns) else one


def _is_total(row: Row) -> bool:
    """Whether a line sums up others, or says which page it stands on."""
    filled = [cell for cell in row.cells if cell]
    first = fold(filled[0]) if filled else ""
    if _SUM.fullmatch(first):
        return not any(letter.isalpha() for cell in filled[1:] for letter in cell)
    return len(filled) == 1 and bool(
        re.match(r"page \d+|\d+ (rows|records|clients|results)", first)
    )


def _of_right_width(table: Table, rows: Iterable[Row], width: int) -> Iterable[Row]:
    """Yield rows with as many cells as there are columns; a longer one cannot be told apart."""
    for row in rows:
        cells, more = row.cells[:width], row.cells[width:]
        if any(more):
            why = f"It has {len(row.cells)} columns instead of {width}: a comma in a name, perhaps."
            table.unreadable.append(Unreadable(table.file, row.line, "", why))
        else:
            short = width - len(cells)
            yield Row(row.line, cells + ("",) * short) if short or more else row
