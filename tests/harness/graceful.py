"""Ask the web server to end while people use it: everybody who was let in is answered.

    python -m tests.harness.graceful --times 100 --database sqlite

Each time gunicorn is sent SIGTERM under load and has to leave with exit code 0. Every request is
answered as always, or was never let in: its connection was refused, or it still waited in the
system's queue and was closed unread. Of a POST without an answer the database knows nothing.
"""

import argparse
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

from tests.harness.installation import Installation, installation, until
from tests.harness.report import row, say, spread, verdict
from tests.harness.visitor import NoAnswer
from tests.harness.working import Therapist

PEOPLE = 6
WORK = (1, 12)  # acknowledgements between a start and SIGTERM


class Shutdowns:
    """Shutdowns, and what came of the requests under way."""

    def __init__(self, practice: Installation) -> None:
        from django.db import connection

        self.web = practice.web
        self.people = [Therapist(practice.web.port) for _ in range(PEOPLE)]
        connection.close()
        self.codes: Counter[int] = Counter()
        self.took: list[float] = []
        self.faults: list[str] = []

    def run(self, times: int) -> None:
        for number in range(1, times + 1):
            self.web.start()
            until(self.answers, "the first answer")
            self.work_and_end()
            self.check(number)

    def work_and_end(self) -> None:
        stop, enough = Flag(), self.acknowledged() + random.randint(*WORK)
        with ThreadPoolExecutor(PEOPLE) as pool:
            work = [pool.submit(person.work, stop) for person in self.people]
            until(lambda: self.acknowledged() >= enough, "enough work")
            time.sleep(random.uniform(0, 0.03))
            begun = time.monotonic()
            self.codes[self.web.terminate()] += 1
            self.took.append(time.monotonic() - begun)
            stop.set()
        for done in work:
            done.result()

    def acknowledged(self) -> int:
        return sum(person.acknowledged for person in self.people)

    def answers(self) -> bool:
        try:
            return self.people[0].visitor.get("/livez").status == 200
        except NoAnswer:
            return False

    def check(self, number: int) -> None:
        """Compare the database with what was answered: what was not answered was not done."""
        from django.db import connection

        for person in self.people:
            person.settle()
            if person.happened:
                person.faults.append("a request was let in, done, and not answered")
            self.faults += [f"shutdown {number}: {fault}" for fault in person.faults]
            person.faults, person.happened = [], 0
        connection.close()


def report(practice: Installation, times: int) -> int:
    """End the server so many times, say what came of it, and return the exit code."""
    shutdowns = Shutdowns(practice)
    begun = time.monotonic()
    shutdowns.run(times)
    seconds = time.monotonic() - begun
    unanswered = sum((person.unanswered for person in shutdowns.people), Counter())
    refused = unanswered.pop("ConnectionRefusedError", 0)
    say(
        "| what | database | times | acknowledged | refused | closed unread | exit code 0 "
        "| violations | shutdown median / max | took |"
    )
    row(
        "SIGTERM under load",
        practice.database,
        times,
        shutdowns.acknowledged(),
        refused,
        unanswered.total(),
        shutdowns.codes[0],
        len(shutdowns.faults),
        spread(shutdowns.took),
        f"{seconds:,.0f} s",
    )
    return verdict(shutdowns.faults) or int(set(shutdowns.codes) != {0})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    options = parser.parse_args()
    with installation(options.database) as practice:
        return report(practice, options.times)


if __name__ == "__main__":
    sys.exit(main())
