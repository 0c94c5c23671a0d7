"""Hold what everybody needs, and see that nobody waits long: who would is told so, in calm words.

    python -m tests.harness.locked --database postgres --seconds 30

While the rows of some accounts are locked (on SQLite: while somebody writes), their owners sign in,
at first fewer than the server has threads, then three times as many. Each is to be answered 503 as
soon as the server gives up waiting; `/livez` and everybody else at once while a thread is free, and
in one round of waiting after another when none is. On PostgreSQL a whole table is locked, too, as a
migration does. What waits in a command (here: this process) waits until it is its turn.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from math import ceil

from tests.harness.installation import PATIENCE, Installation, installation, until
from tests.harness.recovery import AWAY
from tests.harness.report import row, say, spread, verdict
from tests.harness.visitor import Answer, NoAnswer, Visitor

THREADS = 8  # of the web server, see installation.py
# Seconds that a request may wait for the database (practice/database/waiting.py): for a statement,
# and on SQLite for each of the limits of sign-in, which are written apart.
WAIT = {"PostgreSQL": 3, "SQLite": 8}
AT_ONCE = 0.5  # seconds, in the median
ROWS = (
    "SELECT FROM accounts_user WHERE NOT EXISTS (SELECT FROM accounts_therapist t "
    "WHERE t.user_id = accounts_user.id) FOR UPDATE"
)
TABLE = "LOCK TABLE accounts_user IN ACCESS EXCLUSIVE MODE"


@contextmanager
def held(practice: Installation, sql: str) -> Iterator[None]:
    """Hold something in a transaction of somebody else's; on SQLite whatever is written."""
    if practice.postgres:
        import psycopg

        url = os.environ["DATABASE_URL"].partition("?")[0]  # without what is said to Django
        with psycopg.connect(url) as connection:
            connection.execute(sql)
            yield
    else:
        file = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.close()


class Waiting:
    """People who wait, for how long, and what they were told."""

    def __init__(self, practice: Installation, seconds: float, people: int) -> None:
        from django.db import connection

        from tests.factories import TherapistFactory, UserFactory

        self.practice, self.seconds, self.people = practice, seconds, people
        self.bound = float(PATIENCE)
        self.users = [UserFactory() for _ in range(people)]
        self.reader = Visitor(practice.web.port, TherapistFactory().user)
        self.nobody = Visitor(practice.web.port)
        connection.close()
        self.waited: list[float] = []
        self.lived: list[float] = []
        self.faults: list[str] = []

    def timed(self, what: str, ask: Callable[[], Answer], status: int, bound: float) -> float:
        """Ask, and note what is not as it should be; return how long it took."""
        begun = time.monotonic()
        try:
            answer = ask()
        except NoAnswer as why:
            self.faults.append(f"{what} was not answered: {why}")
            return time.monotonic() - begun
        took = time.monotonic() - begun
        is_calm = status != 503 or (AWAY in answer.text and answer.headers["Retry-After"])
        if answer.status != status or not is_calm:
            self.faults.append(f"{what} was answered {answer.status}: {answer.text[:80]!r}")
        if took > bound:
            self.faults.append(f"{what} took {took:.1f} s, more than {bound} s")
        return took

    def sign_in(self, number: int, status: int, bound: float) -> float:
        """Sign in as one of those whose row is locked."""
        from tests.factories import PASSWORD

        number %= self.people
        visitor = Visitor(self.practice.web.port, comes_from=f"10.1.0.{number}")
        page = visitor.get("/sign-in/")
        typed = {"login": self.users[number].email, "password": PASSWORD}
        return self.timed(
            "/sign-in/", lambda: visitor.post("/sign-in/", page, **typed), status, bound
        )

    def live_while(self, waiting: list[Future], bound: float) -> None:
        """Ask whether the server lives until nobody waits any more."""
        while not all(future.done() for future in waiting):
            self.lived.append(self.timed("/livez", lambda: self.nobody.get("/livez"), 200, bound))
            time.sleep(0.1)
        self.waited += [future.result() for future in waiting]

    def run(self) -> None:
        """Hold the rows until the time is over; then everybody gets in."""
        with ThreadPoolExecutor(self.people + 1) as pool:
            few = range(THREADS // 2)
            usual = max(pool.map(lambda number: self.sign_in(number, 302, PATIENCE), few))
            self.bound = WAIT[self.practice.database] + 3 * usual  # the machine may be busy
            with held(self.practice, ROWS):
                command = pool.submit(self.change) if self.practice.postgres else None
                self.few_wait(pool)
                self.many_wait(pool)
                if command and command.done():
                    self.faults.append(f"a command did not wait: {command.exception()}")
            if command and (error := command.exception()):
                self.faults.append(f"a command was cut: {error}")
        self.sign_in(0, 302, self.bound)
        if self.practice.postgres:
            with held(self.practice, TABLE):
                ask = partial(self.reader.get, "/clients/")
                self.waited.append(self.timed("/clients/", ask, 503, self.bound))

    def few_wait(self, pool: ThreadPoolExecutor) -> None:
        """Half of the threads wait; nobody else does."""
        begun, turn = time.monotonic(), 0
        while not turn or time.monotonic() - begun < self.seconds:
            numbers = range(turn, turn := turn + THREADS // 2)
            waiting = [pool.submit(self.sign_in, number, 503, self.bound) for number in numbers]
            time.sleep(0.5)
            self.timed("another's page", partial(self.reader.get, "/help/"), 200, self.bound)
            self.live_while(waiting, self.bound)
        if (usual := statistics.median(self.lived)) > AT_ONCE:
            self.faults.append(f"/livez took {usual:.1f} s while threads were free")

    def many_wait(self, pool: ThreadPoolExecutor) -> None:
        """All threads wait, and others wait for the threads: one after another, and no longer."""
        bound = self.bound * (ceil(self.people / THREADS) + 1)
        waiting = [pool.submit(self.sign_in, number, 503, bound) for number in range(self.people)]
        self.live_while(waiting, bound)

    def change(self) -> None:
        """Change one of the rows, as a command does."""
        from django.db import connection

        from practice.accounts.models import User

        User.objects.filter(pk=self.users[0].pk).update(is_active=True)
        connection.close()

    def answers(self) -> bool:
        try:
            return self.reader.get("/help/").status == 200
        except NoAnswer:
            return False


def report(practice: Installation, seconds: float, people: int = 3 * THREADS) -> int:
    """Hold it for so long, say what came of it, and return the exit code."""
    waiting = Waiting(practice, seconds, people)
    practice.web.start()
    until(waiting.answers, "the first answer")
    waiting.run()
    practice.web.kill()
    say("| what | database | held | waited median / max | /livez median / max | violations |")
    row(
        "rows are locked",
        practice.database,
        f"{seconds:.0f} s",
        spread(waiting.waited),
        spread(waiting.lived),
        len(waiting.faults),
    )
    return verdict(waiting.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="postgres")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pool", action="store_true", help="keep connections (?pool=true)")
    options = parser.parse_args()
    query = "?pool=true" if options.pool else "?pool=false"
    with installation(options.database, query) as practice:
        return report(practice, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
