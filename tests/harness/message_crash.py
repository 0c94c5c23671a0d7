"""Kill whoever changes a session and sends the message, at any moment: nothing lost or invented.

    python -m tests.harness.message_crash --times 1000 --database sqlite

`message_kills.py` ends a sender at every one of its steps. Here each time a process of its own
books, moves, cancels or puts back a session, or begins to and takes it back, and then sends what is
due by SMTP to a mail server in another process; after a random time it is killed (SIGKILL), in the
middle of a commit or of a message as it happens. Afterwards what is left is sent, and what has
arrived is held against the database: every session is with its client as it is, and nothing that
has arrived was never so.
"""

import argparse
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.harness import calendar_receivers as receivers
from tests.harness.histories import HOUR, LENGTH, Letter, differences, never_told, truth
from tests.harness.installation import free_port, installation, until
from tests.harness.messages import MEMORY, files_of
from tests.harness.report import row, say, verdict

BEGUN, COMMITTED, SENT = b"b", b"c", b"s"
TRIAL = 10  # that are not killed, to learn how long one takes
ACTS = ["book", "book", "move", "move", "cancel", "put_back", "place", "taken back"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    asked = parser.parse_args()
    with (
        mail_server(EMAIL_TIMEOUT="1", MESSAGE_GRACE="0") as folder,
        installation(asked.database),
    ):
        kills = Kills(folder, random.Random(asked.seed))
        kills.run(asked.times)
        faults = kills.judge()
    return verdict(faults)


@contextmanager
def mail_server(**settings: str) -> Iterator[Path]:
    """Send by a mail server in a process of its own; yield the folder into which it writes.

    What is set is set of whatever is started from here on: the server's address, and `settings`.
    """
    if MEMORY.is_dir():
        tempfile.tempdir = str(MEMORY)
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), str(free_port())
        os.environ.update(
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=port,
            EMAIL_TLS="none",
            DEFAULT_FROM_EMAIL="post@practice.example",
            **settings,
        )
        process = subprocess.Popen([sys.executable, "-m", "tests.harness.mail_folder", port, name])
        try:
            until((folder / "ready").exists, "the mail server")
            yield folder
        finally:
            process.terminate()
            process.wait()


class Kills:
    """A practice, and processes that change it and are killed."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        from django.conf import settings

        from tests.factories import ClientFactory, TherapistFactory, UserFactory, start

        settings.CHAIN_IN_BACKGROUND = False  # a process that has threads is not to be doubled
        self.folder, self.chance, self.ends = folder, chance, Counter()
        self.states: dict[str, set] = {}  # all that ever were, by UID
        therapist, account = TherapistFactory(), UserFactory()
        client = ClientFactory(therapist=therapist, account=account, email=account.email)
        self.work, self.by = start(client), [therapist.user, account]
        self.slot = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)

    def run(self, times: int) -> None:
        took = []
        for _ in range(TRIAL):
            begun = time.monotonic()
            self._one(None)
            took.append(time.monotonic() - begun)
        longest = 1.3 * statistics.median(took)
        self.ends.clear()
        begun = time.monotonic()
        for number in range(1, times + 1):
            self._one(self.chance.uniform(0, longest))
            if number % 100 == 0:
                say(f"  {number} kills after {time.monotonic() - begun:.0f} s")

    def _one(self, seconds: float | None) -> None:
        """Let a process change something and send it; kill it after so long."""
        from django.db import connections

        what, self.slot = self.chance.choice(ACTS), self.slot + 4 * HOUR
        seed = self.chance.random()
        connections.close_all()
        said, say_it = os.pipe()
        process = os.fork()
        if process == 0:
            os.close(said)
            self._change_and_send(what, random.Random(seed), say_it)
        os.close(say_it)
        if seconds is not None:
            time.sleep(seconds)
            os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        with os.fdopen(said, "rb") as pipe:
            self.ends[pipe.read()[-1:] or b""] += 1
        for uid, entry in truth().items():
            self.states.setdefault(uid, set()).add(entry)

    def _change_and_send(self, what: str, chance: random.Random, wire: int) -> None:
        """Do it, in a process that ends here whatever happens."""
        from practice.notifications.worker import send_everything

        try:
            os.write(wire, BEGUN)
            self._change(what, chance)
            os.write(wire, COMMITTED)
            send_everything()
            os.write(wire, SENT)
        except Exception as error:  # a session that is not there to be moved, for example
            os.write(wire, type(error).__name__[:1].encode())
        finally:
            os._exit(0)

    def _change(self, what: str, chance: random.Random) -> None:
        from django.db import transaction

        from practice.diary.models import Session

        by = chance.choice(self.by)
        if what in ("book", "taken back"):
            with transaction.atomic():
                Session.book(self.work, starts_at=self.slot, length=LENGTH, by=by)
                transaction.set_rollback(what == "taken back")
            return
        session = chance.choice(list(Session.objects.order_by("-pk")[:20]))
        match what:
            case "move":
                session.move(starts_at=session.starts_at + chance.choice([-1, 1]) * HOUR, by=by)
            case "cancel":
                session.cancel(by=by)
            case "put_back":
                session.put_back(by=by)
            case "place":
                session.set_place(f"Room {chance.randint(1, 9)}", by=self.by[0])

    def judge(self) -> list[str]:
        """Send what is left, print what came of it, and return the faults."""
        from practice.notifications.models import Message
        from practice.notifications.worker import send_everything

        def is_quiet() -> bool:
            send_everything()
            return not Message.objects.waiting().exists()

        until(is_quiet, "the last message", patience=300)
        letters = [Letter(file.read_bytes()) for file in sorted(self.folder.glob("*.eml"))]
        boxes: dict[str, list[Letter]] = {}
        for letter in letters:
            boxes.setdefault(letter.to, []).append(letter)
        told = {to: receivers.reference(files_of(own)) for to, own in boxes.items()}
        state = truth()
        lost = never_told(told)
        for has in told.values():
            lost += differences(has, {uid: e for uid, e in state.items() if uid in has})
        read = [receivers.read(file) for file in files_of(letters)]
        invented = [f"{one.uid}: {one.entry}" for one in read if not self._was(one)]
        times = Counter(letter.message_id for letter in letters)
        contents = Counter(
            (id_, *files_of([letter])) for letter in letters for id_ in [letter.message_id]
        )
        torn = [f"{id_} said two things" for id_ in times if sum(k[0] == id_ for k in contents) > 1]
        row("killed", "times")
        row("---", "---:")
        row("before the change was committed", self.ends[BEGUN] + self.ends[b""])
        row("after the commit and before all was sent", self.ends[COMMITTED])
        row(
            "when all was done",
            sum(self.ends.values()) - sum(self.ends[end] for end in (b"", BEGUN, COMMITTED)),
        )
        row("messages that arrived", len(times))
        row(
            "more than once, with the same Message-ID and the same words", len(letters) - len(times)
        )
        row("lost", len(lost))
        row("invented", len(invented))
        return [f"lost: {one}" for one in lost] + [f"invented: {one}" for one in invented] + torn

    def _was(self, one: receivers.Read) -> bool:
        """Whether a session ever was as an invitation says; of what is cancelled only that."""
        return one.entry in self.states.get(one.uid, set())


if __name__ == "__main__":
    sys.exit(main())
