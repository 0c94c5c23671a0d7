"""From bytes to rows of cells: encodings, delimiters, workbooks, vCards; and what is refused."""

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from practice.imports.readers import read, unpacking
from practice.imports.readers.delimited import read_text
from practice.imports.readers.encodings import decoded
from practice.imports.readers.vcard import read_vcards
from practice.imports.readers.workbook import read_workbook
from practice.imports.recognising import recognise
from practice.imports.sheets import MOST_BYTES, CannotRead
from tests.imports.workbooks import workbook

pytestmark = pytest.mark.pure
TEXT = "Name;Straße;E-mail\r\nJosé Núñez;Königsweg 3 – “hinten”;jose@example.org\r\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "mac_roman"]
)
def test_every_encoding_of_exports_is_found(encoding):
    assert decoded(TEXT.encode(encoding), "a.csv").lstrip("\ufeff") == TEXT


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Имя;Телефон\nАнна Каренина;020\nЛевин Константин Дмитриевич;030\n" * 5, "cp1251"),
        ("氏名,電話\n山田太郎,03\n佐藤花子,04\n" * 5, "shift_jis"),
    ],
)
def test_other_languages_are_read_as_well_as_can_be_told(text, encoding):
    assert decoded(text.encode(encoding), "a.csv") == text


@pytest.mark.parametrize("other", ["cp1252", "mac_roman"])
def test_lines_of_two_encodings_are_each_read_by_their_own(other):
    lines = ["José Núñez,1", "Zoë Brontë,2", "Ann,3", "Señor Peña,4"]
    first, *more = lines
    content = "\n".join([first, "Ann,0"]).encode() + b"\n" + "\n".join(more).encode(other)

    assert decoded(content, "a.csv").split("\n") == [first, "Ann,0", *more]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_delimiter_is_found_and_quoted_line_breaks_are_no_lines(delimiter):
    text = f'Name{delimiter}Note\nAnn{delimiter}"one\ntwo, ""three"";\tfour"\nBen{delimiter}five\n'

    rows = read_text(text, "a.csv").rows

    assert [row.line for row in rows] == [1, 2, 4]
    assert rows[1].cells == ("Ann", 'one\ntwo, "three";\tfour')


def test_what_excel_says_to_itself_is_no_line():
    assert [row.cells for row in read_text("sep=;\nName;Phone\nAnn, B;1\n", "a").rows] == [
        ("Name", "Phone"),
        ("Ann, B", "1"),
    ]


def test_a_quotation_mark_that_is_not_closed_is_named():
    text = "Name,Note\nAnn,fine\n" + 'Ben,"open\n' + "Carl,x\n" * 3000

    with pytest.raises(CannotRead) as refused:
        read_text(text, "a.csv")

    assert refused.value.unreadable.line == 3
    assert "not closed" in refused.value.unreadable.why


def test_a_cell_of_a_megabyte_is_left_out_with_its_line_and_column():
    sheet = read_text(f"Name,Note\nAnn,{'x' * 1_000_000}\nBen,y\n", "a.csv")

    assert [row.cells[0] for row in sheet.rows] == ["Name", "Ben"]
    assert [(one.line, one.column) for one in sheet.unreadable] == [(2, "2")]


def test_five_hundred_columns_are_refused():
    with pytest.raises(CannotRead, match="more than 400 columns"):
        read_text(",".join(f"c{n}" for n in range(500)) + "\n", "a.csv")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xef\xbb\xbf\r\n",
        bytes(range(256)) * 40,
        b"PK\x03\x04 no workbook",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        b"%PDF-1.7\n" + bytes(range(32)) * 100,
        b"\xef\xbb\xbf <HTML><table><tr><td>Name</td></tr></table>",
        b"<?xml version='1.0'?><Workbook/>",
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        b"\xff\xfeN\0a\0m\0e\0\n\0\x00\xd8\n",
    ],
    ids=[
        "nothing",
        "a mark",
        "binary",
        "not a zip",
        "old workbook",
        "pdf",
        "html",
        "xml",
        "calendar",
        "broken utf-16",
    ],
)
def test_what_is_no_export_is_refused_in_a_sentence(tmp_path, content):
    path = tmp_path / "export.csv"
    path.write_bytes(content)

    with pytest.raises(CannotRead) as refused:
        read(path, "export.csv")

    assert refused.value.unreadable.file == "export.csv"
    assert refused.value.unreadable.why.endswith(".")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)

    with pytest.raises(CannotRead, match="larger than 32 MB"):
        read(path, "large.csv")


def test_a_workbook_has_its_dates_as_iso_and_its_numbers_as_they_are():
    rows = [["Name", "Born", "Phone"], ["Ann Brook", "=DATE:32202", 7700900101], ["Ben", None, ""]]

    (sheet,) = read_workbook(workbook({"Clients": rows}), "a.xlsx")

    assert [row.cells for row in sheet.rows] == [
        ("Name", "Born", "Phone"),
        ("Ann Brook", "1988-02-29", "7700900101"),
        ("Ben", "", ""),
    ]
    assert [row.line for row in sheet.rows] == [1, 2, 3]


def test_an_archive_of_our_own_is_told_from_a_workbook(tmp_path):
    path = tmp_path / "practice.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data/clients.csv", "number\n")
        archive.writestr("SHA256SUMS", "")

    with pytest.raises(CannotRead, match="SHA256SUMS"):
        read(path, "practice.zip")


def test_a_workbook_of_several_sheets_names_each():
    sheets = read_workbook(workbook({"A": [["Name"], ["Ann"]], "B": [["Name"], ["Ben"]]}), "a.xlsx")

    assert [sheet.label for sheet in sheets] == ["a.xlsx, A", "a.xlsx, B"]


def test_a_bomb_is_not_unpacked_whatever_it_says_of_its_size(monkeypatch):
    monkeypatch.setattr(unpacking, "MOST_UNPACKED", 30 * 1024 * 1024)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/workbook.xml", "<workbook/>")
        with parts.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(31):
                part.write(b"\0" * 1024 * 1024)

    with pytest.raises(CannotRead, match="far more than a caseload"):
        read_workbook(content.getvalue(), "bomb.xlsx")


VCARDS = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:N=C3=BA=C3=B1ez;Jos=C3=A9=
 ;;Dr
TEL;CELL;VOICE:07700 900101
TEL;FAX:020 1
END:VCARD
begin:vcard
version:3.0
fn:Ann Brook\\, Dr
item1.EMAIL;type=INTERNET:ann@exa
 mple.org
NOTE:one\\ntwo\\; three
CATEGORIES:Clients,Friends
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Maren
N:Ostrova;Maren;;;
BDAY:19880229
TEL;VALUE=uri;TYPE="cell,home":tel:+44-7700-900101
RELATED;TYPE=spouse;VALUE=text:Nils
RELATED;TYPE=spouse:urn:uuid:f81d4fae
END:VCARD
"""


def test_vcards_of_every_version_are_lines_of_one_sheet():
    sheet = read_vcards(VCARDS.replace("\n", "\r\n"), "a.vcf")

    header, *cards = sheet.rows
    found = [dict(zip(header.cells, card.cells, strict=True)) for card in cards]
    assert [card.line for card in cards] == [1, 8, 16]
    assert (found[0]["First Name"], found[0]["Last Name"]) == ("José", "Núñez")
    assert (found[0]["Mobile Phone"], found[0]["Home Phone"]) == ("07700 900101", "020 1")
    assert found[1]["Name"] == "Ann Brook, Dr"
    assert found[1]["E-mail Address"] == "ann@example.org"
    assert found[1]["Notes"] == "one\ntwo; three"
    assert (found[2]["Spouse"], found[2]["Mobile Phone"]) == ("Nils", "+44-7700-900101")


def is_read_or_refused(read_it: Callable[[], list]) -> bool:
    """Whether something is read, or refused in a sentence; whatever else is an error."""
    try:
        return isinstance(read_it(), list)
    except CannotRead as error:
        return error.unreadable.why.endswith(".")


@settings(max_examples=60, deadline=1000, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=400) | st.text(max_size=300).map(lambda text: text.encode("utf-8")))
@example(b"BEGIN:VCARD\nN:\\\nEND:VCARD")
@example(b'Name,Start Time\n"\x00\xff')
@example(b"PK\x03\x04" + b"\0" * 40)
def test_whatever_a_file_holds_it_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "anything.csv"
    path.write_bytes(content)
    assert is_read_or_refused(lambda: [recognise(s, {}) for s in read(path, "anything.csv")])


@settings(max_examples=40, deadline=1000)
@given(st.binary(max_size=200), st.integers(0, 2000))
def test_a_damaged_workbook_is_read_or_refused(noise, at):
    whole = workbook({"A": [["Name"], ["Ann"]]})
    at %= len(whole)
    damaged = whole[:at] + noise + whole[at + len(noise) :]
    assert is_read_or_refused(lambda: read_workbook(damaged, "a"))


FAR = '<c r="{at}" t="inlineStr"><is><t>x</t></is></c>'
SPARSE = {
    "a row far below": f'<row r="1048576">{FAR.format(at="CV1048576")}</row>',
    "cells that say no place": f'<row r="1048576">{"<c><v>1</v></c>" * 100}</row>',
    "another prefix, and other quotation marks": (
        "<x:row r='1048576'><x:c t='>' r='CV1048576'><v>1</v></x:c></x:row>"
    ),
}


@pytest.mark.parametrize("rows", SPARSE.values(), ids=SPARSE)
def test_a_small_workbook_of_very_many_cells_is_refused_before_they_are_made(rows):
    whole = f'<worksheet><sheetData><row r="1">{FAR.format(at="A1")}</row>{rows}</sheetData>'
    sheet = {"xl/worksheets/sheet1.xml": f"{whole}</worksheet>".encode()}

    with pytest.raises(CannotRead, match="more cells than a caseload"):
        read_workbook(workbook({"A": [["Name"]]}, more=sheet), "sparse.xlsx")


def test_a_cell_that_is_only_coloured_is_none():
    rows = f'<row r="1">{FAR.format(at="A1")}</row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    whole = f"<worksheet><sheetData>{rows}</sheetData></worksheet>".encode()
    sheet = {"xl/worksheets/sheet1.xml": whole}

    (found,) = read_workbook(workbook({"A": [["Name"]]}, more=sheet), "a.xlsx")

    assert [row.cells for row in found.rows] == [("x",)]


def test_another_kind_of_workbook_is_refused():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("content.xml", "<office:document-content/>")

    with pytest.raises(CannotRead, match="Save it as XLSX or CSV"):
        read_workbook(content.getvalue(), "a.ods")


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_what_only_looks_like_a_line_break_does_not_part_a_line(mark):
    rows = read_text(f"Name,Note\r\nAnn,one{mark}two\rBen,three\n", "a.csv").rows

    assert [(row.line, row.cells[1]) for row in rows] == [
        (1, "Note"),
        (2, f"one{mark}two"),
        (3, "three"),
    ]


def test_a_nought_in_a_short_file_is_no_sign_of_another_kind(tmp_path):
    path = tmp_path / "export.csv"
    path.write_bytes(b"Name,Email\nAda\0 Brook,a@x.example\n")

    (sheet,) = read(path, "export.csv")

    assert sheet.rows[1].cells == ("Ada Brook", "a@x.example")


def test_a_zip_of_other_files_says_to_unpack_it(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("clients.CSV", "Name\nAnn\n")

    with pytest.raises(CannotRead, match="unpack it"):
        read(path, "export.zip")
