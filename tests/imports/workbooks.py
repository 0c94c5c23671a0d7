"""The smallest XLSX there can be, so that no test needs a library to write one."""

import io
import zipfile
from collections.abc import Collection
from xml.sax.saxutils import escape, quoteattr

NS = "http://schemas.openxmlformats.org"
TYPES = f"{NS}/officeDocument/2006/relationships"
MAIN = f"{NS}/spreadsheetml/2006/main"
DATE = "=DATE:"  # before the number of days that a date is in a workbook


def workbook(
    sheets: dict[str, list[list]],
    *,
    more: dict[str, bytes] | None = None,
    hidden: Collection[str] = (),
) -> bytes:
    """Return a workbook with these sheets; a cell is a text, a number or a date (`DATE`)."""
    titles = list(sheets)
    listed = "".join(
        f'<sheet name={quoteattr(title)} sheetId="{n}" r:id="rId{n}"'
        + (' state="hidden"/>' if title in hidden else "/>")
        for n, title in enumerate(titles, 1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{TYPES}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n, _ in enumerate(titles, 1)
    )
    styles = (
        f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font/></fonts><fills count="1"><fill/>'
        '</fills><borders count="1"><border/></borders><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>'
    )
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{NS}/package/2006/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{NS}/package/2006/relationships"><Relationship '
        f'Id="rId1" Type="{TYPES}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{TYPES}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{NS}/package/2006/relationships">'
        f'{links}<Relationship Id="rId99" Type="{TYPES}/styles" Target="styles.xml"/>'
        "</Relationships>",
        "xl/styles.xml": styles,
    } | {f"xl/worksheets/sheet{n}.xml": _sheet(sheets[t]) for n, t in enumerate(titles, 1)}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (parts | (more or {})).items():
            archive.writestr(name, text)
    return content.getvalue()


def _sheet(rows: list[list]) -> str:
    lines = (
        f'<row r="{r}">{"".join(_cell(r, c, value) for c, value in enumerate(row))}</row>'
        for r, row in enumerate(rows, 1)
    )
    return f'<worksheet xmlns="{MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(row: int, column: int, value: object) -> str:
    at = f'r="{chr(65 + column)}{row}"'
    if value in (None, ""):
        return ""
    if isinstance(value, str) and value.startswith(DATE):
        return f'<c {at} s="1"><v>{value.removeprefix(DATE)}</v></c>'
    if isinstance(value, str):
        return f'<c {at} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c {at}><v>{value}</v></c>"
