"""XLSX and its like. Only cells are read: no macro or formula is worked out, no link followed."""

import io
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from practice.imports.readers.unpacking import look_inside
from practice.imports.sheets import CannotRead, Row, Sheet, Unreadable, checked


def read_workbook(content: bytes, name: str) -> list[Sheet]:
    """Return the sheets of a workbook that have any cells; of hidden ones, that they are there.

    Raises:
        CannotRead: it is damaged, protected, or unpacks to too much.
    """
    look_inside(content, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = [s.name for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
        found = [_sheet(book.get_sheet_by_name(title), title, name) for title in shown]
        hidden = [s.name for s in book.sheets_metadata if s.name not in shown]
    except (CalamineError, OSError, ValueError, OverflowError):
        raise CannotRead(name, "It is no workbook that can be read, or is damaged.") from None
    sheets = [sheet for sheet in found if sheet.rows or sheet.unreadable]
    if not sheets:
        raise CannotRead(name, "It is empty.")
    for title in hidden:
        why = "It is a hidden worksheet."
        sheets[0].left_out.append(Unreadable(f"{name}, {title}", 0, "", why))
    if len(sheets) == 1:
        sheets[0].name = ""
    return sheets


def _sheet(cells: CalamineSheet, title: str, name: str) -> Sheet:
    sheet = Sheet(name, [], title)
    sheet.rows = list(checked(name, _rows(cells), sheet.unreadable))
    return sheet


def _rows(cells: CalamineSheet) -> Iterator[Row]:
    first = (cells.start or (0, 0))[0]
    for number, row in enumerate(cells.iter_rows(), start=1):
        line = number if cells.start is None else number + (first if _skips(cells) else 0)
        yield Row(line, tuple(map(_text, row)))


def _skips(cells: CalamineSheet) -> bool:
    """Whether rows before the first with a cell are left out."""
    return cells.height < cells.total_height


def _text(cell: object) -> str:
    """Return a cell as an export to CSV would have it; dates as ISO."""
    match cell:
        case bool():
            return str(cell)
        case float():
            return str(int(cell)) if cell.is_integer() else str(cell)
        case datetime():
            is_day = cell.time() == time()
            return cell.date().isoformat() if is_day else cell.isoformat(" ", "seconds")
        case date():
            return cell.isoformat()
        case time():
            return cell.isoformat("minutes")
        case timedelta():
            return str(cell)
    return str(cell).replace("\0", "").strip()
