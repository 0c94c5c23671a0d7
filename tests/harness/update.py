"""Update the service while people use it: change the tables, then reload the web server.

    python -m tests.harness.update --times 20

Each time the owner adds a column and fills it, adds an index, and takes both away again (what a
version and the one after it do), and gunicorn is sent SIGHUP. Every request has to be answered as
always: nobody is refused, nothing is lost, nobody waits for longer than the web server starts.
"""

import argparse
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event as Flag

import psycopg

from tests.harness.installation import Installation, installation, until
from tests.harness.report import row, say, spread, verdict
from tests.harness.visitor import NoAnswer, Visitor
from tests.harness.working import Therapist

PEOPLE = 4
PATIENTLY = "SET lock_timeout = '2s'"  # whoever changes a table does not keep a queue waiting
FORTH = (
    "ALTER TABLE diary_session ADD COLUMN added_later text NULL",
    "UPDATE diary_session SET added_later = ''",
    "CREATE INDEX CONCURRENTLY added_later ON diary_session (added_later)",
)
BACK = ("DROP INDEX CONCURRENTLY added_later", "ALTER TABLE diary_session DROP COLUMN added_later")


class Updates:
    """Updates, and what came of the requests meanwhile."""

    def __init__(self, practice: Installation) -> None:
        from django.db import connection

        self.practice, self.web = practice, practice.web
        self.people = [Therapist(practice.web.port) for _ in range(PEOPLE)]
        connection.close()
        self.took: list[float] = []
        self.waits: list[float] = []
        self.faults: list[str] = []

    def run(self, times: int) -> None:
        with self.web.running(WEB_CONCURRENCY="2"):
            until(self.answers, "the first answer")
            stop = Flag()
            with ThreadPoolExecutor(PEOPLE + 1) as pool:
                work = [pool.submit(person.work, stop) for person in self.people]
                work.append(pool.submit(self.measure, stop))
                try:
                    for _ in range(times):
                        self.update()
                finally:
                    stop.set()
                for done in work:
                    done.result()
        self.check()

    def update(self) -> None:
        """Change the tables, and have the web server start anew."""
        before, begun = self.acknowledged(), time.monotonic()
        self.do(FORTH)
        os.kill(self.web.process.pid, signal.SIGHUP)
        until(lambda: self.acknowledged() >= before + 8 * PEOPLE, "work during an update")
        self.do(BACK)
        self.took.append(time.monotonic() - begun)

    def do(self, statements: tuple[str, ...]) -> None:
        url = self.practice.postgres.url("stillwater_owner", "practice")
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute(PATIENTLY)
            for statement in statements:
                owner.execute(statement)

    def measure(self, stop: Flag) -> None:
        """Ask for a page again and again; note how long it took."""
        anybody = Visitor(self.web.port)
        while not stop.is_set():
            begun = time.monotonic()
            if anybody.get("/sign-in/").status != 200:
                self.faults.append("the sign-in page was refused")
            self.waits.append(time.monotonic() - begun)
            time.sleep(0.02)

    def acknowledged(self) -> int:
        return sum(person.acknowledged for person in self.people)

    def answers(self) -> bool:
        try:
            return self.people[0].visitor.get("/livez").status == 200
        except NoAnswer:
            return False

    def check(self) -> None:
        """Compare the database with what was answered."""
        from django.db import connection

        for person in self.people:
            person.settle()
            self.faults += person.faults
            self.faults += [f"{number} without an answer" for number in person.unanswered.values()]
            if person.unknown:
                self.faults.append(f"{person.unknown} refused")
        connection.close()


def report(practice: Installation, times: int) -> int:
    """Update so many times, say what came of it, and return the exit code."""
    updates = Updates(practice)
    updates.run(times)
    say("| what | times | acknowledged | violations | update median / max | a page median / max |")
    row(
        "tables changed, web server reloaded",
        times,
        updates.acknowledged(),
        len(updates.faults),
        spread(updates.took),
        spread(updates.waits),
    )
    return verdict(updates.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=20)
    times = parser.parse_args().times
    with installation("postgres", "?pool=true") as practice:
        return report(practice, times)


if __name__ == "__main__":
    sys.exit(main())
