"""Imports files into khal, a JSON string a line, as `khal import --batch` does; says what it has.

It runs with the Python that khal is installed for (`apt-get install khal`).
"""

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta

import pytz
from khal.controllers import import_ics
from khal.khalendar import CalendarCollection

LOCALE = {
    "local_timezone": pytz.timezone("Australia/Lord_Howe"),
    "default_timezone": pytz.timezone("Australia/Lord_Howe"),
    "timeformat": "%H:%M",
    "dateformat": "%Y-%m-%d",
    "longdateformat": "%Y-%m-%d",
    "datetimeformat": "%Y-%m-%d %H:%M",
    "longdatetimeformat": "%Y-%m-%d %H:%M",
    "unicode_symbols": False,
    "firstweekday": 0,
    "weeknumbers": False,
}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        calendars = {
            "own": {
                "name": "own",
                "path": f"{folder}/own",
                "color": "",
                "priority": 10,
                "readonly": False,
                "ctype": "calendar",
            }
        }
        collection = CalendarCollection(calendars, dbpath=f"{folder}/khal.db", locale=LOCALE)
        collection.default_calendar_name = "own"
        conf = {"locale": LOCALE, "view": {"event_format": "{title}"}}
        for line in sys.stdin:
            import_ics(collection, conf, json.loads(line), batch=True)
        now = datetime.now(UTC)
        events = collection.get_localized(now - timedelta(days=4_000), now + timedelta(days=4_000))
        kept = [
            [
                event.uid,
                int(event.start.timestamp()),
                int(event.end.timestamp()),
                event.location,
                event.status.strip() == "CANCELLED",
            ]
            for event in events
        ]
    sys.stdout.write(json.dumps(kept))


if __name__ == "__main__":
    main()
