"""CSV and its like: cells between commas, semicolons, tabs or bars."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from practice.imports.sheets import MOST_BYTES, CannotRead, Row, Sheet, checked

DELIMITERS = ",;\t|"
_LOOKED_AT = 40  # lines
csv.field_size_limit(MOST_BYTES)  # a cell that is too long is said to be, not an error of csv


def read_text(text: str, name: str) -> Sheet:
    """Return the sheet of a text.

    Raises:
        CannotRead: a quotation mark swallows most of it, or there is too much.
    """
    sheet = Sheet(name, [])
    # Not `splitlines`, which parts lines at signs that stand within cells (U+2028, a vertical tab).
    lines = list(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    delimiter = _delimiter_of(lines)
    first = lines[0].strip().casefold() if lines else ""
    if first.startswith("sep=") and len(first) == 5:  # as Excel writes it for itself
        delimiter, lines[0] = first[4], "\n"
    rows = _rows(lines, delimiter, name)
    sheet.rows = list(checked(name, rows, sheet.unreadable))
    return sheet


def _rows(lines: list[str], delimiter: str, name: str) -> Iterator[Row]:
    reader, begins = csv.reader(lines, delimiter=delimiter), 1
    once = dict[str, str]()  # most cells stand there many times, and are held once
    try:
        for cells in reader:
            if reader.line_num - begins > 2_000:
                why = "A quotation mark here is not closed, so that lines cannot be told apart."
                raise CannotRead(name, why, begins)
            yield Row(begins, tuple(once.setdefault(c, c) for c in map(str.strip, cells)))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise CannotRead(name, f"It cannot be read as CSV: {error}.", begins) from None


def _delimiter_of(lines: list[str]) -> str:
    """Return what divides the cells: what gives most lines the same number of cells, over one."""
    sample = [line for line in lines[: _LOOKED_AT * 3] if line.strip()][:_LOOKED_AT]

    def worth(delimiter: str) -> tuple[int, int]:
        try:
            widths = Counter(len(cells) for cells in csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            return (0, 0)
        return max(((n, width) for width, n in widths.items() if width > 1), default=(0, 0))

    return max(DELIMITERS, key=worth)
