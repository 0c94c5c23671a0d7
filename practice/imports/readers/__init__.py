"""From a file to sheets of text, whatever kind of file it is.

What a file is called tells little, so its first bytes decide.
"""

from pathlib import Path

from practice.imports.readers.delimited import read_text
from practice.imports.readers.encodings import decoded
from practice.imports.readers.fhir import is_fhir, read_bundle
from practice.imports.readers.own_archive import read_archive
from practice.imports.readers.vcard import read_vcards
from practice.imports.readers.workbook import read_workbook
from practice.imports.sheets import MOST_BYTES, CannotRead, Row, Sheet

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# What is no list of people, by what it begins with. Some programs call a web page a workbook.
_WEB_PAGE = (
    "It is a web page, whatever it is called. Open it in a spreadsheet, and save it as XLSX."
)
_OTHER_KINDS = {
    b"%pdf": "It is a PDF. Export it as CSV or XLSX.",
    b"{\\rtf": "It is a text document. Export it as CSV or XLSX.",
    b"<!doctype": _WEB_PAGE,
    b"<html": _WEB_PAGE,
    b"<table": _WEB_PAGE,
    b"<?xml": "It is XML. Export it as CSV or XLSX, or FHIR as JSON.",
    b"begin:vcalendar": "It is a calendar. Export appointments as CSV or XLSX.",
}


def read(path: Path, name: str) -> list[Sheet]:
    """Return the sheets of a file, which is called `name`.

    Raises:
        CannotRead: it is too large, empty, or of no kind that can be read.
    """
    if path.stat().st_size > MOST_BYTES:
        raise CannotRead(name, f"It is larger than {MOST_BYTES // 1024 // 1024} MB.")
    content = path.read_bytes()
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf"):
        raise CannotRead(name, "It is empty.")
    if content.startswith(ZIP) and b"SHA256SUMS" in content[-100_000:]:
        return read_archive(content, name)
    if content.startswith(ZIP):
        return read_workbook(content, name)
    if content.startswith(OLE):
        raise CannotRead(name, "It is an old or protected workbook. Save it as XLSX or CSV.")
    head = content[:100].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for begins, why in _OTHER_KINDS.items():
        if head.startswith(begins):
            raise CannotRead(name, why)
    text = decoded(content, name)
    if is_fhir(text):
        return [_without_halves(sheet) for sheet in read_bundle(text, name)]
    if text.lstrip("\ufeff \r\n\t")[:20].upper().startswith("BEGIN:VCARD"):
        return [read_vcards(text, name)]
    return [read_text(text, name)]


def _without_halves(sheet: Sheet) -> Sheet:
    """Return a sheet without halves of characters, which JSON can have and nothing can show."""
    sheet.rows = [
        Row(row.line, tuple(cell.encode("utf-8", "replace").decode() for cell in row.cells))
        for row in sheet.rows
    ]
    return sheet
