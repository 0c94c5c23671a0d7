"""A workbook's ZIP, looked at before anything is made of it: a small one may hold very much.

Every part is unpacked to nowhere, whatever it claims about its size. Cells are made in a table from
the first to the last that has something, so where the last stands is looked for, too: two cells far
apart need as much memory as all between them.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from practice.imports.sheets import CannotRead

MOST_UNPACKED = 300 * 1024 * 1024  # bytes: what a ZIP of few kilobytes may claim to hold
MOST_PARTS = 2_000
MOST_CELLS = 10_000_000  # of a sheet, empty ones between others too: a quarter of a gigabyte
_AT_ONCE = 1024 * 1024
_LONGEST_TAG = 64 * 1024  # bytes
_BOOK = "xl/workbook.xml"
_LISTS = (".csv", ".tsv", ".xlsx", ".vcf")
_TAG = re.compile(rb"""<(?:[\w.-]+:)?(row|c)\b((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>""")
_PLACE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{0,3})(\d{0,7})["']""")


def look_inside(content: bytes, name: str) -> None:
    """Look whether a file is a workbook, and within bounds.

    Raises:
        CannotRead: it is not, or is damaged or protected.
    """
    try:
        parts = zipfile.ZipFile(io.BytesIO(content)).infolist()
        names = {part.filename for part in parts}
        if _BOOK not in names and any(n.lower().endswith(_LISTS) for n in names):
            raise CannotRead(name, "It is a ZIP of other files: unpack it, and choose those.")
        if _BOOK not in names:
            raise CannotRead(name, "It is no workbook of Excel. Save it as XLSX or CSV.")
        if len(parts) > MOST_PARTS:
            raise CannotRead(name, "It has too many parts to be a workbook.")
        left = MOST_UNPACKED
        for part in parts:
            if part.flag_bits & 1:
                raise CannotRead(name, "It is protected by a password. Save it without one.")
            extent = _Extent(name)
            for piece in _unpacked(content, part):
                left -= len(piece)
                if left < 0:
                    raise CannotRead(name, "It unpacks to far more than a caseload has.")
                extent.add(piece)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError):
        raise CannotRead(name, "It is no workbook that can be read, or is damaged.") from None


def _unpacked(content: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what a part unpacks to, piece by piece."""
    begins = part.header_offset
    lengths = content[begins + 26 : begins + 30]
    if len(lengths) < 4:
        raise zipfile.BadZipFile
    begins += 30 + int.from_bytes(lengths[:2], "little") + int.from_bytes(lengths[2:], "little")
    packed = content[begins : begins + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        yield packed
        return
    if part.compress_type != zipfile.ZIP_DEFLATED:
        raise NotImplementedError
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    while packed:
        yield unpacker.decompress(packed, _AT_ONCE)
        packed = unpacker.unconsumed_tail


class _Extent:
    """How far the cells of a sheet reach, as its XML is read: of any other part, nothing."""

    def __init__(self, name: str) -> None:
        self.name, self.rest = name, b""
        self.row = self.column = self.last_row = self.last_column = 0

    def add(self, piece: bytes) -> None:
        """Take in the next piece of a part.

        Raises:
            CannotRead: its cells reach too far.
        """
        text = self.rest + piece
        begins = text.rfind(b"<")
        whole = begins < 0 or text.find(b">", begins) >= 0
        text, self.rest = (text, b"") if whole else (text[:begins], text[begins:])
        if len(self.rest) > _LONGEST_TAG:
            self.rest = b""  # no tag of a sheet is so long
        for tag, attributes in _TAG.findall(text):
            self._tag(tag, attributes)
        if self.last_row * self.last_column > MOST_CELLS:
            raise CannotRead(self.name, "It has more cells than a caseload. Save it as CSV.")

    def _tag(self, tag: bytes, attributes: bytes) -> None:
        letters, digits = found.groups() if (found := _PLACE.search(attributes)) else (b"", b"")
        if tag == b"row":
            self.row, self.column = int(digits or self.row + 1), 0
            return
        self.row = int(digits or self.row)
        self.column = _number_of(letters) if letters else self.column + 1
        if not attributes.endswith(b"/"):  # one that has nothing is only coloured
            self.last_row = max(self.last_row, self.row)
            self.last_column = max(self.last_column, self.column)


def _number_of(letters: bytes) -> int:
    """Return which column letters are: A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
