"""Invitations at receivers that are not ours, after thousands of random histories.

    npm install --prefix /path/of/a/folder ical.js
    apt-get install khal thunderbird
    python -m tests.harness.messages --histories 10000 --modules /path/of/a/folder

Every message goes by SMTP to a mail server on this machine. What has arrived is then delivered to
each receiver: in order, in any order, twice in any order, and with a fifth of it lost. A receiver
has to end with the app's own state, with each session once; where something was lost, with what the
last message said that it got. khal keeps what it is given last, and Thunderbird forgets what it
deletes, so these get everything in order, and each message twice; they are slow, so no more than
`--programs` files. `--without` names receivers to leave out.
"""

import argparse
import gc
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import time_machine

from tests.harness import calendar_receivers as receivers
from tests.harness.calendar_receivers import Calendar
from tests.harness.histories import (
    Histories,
    Letter,
    Mailboxes,
    differences,
    indiscretions,
    never_told,
    truth,
)
from tests.harness.installation import free_port, installation
from tests.harness.report import row, say, verdict
from tests.smtp_server import smtp_server

BEGIN = datetime(2026, 12, 2, 9, tzinfo=UTC)
AT_ONCE = 200  # histories
LOST = 0.2
PROGRAMS = ("khal", "Thunderbird")
MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--histories", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=600, help="begin no more after so many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--modules", type=Path, help="where ical.js is installed")
    parser.add_argument("--programs", type=int, default=5_000, help="files for khal, Thunderbird")
    parser.add_argument("--without", nargs="*", default=[], help="khal, Thunderbird")
    asked = parser.parse_args()
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    boxes, port = Mailboxes(), free_port()
    os.environ.update(
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=str(port),
        EMAIL_TLS="none",
        DEFAULT_FROM_EMAIL="post@practice.example",
    )
    with installation(asked.database), smtp_server(boxes, port=port):
        histories = make(asked.histories, random.Random(asked.seed), asked.minutes)
        faults = judge(histories, boxes, asked)
    return verdict(faults)


def make(number: int, chance: random.Random, minutes: float) -> Histories:
    """Let histories happen, a few hundred at a time."""
    from practice.notifications.worker import send_everything

    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    histories, begun = Histories(chance, BEGIN), time.monotonic()
    with time_machine.travel(BEGIN, tick=False) as clock:
        histories.set_up(min(24, max(6, number // 20)))
        for first in range(0, number, AT_ONCE):
            histories.run(min(AT_ONCE, number - first), clock.shift, send_everything)
            done = time.monotonic() - begun
            if done > minutes * 60:
                break
            say(f"  {histories.counted['histories']} histories after {done:.0f} s")
    return histories


def judge(histories: Histories, boxes: Mailboxes, asked: argparse.Namespace) -> list[str]:
    """Deliver what has arrived to each receiver, print what came of it, and return the faults."""
    letters, state = boxes.of_each(), truth()
    counted = ", ".join(f"{number} {what}" for what, number in histories.counted.items())
    say(f"{counted}; {len(boxes.letters)} messages to {len(letters)} receivers")
    hits = indiscretions(boxes.letters)
    ids = [letter.message_id for letter in boxes.letters]
    faults = [f"said aloud: {hit}" for hit in hits]
    faults += [f"{len(ids) - len(set(ids))} messages came twice"] * (len(ids) != len(set(ids)))
    told = {to: receivers.reference(files_of(own)) for to, own in letters.items()}
    faults += never_told(told)
    row("receiver", "delivered", "files", "events", "wrong")
    row("---", "---", "---:", "---:", "---:")
    chance = random.Random(asked.seed)
    for name, receive, ways in chosen(asked):
        for way in ways:
            counts = [0, 0, 0]
            few = asked.programs if name in PROGRAMS else None
            for group in groups(letters):
                files = group_files(group, few)
                delivered, wanted = WAYS[way](files, state, chance)
                calendar = receive(delivered)
                wrong = differences(calendar, wanted)
                faults += [f"{name}, {way}: {fault}" for fault in wrong]
                found = (len(delivered), len(calendar), len(wrong))
                counts = [a + b for a, b in zip(counts, found, strict=True)]
            row(name, way, *counts)
    row("subjects, senders, preheaders, SUMMARYs, file names", "read", len(ids), "", len(hits))
    return faults


def chosen(asked: argparse.Namespace) -> list[tuple[str, Callable, list[str]]]:
    found: list[tuple[str, Callable, list[str]]] = [
        ("icalendar and the rules", receivers.reference, [*WAYS])
    ]
    if asked.modules:
        by_node = partial(receivers.ical_js, modules=asked.modules)
        found.append(("ical.js and the rules", by_node, [*WAYS]))
    if "khal" not in asked.without:
        found.append(("khal", receivers.khal, ["in order", "in order, each twice"]))
    if "Thunderbird" not in asked.without:
        found.append(("Thunderbird", receivers.thunderbird, ["in order", "in order, each twice"]))
    return found


def files_of(letters: list[Letter]) -> list[bytes]:
    return [file for letter in letters for file in letter.invitations]


def groups(letters: dict[str, list[Letter]]) -> list[list[list[Letter]]]:
    """Return mailboxes that can be one calendar: no session is in two of a group."""
    found: list[tuple[set[str], list[list[Letter]]]] = []
    for own in letters.values():
        uids = {receivers.read(file).uid for file in files_of(own)}
        for taken, group in found:
            if not taken & uids:
                taken |= uids
                group.append(own)
                break
        else:
            found.append((uids, [own]))
    return [group for _, group in found]


def group_files(group: list[list[Letter]], few: int | None = None) -> list[bytes]:
    """Return the files of a group, by whole mailboxes; of a few, as many as come near that."""
    found: list[bytes] = []
    for own in group:
        if few is None or len(found) < few:
            found += files_of(own)
    return found


def in_order(files: list[bytes], state: Calendar, chance: random.Random) -> tuple:
    return files, told_of(files, state)


def each_twice(files: list[bytes], state: Calendar, chance: random.Random) -> tuple:
    return [file for file in files for _ in range(2)], told_of(files, state)


def shuffled(files: list[bytes], state: Calendar, chance: random.Random) -> tuple:
    return chance.sample(files, len(files)), told_of(files, state)


def doubled(files: list[bytes], state: Calendar, chance: random.Random) -> tuple:
    return chance.sample(files * 2, 2 * len(files)), told_of(files, state)


def some_lost(files: list[bytes], state: Calendar, chance: random.Random) -> tuple:
    """Lose some; wanted is what the last said that arrived, by the order of sending alone."""
    left = [file for file in files if chance.random() >= LOST]
    last = {receivers.read(file).uid: receivers.read(file).entry for file in left}
    return chance.sample(left, len(left)), last


def told_of(files: list[bytes], state: Calendar) -> Calendar:
    uids = {receivers.read(file).uid for file in files}
    return {uid: entry for uid, entry in state.items() if uid in uids}


WAYS = {
    "in order": in_order,
    "in order, each twice": each_twice,
    "in any order": shuffled,
    "twice, in any order": doubled,
    "a fifth lost, in any order": some_lost,
}


if __name__ == "__main__":
    sys.exit(main())
