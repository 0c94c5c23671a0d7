"""What is in an archive, in words: for whoever opens it, and for `docs/moving.md`."""

from textwrap import wrap
from typing import Any

from practice.archive import tables

INTRODUCTION = """\
{name}: everything of the practice, as of {at}

Confidential. This archive is not locked: whoever has the file can read it.

index.html            to read or print, in any browser: begin here
clients/<number>/     a page for each client, and the same as data (client.json)
data/*.csv            a file for each table, for a spreadsheet; what another installation reads
fhir.json             people, episodes of care and appointments, as FHIR R4 has them
calendar.ics          every session that stands, for a calendar
manifest.json         what this is: format, version, whose, how many rows
SHA256SUMS            checksums of all of it: sha256sum --check SHA256SUMS

The tables are UTF-8 with a byte order mark, by which Excel knows it, and with commas. A moment is
in UTC (ISO 8601), a day is a date, yes and no are True and False, what is not known is empty. A
cell that a spreadsheet could take for a formula, or that begins with an apostrophe, has an
apostrophe before it. Rows are numbered in the order in which they were made; where a row names
another, it does so by that number.
"""


def readme(practice: Any) -> str:
    """Return the file that says what the others are, and what each column of each table is."""
    at = practice.now.strftime("%Y-%m-%d %H:%M UTC")
    parts = [INTRODUCTION.format(name=practice.therapist.name, at=at)]
    for table in tables.ALL:
        parts.append(f"\n{table.path} ({practice.rows[table.name]:,} rows)\n")
        parts += [f"  {line}\n" for line in wrap(table.about, 96)]
        for name, words in table.words:
            lines = wrap(words, 72) or [""]
            parts.append(f"    {name:<22}  {lines[0]}".rstrip() + "\n")
            parts += [f"    {'':<22}  {line}\n" for line in lines[1:]]
    return "".join(parts)


def as_markdown() -> str:
    """Return the tables and their columns as the documentation has them."""
    rows = ["| file | what | columns |", "|---|---|---|"]
    for table in tables.ALL:
        columns = "; ".join(
            f"`{name}`: {words}" if words else f"`{name}`" for name, words in table.words
        )
        rows.append(f"| `{table.path}` | {table.about} | {columns} |")
    return "\n".join(rows) + "\n"
