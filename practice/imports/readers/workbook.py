"""XLSX and its like. Only cells are read: no macro or formula is worked out, no link followed."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from practice.imports.sheets import CannotRead, Row, Sheet, checked

MOST_UNPACKED = 300 * 1024 * 1024  # bytes: what a ZIP of few kilobytes may claim to hold
MOST_PARTS = 2_000
_AT_ONCE = 1024 * 1024


def read_workbook(content: bytes, name: str) -> list[Sheet]:
    """Return the visible sheets of a workbook that have any cells.

    Raises:
        CannotRead: it is damaged, protected, or unpacks to too much.
    """
    _look_inside(content, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        shown = [s.name for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
        found = [_sheet(book.get_sheet_by_name(title), title, name) for title in shown]
    except (CalamineError, OSError, ValueError, OverflowError):
        raise CannotRead(name, "It is no workbook that can be read, or is damaged.") from None
    sheets = [sheet for sheet in found if sheet.rows or sheet.unreadable]
    if not sheets:
        raise CannotRead(name, "It is empty.")
    if len(sheets) == 1:
        sheets[0].name = ""
    return sheets


def _sheet(cells: CalamineSheet, title: str, name: str) -> Sheet:
    sheet = Sheet(name, [], title)
    if cells.total_height and cells.total_width > 2_000:  # before so many are made
        raise CannotRead(name, f"Sheet {title} has {cells.total_width:,} columns.")
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


def _look_inside(content: bytes, name: str) -> None:
    """Unpack every part to nowhere, whatever it claims about itself: it may be a bomb."""
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
        if len(parts) > MOST_PARTS:
            raise CannotRead(name, "It has too many parts to be a workbook.")
        left = MOST_UNPACKED
        for part in parts:
            if part.flag_bits & 1:
                raise CannotRead(name, "It is protected by a password. Save it without one.")
            left -= _size(content, part, left)
            if left < 0:
                raise CannotRead(name, "It unpacks to far more than a caseload has.")
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError):
        raise CannotRead(name, "It is no workbook that can be read, or is damaged.") from None


def _size(content: bytes, part: zipfile.ZipInfo, most: int) -> int:
    """Return how much a part unpacks to, as far as that is not too much."""
    begins = part.header_offset
    lengths = content[begins + 26 : begins + 30]
    if len(lengths) < 4:
        raise zipfile.BadZipFile
    begins += 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    packed = memoryview(content)[begins : begins + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        return len(packed)
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError
    unpacker, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    rest: bytes | memoryview = packed
    while rest and size <= most:
        size += len(unpacker.decompress(rest, _AT_ONCE))
        rest = unpacker.unconsumed_tail
    return size
