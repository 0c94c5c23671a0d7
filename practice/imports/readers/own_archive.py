"""The archive of a practice of this service, as people, their work and their sessions.

It is looked at as `import_archive` does (checksums, sizes, paths), and read as a file like any
other: what is a therapist's own work with their clients comes, into a practice that may have
clients already, and can be undone. Accounts and settings stay behind, for whoever runs the service.
"""

import io
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from practice.archive import tables
from practice.archive.reading import Archive, Unreadable, opened
from practice.imports.candidates import WITHOUT_WORK
from practice.imports.sheets import MOST_LINES, CannotRead, Row, Sheet, checked
from practice.imports.sheets import Unreadable as LeftOut
from practice.imports.told import HistoryLine, ToldPart, ToldWork

PEOPLE = (
    *("Client ID", "Name", "Preferred Name", "Email", "Phone", "Date of Birth", "Time Zone"),
    *("Do Not Contact", "Date Added", "Status", "Relationship ID"),
)
SESSIONS = (
    *("Appointment ID", "Start", "End", "Status", "Date Booked", "Place", "Complimentary"),
    *("In figures", "Passed on", "Relationship ID"),
)
STAYS = (
    "Accounts, settings, messages and who of several people came stay in the archive: whoever runs "
    "the service moves a whole practice, with manage.py import_archive."
)
STATES = {
    "attended": "Attended",
    "missed": "No show",
    "cancelled": "Cancelled",
    "not_held": "Did not take place",
    "mistaken": "Recorded by mistake",
}
Cells = dict[str, str]


def read_archive(content: bytes, name: str) -> list[Sheet]:
    """Return the people and the sessions of an archive.

    Raises:
        CannotRead: it is not whole, was changed, or is of another version.
    """
    try:
        with opened(io.BytesIO(content)) as archive:
            return list(_sheets(archive, name))
    except Unreadable as error:
        raise CannotRead(name, str(error)) from None
    except (KeyError, ValueError):
        raise CannotRead(name, "It is no archive as this service writes it.") from None


def _sheets(archive: Archive, name: str) -> Iterator[Sheet]:
    people, works = _people_and_work(archive)
    by_person: dict[str, list[str]] = defaultdict(list)
    for number, work in works.items():
        for part in work.parts:
            if number not in by_person[part.number]:
                by_person[part.number].append(number)
    lines = (
        Row(int(row["number"]), (*_cells(row), status, work))
        for row in people
        for work in by_person[row["number"]] or [""]
        for status in ["" if work else WITHOUT_WORK]
    )
    sheet = Sheet(name, [], "people", works=works, owner=archive.email)
    sheet.rows = [Row(0, PEOPLE), *checked(name, lines, sheet.unreadable)]
    sheet.left_out = [LeftOut(name, 0, "", STAYS)]
    yield sheet
    sheet = Sheet(name, [], "sessions", owner=archive.email)
    sessions = map(_session, _rows(archive, tables.table_of(tables.Session)))
    sheet.rows = [Row(0, SESSIONS), *checked(name, sessions, sheet.unreadable)]
    if len(sheet.rows) > 1:
        yield sheet


def _rows(archive: Archive, table: tables.Table) -> Iterator[Cells]:
    """Yield the rows of a table, as many as there may be lines in a file."""
    for number, row in enumerate(archive.rows(table), start=1):
        if number > MOST_LINES:
            raise Unreadable(f"{table.path} has more than {MOST_LINES:,} lines.")
        yield row


def _people_and_work(archive: Archive) -> tuple[list[Cells], dict[str, ToldWork]]:
    """Return the clients with a name, and their work."""
    rows = list(_rows(archive, tables.CLIENTS))
    people = [row for row in rows if not row["merged_into"] and not row["erased_at"]]
    person_of = {row["number"]: row["merged_into"] or row["number"] for row in rows}
    works = {
        row["number"]: ToldWork(
            row["kind"], [], [], row["is_end_estimated"] == "True", _columns_of(row)
        )
        for row in _rows(archive, tables.RELATIONSHIPS)
    }
    for row in _rows(archive, tables.table_of(tables.Participation)):
        part = ToldPart(
            person_of[row["client"]], _moment(row["joined_at"]), _moment(row["left_at"])
        )
        works[row["relationship"]].parts.append(part)
    for row in _rows(archive, tables.HISTORY):
        at = _moment(row["at"])
        if at is None:
            raise ValueError("a line of the history has no moment")
        who = person_of[row["client"]] if row["client"] else ""
        line = HistoryLine(row["kind"], at, row["reason"], row["note"], who, row["goes_on_as"])
        works[row["relationship"]].history.append(line)
    for work in works.values():
        work.check()
    return people, works


def _columns_of(row: Cells) -> dict[str, Any]:
    days = {name: _day(row.get(name, "")) for name in ("planned_end", "on_break_until")}
    return {"place": row["place"]} | {name: day for name, day in days.items() if day}


def _cells(row: Cells) -> Iterator[str]:
    names = "number name preferred_name email phone date_of_birth time_zone do_not_contact added_at"
    return (row[name] for name in names.split())


def _session(row: Cells) -> Row:
    names = "booked_at place complimentary in_figures passed_on relationship"
    state = STATES.get(row["state"], "Booked")
    times = row["number"], row["starts_at"], row["ends_at"], state
    return Row(int(row["number"]), (*times, *(row[name] for name in names.split())))


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
