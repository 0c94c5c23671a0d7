"""Thousands of messages that are due in the same moment, and one or two senders for them.

    python -m tests.harness.message_flood --messages 5000 --senders 2 --database postgres

The senders are `manage.py send_mail_queue`, each a process of its own with the role of the server;
the mail server is another, and writes what it takes into a folder. Each session has to be told in
one message, handed over once.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.harness.histories import HOUR, LENGTH, Letter
from tests.harness.installation import ROOT, Installation, installation
from tests.harness.message_crash import mail_server
from tests.harness.report import row, verdict

SEND = [sys.executable, str(ROOT / "manage.py"), "send_mail_queue"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--therapists", type=int, default=20)
    parser.add_argument("--senders", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    asked = parser.parse_args()
    with mail_server() as folder, installation(asked.database) as practice:
        book(asked.messages, asked.therapists)
        took, processor = send(practice, asked.senders)
        return report(asked, folder, took, processor)


def book(number: int, therapists: int) -> None:
    """Book so many sessions, all to be told now; each has hours of its own in a diary."""
    from django.db import connections
    from django.utils import timezone

    from practice.diary.models import Session
    from tests.factories import ClientFactory, TherapistFactory, start

    now = timezone.now()
    first = datetime.combine(now.date() + timedelta(days=3), datetime.min.time(), UTC)
    work = []
    for one in range(therapists):
        client = ClientFactory(therapist=TherapistFactory(), email=f"client{one}@mail.example")
        work.append(start(client))
    made = []
    for index in range(number):
        relationship = work[index % therapists]
        starts_at = first + index // therapists * HOUR
        made.append(
            Session(
                relationship=relationship,
                therapist=relationship.therapist,
                starts_at=starts_at,
                ends_at=starts_at + LENGTH,
                booked_at=now,
                booked_by=relationship.therapist.user,
                tell_at=now,
            )
        )
    Session.objects.bulk_create(made, batch_size=500)
    connections.close_all()


def send(practice: Installation, senders: int) -> tuple[float, float]:
    """Let senders tell all of it; return how many seconds that took, and of the processor."""
    begun, before = time.monotonic(), _processor()
    environment = practice.web.environment
    processes = [subprocess.Popen(SEND, env=environment, cwd=ROOT) for _ in range(senders)]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise RuntimeError(f"A sender ended with {codes}")
    return time.monotonic() - begun, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(asked: argparse.Namespace, folder: Path, took: float, processor: float) -> int:
    """Say what came of it, and return the exit code."""
    from practice.diary.models import Session
    from practice.notifications.models import Message

    letters = [Letter(file.read_bytes()) for file in folder.glob("*.eml")]
    copies = Counter(letter.message_id for letter in letters)
    faults = [f"{id_} came {times} times" for id_, times in copies.items() if times > 1]
    told = Counter(id_.strip("<").partition(".")[0] for id_ in copies)
    sessions = set(Session.objects.values_list("public_id", flat=True))
    faults += [
        f"{session} was told {told[session]} times" for session in sessions if told[session] != 1
    ]
    faults += [f"{session} is none" for session in told.keys() - sessions]
    left = Message.objects.exclude(state=Message.State.SENT).count()
    faults += [f"{left} messages were not sent"] * bool(left)
    row("database", "therapists", "senders", "messages", "seconds", "processor, each", "wrong")
    row("---", "---:", "---:", "---:", "---:", "---:", "---:")
    each = f"{1000 * processor / max(1, len(copies)):.0f} ms"
    row(
        asked.database,
        asked.therapists,
        asked.senders,
        len(copies),
        round(took),
        each,
        len(faults),
    )
    return verdict(faults)


if __name__ == "__main__":
    sys.exit(main())
