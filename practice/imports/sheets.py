"""What readers give: sheets of cells as text, each line with its number in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from practice.imports.told import ToldWork

MOST_FILES = 20
MOST_BYTES = 32 * 1024 * 1024  # of one file
MOST_LINES = 250_000  # of all files together
MOST_COLUMNS = 400
MOST_LETTERS = 20_000  # in a cell


class Row(NamedTuple):
    """A line of a sheet: where it begins, from 1, and its cells."""

    line: int
    cells: tuple[str, ...]


class Unreadable(NamedTuple):
    """What is left out, and why, in a sentence."""

    file: str
    line: int  # 0 where it is the whole file
    column: str
    why: str


class CannotRead(Exception):
    """A file that cannot be read at all; `unreadable` says where and why."""

    def __init__(self, file: str, why: str, line: int = 0, column: str = "") -> None:
        super().__init__(why)
        self.unreadable = Unreadable(file, line, column, why)


@dataclass
class Sheet:
    """A table of text as it stands in a file, with whatever stands above and below it."""

    file: str
    rows: list[Row]
    name: str = ""  # of a worksheet, where a file has several
    is_contacts: bool = False  # an address book, in which not everybody is a client
    works: dict[str, ToldWork] = field(default_factory=dict)  # by the number that lines have
    owner: str = ""  # of our own archive: with which address its therapist signed in
    left_out: list[Unreadable] = field(default_factory=list)  # for a reason that is no fault
    unreadable: list[Unreadable] = field(default_factory=list)

    @property
    def label(self) -> str:
        return f"{self.file}, {self.name}" if self.name else self.file


def checked(file: str, rows: Iterator[Row], unreadable: list[Unreadable]) -> Iterator[Row]:
    """Yield rows that are within bounds; what is too long a cell is left out with a sentence.

    Raises:
        CannotRead: there are too many lines or columns.
    """
    for number, row in enumerate(rows, start=1):
        if number > MOST_LINES:
            raise CannotRead(file, f"It has more than {MOST_LINES:,} lines.", row.line)
        if len(row.cells) > MOST_COLUMNS:
            raise CannotRead(file, f"It has more than {MOST_COLUMNS} columns.", row.line)
        long = next((n for n, cell in enumerate(row.cells, 1) if len(cell) > MOST_LETTERS), None)
        if long:
            why = f"A cell has more than {MOST_LETTERS:,} letters: a quotation mark that is not "
            unreadable.append(Unreadable(file, row.line, str(long), f"{why}closed, perhaps."))
        elif any(row.cells):
            yield row
