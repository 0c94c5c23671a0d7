"""Kill a server while people work, again and again: nothing that was acknowledged is lost.

    python -m tests.harness.crash --target sqlite-web --cycles 1000

Targets: `sqlite-web` and `postgres-web` kill gunicorn, `postgres-server` every process of
PostgreSQL. Six therapists end, restart and book over HTTP; then SIGKILL, a new start, and each of
them compares the database with what they were told. SIGKILL is no power cut: what had reached the
system's memory survives it.
"""

import argparse
import io
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

from tests.harness.installation import Installation, installation, until
from tests.harness.report import row, say, spread, verdict
from tests.harness.visitor import NoAnswer
from tests.harness.working import Therapist

TARGETS = {
    "sqlite-web": "kill -9 of the web server",
    "postgres-web": "kill -9 of the web server",
    "postgres-server": "kill -9 of PostgreSQL",
}
PEOPLE = 6
WORK = (1, 12)  # acknowledgements between a start and the kill


class Crashes:
    """Cycles, and what came of them."""

    def __init__(self, practice: Installation, target: str) -> None:
        self.practice, self.target = practice, target
        self.people = [Therapist(practice.web.port) for _ in range(PEOPLE)]
        self.recoveries: list[float] = []
        self.faults: list[str] = []

    def run(self, cycles: int) -> None:
        self.practice.web.start()
        until(self.answers, "the first answer")
        for number in range(1, cycles + 1):
            self.work_and_kill()
            self.recoveries.append(self.recover())
            self.check(number)

    def work_and_kill(self) -> None:
        from django.db import connection

        connection.close()  # a web server that starts anew is the first to open the file
        stop, enough = Flag(), self.acknowledged() + random.randint(*WORK)
        with ThreadPoolExecutor(PEOPLE) as pool:
            work = [pool.submit(person.work, stop) for person in self.people]
            until(lambda: self.acknowledged() >= enough, "enough work")
            time.sleep(random.uniform(0, 0.03))
            if self.target == "postgres-server":
                self.practice.postgres.kill()
            else:
                self.practice.web.kill()
            stop.set()
        for done in work:
            done.result()

    def acknowledged(self) -> int:
        return sum(person.acknowledged for person in self.people)

    def recover(self) -> float:
        """Start again what was killed; return the seconds until a page was answered.

        They count from the start of the web server, or since PostgreSQL has accepted connections.
        """
        if self.target == "postgres-server":
            self.practice.postgres.start()
            return until(self.answers, "an answer after the crash")
        if self.target == "postgres-web":
            until(self.is_quiet, "the end of the transactions")
        self.practice.web.start()
        return until(self.answers, "an answer after the crash")

    def answers(self) -> bool:
        """Whether somebody signed in is shown a page."""
        try:
            return self.people[0].visitor.get("/clients/").status == 200
        except NoAnswer:
            return False

    def is_quiet(self) -> bool:
        """Whether PostgreSQL has noticed that the web server is gone."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'stillwater'")
            return cursor.fetchone() == (0,)

    def check(self, number: int) -> None:
        from django.db import connection

        for person in self.people:
            person.settle()
            self.faults += [f"cycle {number}: {fault}" for fault in person.faults]
            person.faults = []
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                for pragma, good in (("integrity_check", [("ok",)]), ("foreign_key_check", [])):
                    found = cursor.execute(f"PRAGMA {pragma}").fetchall()
                    if found != good:
                        self.faults.append(f"cycle {number}: {pragma} says {found[:3]}")


def report(practice: Installation, target: str, cycles: int) -> int:
    """Run so many cycles, say what came of them, and return the exit code."""
    from django.core.management import call_command

    crashes = Crashes(practice, target)
    begun = time.monotonic()
    crashes.run(cycles)
    seconds = time.monotonic() - begun
    practice.web.kill()
    call_command("verify_audit", stdout=io.StringIO())  # every seal of it
    people = crashes.people
    unknown = sum(person.unknown for person in people)
    happened = sum(person.happened for person in people)
    say(
        "| what | database | cycles | acknowledged | unknown (of them done) | violations "
        "| recovery median / max | took |"
    )
    row(
        TARGETS[target],
        practice.database,
        cycles,
        crashes.acknowledged(),
        f"{unknown:,} ({happened:,})",
        len(crashes.faults),
        spread(crashes.recoveries),
        f"{seconds:,.0f} s",
    )
    return verdict(crashes.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--target", choices=TARGETS, required=True)
    parser.add_argument("--cycles", type=int, default=1000)
    options = parser.parse_args()
    with installation(options.target.partition("-")[0]) as practice:
        return report(practice, options.target, options.cycles)


if __name__ == "__main__":
    sys.exit(main())
