"""Calendars that get invitations: whatever comes, and in which order, each has its own state.

`Reference` is the rules of RFC 5546, 2.1.5 and 3.2, in a few lines, on files that the icalendar
library has read. The others are programs of other people, each in a process of its own: ical.js
(node), khal (Debian's), Thunderbird (Debian's, without a window). ical.js is a library that reads
and does not keep: the rules are applied to what it has read. khal takes what it is given last, as a
person does who opens one file after the other; so it is given them in order. Thunderbird keeps a
calendar, by its own rules.
"""

import json
import subprocess
from collections.abc import Iterable
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
UNTIL_IT_ENDS = 1_800  # seconds


class Entry(NamedTuple):
    """An event as a calendar has it: times in seconds since 1970."""

    starts_at: int
    ends_at: int
    place: str
    is_cancelled: bool = False


class Read(NamedTuple):
    """One file, as it was read."""

    uid: str
    sequence: int
    stamp: int
    method: str
    entry: Entry


Calendar = dict[str, Entry]  # by UID; what is cancelled is in it, and said to be


@cache
def read(file: bytes) -> Read:
    """Read an invitation by the icalendar library, and hold it against what an invitation is.

    Raises:
        AssertionError: it is none of RFC 5546, 3.2.2 or 3.2.5.
    """
    from icalendar import Calendar as Parsed

    calendar = Parsed.from_ical(file)
    [event] = calendar.walk("VEVENT")
    method, status = str(calendar["METHOD"]), str(event["STATUS"])
    assert (method, status) in {("REQUEST", "CONFIRMED"), ("CANCEL", "CANCELLED")}
    assert event["ORGANIZER"].startswith("mailto:")
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    entry = Entry(
        int(event["DTSTART"].dt.astimezone(UTC).timestamp()),
        int(event["DTEND"].dt.astimezone(UTC).timestamp()),
        str(event.get("LOCATION", "")),
        method == "CANCEL",
    )
    stamp = int(event["DTSTAMP"].dt.timestamp())
    return Read(str(event["UID"]), int(event["SEQUENCE"]), stamp, method, entry)


def reference(files: Iterable[bytes]) -> Calendar:
    """Return what a calendar that goes by the rules has after these files.

    The higher SEQUENCE is the later word, and of two alike the later DTSTAMP.
    """
    return by_the_rules(map(read, files))


def by_the_rules(files: Iterable[Read]) -> Calendar:
    present: dict[str, Read] = {}
    for one in files:
        known = present.get(one.uid)
        if known is None or (one.sequence, one.stamp) >= (known.sequence, known.stamp):
            present[one.uid] = one
    return {uid: one.entry for uid, one in present.items()}


def ical_js(files: Iterable[bytes], modules: Path) -> Calendar:
    """The same, as ical.js reads them."""
    library = modules.resolve() / "node_modules/ical.js/dist/ical.js"
    read_by_it = _ask(["node", str(HERE / "ical_js_receiver.mjs"), library.as_uri()], files)
    return by_the_rules(
        Read(uid, sequence, stamp, method, Entry(starts, ends, place, method == "CANCEL"))
        for uid, sequence, stamp, method, starts, ends, place in read_by_it
    )


def khal(files: Iterable[bytes]) -> Calendar:
    """What khal has once it has imported each of these, in this order."""
    kept = _ask(["/usr/bin/python3", str(HERE / "khal_receiver.py")], files)
    return _calendar(kept, "khal")


def thunderbird(files: Iterable[bytes]) -> Calendar:
    """What Thunderbird has in its calendars once it has been given these, in this order."""
    command = ["/usr/bin/python3", str(HERE / "thunderbird_receiver.py")]
    return _calendar(_ask(command, files), "Thunderbird")


def _calendar(kept: list, whose: str) -> Calendar:
    found: Calendar = {}
    for uid, *entry in kept:
        assert uid not in found, f"{whose} has {uid} twice"
        found[uid] = Entry(*entry)
    return found


def _ask(command: list[str], files: Iterable[bytes]) -> list:
    sent = "".join(json.dumps(file.decode()) + "\n" for file in files)
    done = subprocess.run(
        command, input=sent, capture_output=True, text=True, timeout=UNTIL_IT_ENDS, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{command[:2]}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)
