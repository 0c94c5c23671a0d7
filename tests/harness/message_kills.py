"""Senders of messages that are killed at any moment (SIGKILL): nothing is lost, nothing made up.

    python -m tests.harness.message_kills --kills 1000 --database postgres

Sessions are booked, moved, cancelled and put back, or nearly: some of it is rolled back. After each
round a sender is begun that is killed at a step of its work, whichever it is: before or after a
statement of the database, or before or after the mail server has a message on its disk.
In the end one sender may finish. Then of each session each receiver has to know what is so;
whatever was said has to have been so; and what came twice has to be the same message, one time more
for each kill at most.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path

from tests.harness.installation import installation
from tests.harness.report import row, say, verdict

STEPS = 160  # a sender is killed at one of so many, if it takes as many
MEMORY = Path("/dev/shm")
CHANGES = 3  # to sessions, before each sender


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if MEMORY.is_dir():  # what a killed process has written stays, also without a disk
        tempfile.tempdir = str(MEMORY)
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update(
            EMAIL_HOST="127.0.0.1", DEFAULT_FROM_EMAIL="post@practice.example", MESSAGE_GRACE="0"
        )
        with installation(asked.database):
            from django.conf import settings

            settings.MESSAGE_BACKEND = "tests.harness.message_kills.OnDisk"
            settings.SITE_URL = "https://practice.example"
            settings.DATA_FILE = Path(folder) / "delivered"
            kills = Kills(random.Random(asked.seed))
            for _ in range(asked.kills):
                kills.change()
                kills.send_and_kill()
            kills.finish()
            return kills.report(asked.kills, asked.database)


left = [-1]  # steps until this process is killed; never, if negative


def step() -> None:
    """Be killed here, if it is time."""
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def statement(execute, sql, params, many, context):
    step()
    done = execute(sql, params, many, context)
    step()
    return done


class OnDisk:
    """A mail server that has taken a message once it is on the disk, and says so a moment later."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        pass

    def open(self) -> None:
        pass

    def close(self) -> None:
        pass

    def send_messages(self, messages: list) -> int:
        from django.conf import settings
        from icalendar import Calendar

        for message in messages:
            said = []
            for part in message.message().walk():
                if part.get_content_type() == "text/calendar":
                    calendar = Calendar.from_ical(part.get_payload(decode=True))
                    (event,) = calendar.walk("VEVENT")
                    start = event.start.timestamp()
                    said.append([str(event["UID"]), calendar["METHOD"], event["SEQUENCE"], start])
            line = {"id": message.extra_headers["Message-ID"], "to": message.to[0], "said": said}
            step()
            with settings.DATA_FILE.open("a") as file:
                file.write(json.dumps(line) + "\n")
                file.flush()
                os.fsync(file.fileno())
            step()
        return len(messages)


class Kills:
    """The stage, what was ever so of each session, and how often a sender was killed at work."""

    def __init__(self, chance: random.Random) -> None:
        from practice.notifications.worker import send_everything
        from tests.factories import ClientFactory, TherapistFactory, UserFactory, start

        self.send = send_everything  # loaded before a sender is begun, which is this process again
        self.chance, self.killed, self.undone = chance, 0, 0
        self.therapist = TherapistFactory()
        self.work = []
        for number in range(12):
            account = UserFactory(email=f"client{number}@mail.example")
            client = ClientFactory(
                therapist=self.therapist, name=f"Client Number{number}", account=account
            )
            self.work.append((start(client), account))
        self.sessions: list = []
        self.was: dict[str, set] = defaultdict(set)
        self.next = 0

    def change(self) -> None:
        """Change some sessions, each in a transaction; a fifth is rolled back."""
        from django.db import transaction

        for _ in range(CHANGES):
            with transaction.atomic():
                session = self._change_one()
                if self.chance.random() < 0.2:
                    transaction.set_rollback(True)
                    self.undone += 1
                    continue
            if session is not None:
                session.refresh_from_db()
                if session.pk not in {one.pk for one in self.sessions}:
                    self.sessions.append(session)
                state = "CANCEL" if session.state == "cancelled" else "REQUEST"
                self.was[session.public_id].add(
                    (state, session.sequence, session.starts_at.timestamp())
                )

    def _change_one(self):
        from django.utils import timezone

        from practice.diary.models import Session

        self.next += 1
        free = timezone.now().replace(minute=0, second=0, microsecond=0)
        free += timedelta(days=3, hours=self.next)
        what = self.chance.choice(["book", "book", "move", "cancel", "put back"])
        if what == "book" or not self.sessions:
            work, account = self.chance.choice(self.work)
            by = self.chance.choice([account, self.therapist.user])
            length = timedelta(minutes=50)
            return Session.book(work, starts_at=free, length=length, by=by)
        session = Session.objects.get(pk=self.chance.choice(self.sessions[-30:]).pk)
        try:
            if what == "move":
                session.move(starts_at=free, by=self.therapist.user)
            elif what == "cancel":
                session.cancel(by=self.therapist.user)
            else:
                session.put_back(by=self.therapist.user)
        except (Session.AlreadyDone, Session.Taken):
            return None
        return session

    def send_and_kill(self) -> None:
        """Begin a sender that is killed at some step, unless it has ended by then."""
        from django.db import connection, connections

        connections.close_all()
        steps = self.chance.randint(1, STEPS)
        child = os.fork()
        if child == 0:
            left[0] = steps
            connection.execute_wrappers.append(statement)
            try:
                self.send()
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        self.killed += os.WIFSIGNALED(status)
        self._let_claims_run_out()

    def _let_claims_run_out(self) -> None:
        from django.utils import timezone

        from practice.notifications.models import Message

        Message.objects.waiting().update(next_attempt_at=timezone.now())

    def finish(self) -> None:
        """Let one sender finish."""
        self._let_claims_run_out()
        self.send()

    def report(self, kills: int, database: str) -> int:
        """Say what came of it, and return the exit code."""
        from django.conf import settings

        from practice.diary.models import Session

        lines = [json.loads(line) for line in settings.DATA_FILE.read_text().splitlines()]
        copies = Counter(line["id"] for line in lines)
        faults = []
        knows: dict[tuple[str, str], list] = {}
        for line in lines:
            for uid, method, sequence, start in line["said"]:
                session = uid.partition("@")[0]
                if (method, sequence, start) not in self.was[session]:
                    faults.append(f"{session}: {method} {sequence} {start} was never so")
                knows[session, line["to"]] = [method, start]
        for session in Session.objects.select_related("relationship"):
            to = session.relationship.people[0].account.email
            known = knows.get((session.public_id, to))
            truth = ["CANCEL" if session.state == "cancelled" else "REQUEST"]
            truth.append(session.starts_at.timestamp())
            if known != truth and (known or truth[0] == "REQUEST"):
                faults.append(f"{session.public_id}: {to} knows {known}, and {truth} is so")
        again = sum(copies.values()) - len(copies)
        if again > self.killed:
            faults.append(f"{again} copies of {self.killed} kills")
        row("database", "senders", "killed at work", "rolled back", "messages", "again", "wrong")
        row("---", "---:", "---:", "---:", "---:", "---:", "---:")
        row(database, kills, self.killed, self.undone, len(copies), again, len(faults))
        say(f"  copies of one message: {dict(Counter(copies.values()))}")
        return verdict(faults)


if __name__ == "__main__":
    sys.exit(main())
