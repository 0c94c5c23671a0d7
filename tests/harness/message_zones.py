"""Invitations on both sides of changes of the clocks, at every receiver: the same instant.

    python -m tests.harness.message_zones --modules /path/of/a/folder --years 10

For each zone a session at the hours around each change (two a year), booked as somebody there reads
them; the receivers' own clocks are Lord Howe's, which change by half an hour.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.harness import calendar_receivers as receivers
from tests.harness.calendar_receivers import Calendar, Entry
from tests.harness.histories import HOUR, LENGTH, ZONES, differences
from tests.harness.messages import chosen
from tests.harness.report import row, verdict

STEPS = (-24, -2, -1, 0, 1, 2, 24)  # hours from a change
FIRST_YEAR = 2026


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--years", type=int, default=2)
    parser.add_argument("--modules", type=Path, help="where ical.js is installed")
    parser.add_argument("--without", nargs="*", default=[], help="khal, Thunderbird")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    faults = []
    row("receiver", *ZONES, "wrong")
    row("---", *("---:" for _ in ZONES), "---:")
    files = {zone: dict(invitations(zone, asked.years)) for zone in ZONES}
    for name, receive, _ in chosen(asked):
        counts, number = [], 0
        for zone, wanted in files.items():
            calendar: Calendar = receive(list(wanted))
            wrong = differences(calendar, {receivers.read(f).uid: e for f, e in wanted.items()})
            faults += [f"{name}, {zone}: {fault}" for fault in wrong]
            counts.append(len(calendar))
            number += len(wrong)
        row(name, *counts, number)
    return verdict(faults)


def invitations(zone: str, years: int) -> Iterator[tuple[bytes, Entry]]:
    """Yield invitations to sessions around the changes of a zone, and what is to be read."""
    from practice.diary.models import Session
    from practice.notifications.invitations import invitation

    for change in changes(ZoneInfo(zone), years):
        for step in STEPS:
            starts_at = (change + step * HOUR).astimezone(ZoneInfo(zone))
            session = Session(
                starts_at=starts_at,
                ends_at=(starts_at.astimezone(UTC) + LENGTH).astimezone(ZoneInfo(zone)),
                booked_at=change - timedelta(days=9),
            )
            first = int(starts_at.timestamp())
            entry = Entry(first, first + int(LENGTH.total_seconds()), "")
            stamp = change - timedelta(days=9)
            receiver = "somebody@mail.example"
            yield invitation(session, "Appointment", receiver=receiver, stamp=stamp), entry


def changes(zone: ZoneInfo, years: int) -> Iterator[datetime]:
    """Yield the first instants of another offset from UTC."""
    moment = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    while moment.year < FIRST_YEAR + years:
        after = moment + HOUR
        if moment.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            yield after
        moment = after


if __name__ == "__main__":
    sys.exit(main())
