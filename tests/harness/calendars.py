"""Calendar files as ical.js reads them, Thunderbird's library and not the one that wrote them.

    npm install --prefix /path/of/a/folder ical.js
    python -m tests.harness.calendars --modules /path/of/a/folder

Fourteen zones, and for each the days around every change of its clocks from 2024 to 2034: whatever
zone the reader of the app is in, the calendar has to show the instants that were booked. It needs
node, which the tests do not: they read the files by a few lines of their own.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.harness.report import row, verdict

ZONES = [
    *("Europe/London", "Europe/Stockholm", "Europe/Dublin", "Europe/Moscow", "Africa/Casablanca"),
    *("America/New_York", "America/St_Johns", "America/Sao_Paulo", "America/Asuncion"),
    *("Asia/Kolkata", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Auckland", "UTC"),
]
LENGTH, A_DAY = timedelta(minutes=50), timedelta(days=1)
READ = """
const {default: ICAL} = await import(process.argv[1]);
let sent = "";
for await (const part of process.stdin) sent += part;
const read = (text) => {
  const calendar = new ICAL.Component(ICAL.parse(text));
  const zones = calendar.getAllSubcomponents("vtimezone");
  zones.forEach((zone) => ICAL.TimezoneService.register(zone));
  const event = new ICAL.Event(calendar.getFirstSubcomponent("vevent"));
  const times = [event.startDate, event.endDate].map((time) => time.toUnixTime());
  zones.forEach((zone) => ICAL.TimezoneService.remove(zone.getFirstPropertyValue("tzid")));
  return times;
};
console.log(JSON.stringify(JSON.parse(sent).map(read)));
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--modules", type=Path, required=True, help="where ical.js is installed")
    library = parser.parse_args().modules.resolve() / "node_modules/ical.js/dist/ical.js"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    faults = []
    row("zone", "files", "wrong")
    for zone in ZONES:
        starts = list(around_the_changes(ZoneInfo(zone)))
        wrong = [
            f"{zone}: {start} was read as {datetime.fromtimestamp(first, UTC)}"
            for start, (first, last) in zip(starts, read(library, zone, starts), strict=True)
            if (first, last) != (start.timestamp(), (start + LENGTH).timestamp())
        ]
        row(zone, len(starts), len(wrong))
        faults += wrong
    return verdict(faults)


def around_the_changes(zone: ZoneInfo) -> Iterator[datetime]:
    """Yield instants of the days around each change of the clocks; without any, of each quarter."""
    day, last = date(2024, 1, 1), date(2034, 12, 31)
    while day < last:
        noon = datetime.combine(day, time(12), zone)
        if noon.utcoffset() != (noon + A_DAY).utcoffset() or (day.day, day.month % 3) == (1, 1):
            midnight = datetime.combine(day, time.min, zone).astimezone(UTC)
            yield from (midnight + timedelta(hours=hours) for hours in range(0, 60, 5))
        day += A_DAY


def read(library: Path, zone: str, starts: list[datetime]) -> list[tuple[int, int]]:
    """Return start and end, in seconds, of each file as ical.js reads it."""
    from django.utils import timezone

    with timezone.override(zone):
        files = [file(start) for start in starts]
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", READ, library.as_uri()],  # noqa: S607
        input=json.dumps(files),
        capture_output=True,
        text=True,
        check=True,
    )
    return [tuple(times) for times in json.loads(done.stdout)]


def file(start: datetime) -> str:
    """Return the file of a session that starts then."""
    from practice.diary.calendar import as_calendar
    from practice.diary.models import Session

    session = Session(starts_at=start, ends_at=start + LENGTH, booked_at=start - A_DAY)
    return as_calendar(session, "Appointment").decode()


if __name__ == "__main__":
    sys.exit(main())
