"""Eight browsers press the same button of one relationship at once, round after round.

    python -m tests.harness.relationship_race --rounds 1000

Rounds take turns: all end it, undo the ending, restart it, correct the reason; half undo while half
restart. Each is a whole request with a session and a connection of its own. After a round exactly
one event is new, state and counters agree with it, and nobody was shown an error. The database is
the one of DATABASE_URL; without it, SQLite.
"""

import argparse
import os
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from threading import Barrier

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from clients.models import Client  # noqa: E402
from relationships.models import Relationship  # noqa: E402
from tests.harness.booking_race import throwaway_database  # noqa: E402
from tests.harness.report import row, say, verdict  # noqa: E402

THREADS = 8
RACES = {  # what half of the browsers press, and the other half; what is new then
    ("end", "end"): {"ended"},
    ("reason", "reason"): {"corrected"},
    ("undo", "undo"): {"end_undone"},
    ("restart", "restart"): {"restarted"},
    ("undo", "restart"): {"end_undone", "restarted"},
}


class Race:
    """Rounds, and what came of them."""

    def __init__(self) -> None:
        from tests.conftest import browser_of
        from tests.factories import ClientFactory, TherapistFactory, start

        self.therapist = TherapistFactory()
        self.people = ClientFactory.create_batch(2, therapist=self.therapist)
        self.relationship = start(*self.people)
        self.address = f"/relationships/{self.relationship.public_id}/"
        self.browsers = [browser_of(self.therapist.user) for _ in range(THREADS)]
        for browser in self.browsers:
            browser.raise_request_exception = False
        self.barrier = Barrier(THREADS)
        self.winners: Counter[str] = Counter()
        self.answers: Counter[int] = Counter()
        self.faults: list[str] = []

    def run(self, rounds: int) -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            for number, buttons in zip(range(1, rounds + 1), cycle(RACES), strict=False):
                self.prepare(buttons[0])
                known = self.relationship.events.count()
                pressed = [buttons[i % 2] for i in range(THREADS)]
                answers = list(pool.map(self.press, self.browsers, pressed))
                self.answers.update(answers)
                self.judge(f"round {number} ({' and '.join(buttons)})", answers, known)
                won = list(self.relationship.events.order_by("pk").values_list("kind", flat=True))[
                    known:
                ]
                if len(won) != 1 or won[0] not in RACES[buttons]:
                    self.faults.append(f"round {number} ({buttons}): {won}")
                self.winners.update(won)
            list(pool.map(self.leave, range(THREADS)))

    def prepare(self, button: str) -> None:
        """Bring the relationship into the state in which the button is there."""
        self.relationship = Relationship.objects.get(pk=self.relationship.pk)
        by = self.therapist.user
        if button == "end" and self.relationship.is_ended:
            self.relationship.restart(by=by)
        elif button in ("undo", "restart") and not self.relationship.is_ended:
            self.relationship.end(by=by, reason="completed")
        elif button == "reason":
            if self.relationship.is_ended:
                self.relationship.restart(by=by)
            self.relationship.end(by=by, reason="completed")
        self.typed = {"reason": "other", "note": "a note"}
        if self.relationship.ended_at:
            self.typed["ended_at"] = self.relationship.ended_at.isoformat()

    def press(self, browser: object, button: str) -> int:
        connection.ensure_connection()
        self.barrier.wait(timeout=60)
        return browser.post(f"{self.address}{button}/", self.typed).status_code

    def leave(self, _: int) -> None:
        self.barrier.wait(timeout=60)
        connection.close()

    def judge(self, name: str, answers: list[int], known: int) -> None:
        """Hold what is in the tables against each other and against the answers."""
        relationship = Relationship.objects.get(pk=self.relationship.pk)
        last = relationship.events.latest("pk")
        ids = [person.pk for person in self.people]
        counters = Client.objects.filter(pk__in=ids).values_list("active_relationships", flat=True)
        wrong = {
            f"answers {answers}": set(answers) != {303},
            f"{relationship.events.count() - known} events": relationship.events.count()
            != known + 1,
            "state and history": relationship.is_ended != (last.kind in ("ended", "corrected")),
            "counters": set(counters) != {0 if relationship.is_ended else 1},
        }
        self.faults += [f"{name}: {what}" for what, is_so in wrong.items() if is_so]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=1000)
    rounds = parser.parse_args().rounds
    setup_test_environment()
    database = throwaway_database()
    next(database)
    try:
        race = Race()
        begun = time.monotonic()
        race.run(rounds)
        seconds = time.monotonic() - begun
    finally:
        next(database, None)
    say("| what | database | rounds | requests | errors 500 | winners | violations | took |")
    row(
        f"{THREADS}-way end, undo, restart, correct",
        connection.vendor,
        rounds,
        race.answers.total(),
        sum(number for status, number in race.answers.items() if status >= 500),
        race.winners.total(),
        len(race.faults),
        f"{seconds:,.0f} s",
    )
    return verdict(race.faults)


if __name__ == "__main__":
    sys.exit(main())
