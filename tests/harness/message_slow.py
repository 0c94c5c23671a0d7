"""Pages beside a mail server that takes long to answer: nobody waits for it.

    python -m tests.harness.message_slow --seconds 30 --rounds 20

A client books, moves and cancels by the web server, whose own thread sends the messages. First the
mail server answers at once, and then it takes so many seconds for each message, and has one in hand
all the time. Each round asks for `/me/` as well, the smallest page that there is, so pages are
compared by how many times as long they take: a busy machine makes everything slow.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.harness.installation import Installation, free_port, installation, until
from tests.harness.report import row, say, verdict
from tests.harness.visitor import Answer, Visitor
from tests.smtp_server import Inbox, smtp_server

UNIT = "/me/"
AS_USUAL = 2.0  # times its usual share of the unit: more is waiting, and less is chance
HOURS = range(9, 16)
TO_BE_TOLD = 40  # messages, enough for as long as pages are asked for


class SlowInbox(Inbox):
    """It takes every message, each after so many seconds; `held` is how many it has in hand."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds, self.held = 0.0, 0

    async def handle_DATA(self, *conversation: object) -> str:  # noqa: N802 - aiosmtpd's name
        self.held += 1
        try:
            await asyncio.sleep(self.seconds)
            return await super().handle_DATA(*conversation)
        finally:
            self.held -= 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    asked = parser.parse_args()
    inbox, port = SlowInbox(), free_port()
    os.environ.update(EMAIL_HOST="127.0.0.1", EMAIL_PORT=str(port), EMAIL_TLS="none")
    os.environ.update(DEFAULT_FROM_EMAIL="post@practice.example", MESSAGE_GRACE="0")
    with installation(asked.database) as practice, smtp_server(inbox, port=port):
        own = {"DJANGO_SETTINGS_MODULE": "tests.harness.settings_with_unit"}
        with practice.web.running(**own):
            rounds = Rounds(practice)
            usual = rounds.run(asked.rounds)
            inbox.seconds = asked.seconds
            rounds.let_messages_wait()
            until(lambda: inbox.held > 0, "a message that is held")
            begun, arrived = time.monotonic(), len(inbox.messages)
            slow = rounds.run(asked.rounds, while_=lambda: inbox.held > 0)
            took = time.monotonic() - begun
            say(f"{len(inbox.messages) - arrived} messages were taken in {took:.0f} s meanwhile")
    return verdict([*rounds.faults, *compared(usual, slow, asked.seconds)])


class Rounds:
    """A client who books, moves and cancels again and again."""

    def __init__(self, practice: Installation) -> None:
        from tests.diary import works
        from tests.factories import ClientFactory, TherapistFactory, UserFactory, start

        therapist, account = TherapistFactory(), UserFactory()
        works(therapist, "09:00-17:00", days=range(7))
        self.work = start(ClientFactory(therapist=therapist, account=account, email=account.email))
        self.visitor = Visitor(practice.web.port, account)
        until(self._serves, "the web server")
        self.number, self.faults = 0, []

    def _serves(self) -> bool:
        from tests.harness.visitor import NoAnswer

        try:
            return self.visitor.get(UNIT).status == 200
        except NoAnswer:
            return False

    def let_messages_wait(self) -> None:
        """Book sessions that stand: what is cancelled again so soon is told to nobody."""
        from tests.diary import DAY, book

        tonight = datetime.now(UTC).replace(hour=20, minute=0, second=0, microsecond=0)
        for number in range(1, TO_BE_TOLD + 1):
            book(self.work, tonight + number * DAY)

    def run(self, rounds: int, while_: Callable[[], bool] = lambda: True) -> dict[str, list[float]]:
        """Return the seconds that each page took; judge that each round was `while_` that is so."""
        took: dict[str, list[float]] = defaultdict(list)
        idle = 0
        for _ in range(rounds):
            before = while_()
            self.once(took)
            idle += not (before or while_())
        if idle:
            self.faults.append(f"the mail server had nothing in hand in {idle} rounds")
        return took

    def once(self, took: dict[str, list[float]]) -> None:
        """Book, move and cancel, and ask for the unit before each."""
        first, second = self._free(), self._free()
        booking = f"/book/{self.work.public_id}/{first}/"
        made = self._press(took, "booking", booking)
        session = made.headers["Location"]
        self._press(took, "moving", f"{session}move/{second}/")
        self._press(took, "cancelling", f"{session}cancel/")
        self._timed(took, "a session and what was sent", lambda: self.visitor.get(session), 200)

    def _free(self) -> str:
        self.number += 1
        week, hour = divmod(self.number % 140, len(HOURS))
        day = datetime.now(UTC).date() + timedelta(days=4 + week)
        return f"{day}/{HOURS[hour]:02}00"

    def _press(self, took: dict[str, list[float]], what: str, path: str) -> Answer:
        page = self.visitor.get(path)
        return self._timed(took, what, lambda: self.visitor.post(path, page), 303)

    def _timed(
        self, took: dict[str, list[float]], what: str, act: Callable[[], Answer], status: int
    ) -> Answer:
        for name, ask in ((UNIT, lambda: self.visitor.get(UNIT)), (what, act)):
            begun = time.monotonic()
            answer = ask()
            took[name].append(time.monotonic() - begun)
        if answer.status != status:
            self.faults.append(f"{what} was answered {answer.status}")
        return answer


def compared(
    usual: dict[str, list[float]], slow: dict[str, list[float]], seconds: float
) -> list[str]:
    """Print how long each page took, by its median, and return the faults."""
    faults = []
    row("page", "usually", f"times {UNIT}", "with a slow mail server", f"times {UNIT}", "longest")
    row("---", "---:", "---:", "---:", "---:", "---:")
    unit, unit_slow = (statistics.median(took[UNIT]) for took in (usual, slow))
    for name, seconds_before in usual.items():
        before, now = statistics.median(seconds_before), statistics.median(slow[name])
        shares = before / unit, now / unit_slow
        times = [f"{1000 * before:.0f} ms", f"{shares[0]:.1f}"]
        row(name, *times, f"{1000 * now:.0f} ms", f"{shares[1]:.1f}", f"{max(slow[name]):.2f} s")
        if shares[1] > AS_USUAL * shares[0] or max(slow[name]) > seconds / 2:
            faults.append(f"{name} waits")
    return faults


if __name__ == "__main__":
    sys.exit(main())
