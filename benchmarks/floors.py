"""What a page takes at least: the shell that all pages have, and its own statements, raw.

The shell is a page without a row: the session, the account, head, navigation and footer. The own
statements of a page are those that the shell does not ask. They are asked again in the same run,
as the server's role, of the database's own driver, and nobody looks at what comes back.

What is written cannot be written again: an entry of the audit, and what a press does. It is timed
as it is written the first time. A press has no shell, as it shows no page.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import psycopg
from django.db import connection, transaction
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX

from benchmarks.asking import hidden_fields
from benchmarks.counting import browser_at
from benchmarks.pages import SHELLS, UNIT, Page, Stage
from benchmarks.watching import is_query
from practice.database.postgresql.base import PreparedCursor
from tests.application_role import application

PRESSES = 8  # times that each press is timed, of which the quickest is the least it takes
IS_ROLE = ("SET ROLE", "SELECT current_setting('role')")  # of the tests, not of the page


@dataclass(frozen=True)
class Statement:
    """A statement with its values, and how long the database took.

    `is_told` says who asks; `is_prepared` is asked again as the page asks it, planned already.
    """

    sql: str
    values: Any
    seconds: float
    is_told: bool = False
    is_prepared: bool = False


@contextmanager
def record() -> Iterator[list[Statement]]:
    """List every statement but those that begin and end transactions."""
    found: list[Statement] = []
    told = psycopg.Connection.execute

    @wraps(told)
    def heard(self: psycopg.Connection, query: Any, params: Any = None, **more: Any) -> Any:
        begun = time.perf_counter()
        answer = told(self, query, params, **more)
        if not str(query).startswith(IS_ROLE):
            took = time.perf_counter() - begun
            found.append(Statement(str(query), params, took, is_told=True))
        return answer

    def timed(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        answer = execute(sql, values, many, context)
        took = time.perf_counter() - begun
        is_prepared = isinstance(context["cursor"].cursor, PreparedCursor)
        found.append(Statement(sql, values, took, is_prepared=is_prepared))
        return answer

    psycopg.Connection.execute = heard  # type: ignore[method-assign]  # who asks is told by it
    try:
        with connection.execute_wrapper(timed):
            yield found
    finally:
        psycopg.Connection.execute = told  # type: ignore[method-assign]


@dataclass(frozen=True)
class Replay:
    """What a page asks: what the shell asks as well and says who asks, and what is its own.

    `written` is how many seconds it took to write what it writes.
    """

    told: list[Statement]
    own: list[Statement]
    written: float

    def seconds(self) -> float:
        """Ask all of it anew, without Django; return how long its own part took."""
        with application(), transaction.atomic():
            for statement in self.told:
                _ask(statement)
            begun = time.perf_counter()
            for statement in self.own:
                _ask(statement)
            took = time.perf_counter() - begun
        return took + self.written


def _ask(statement: Statement) -> None:
    sql = statement.sql
    if connection.vendor == "sqlite":
        sql = FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")
    server = connection.connection
    asked_by = PreparedCursor(server) if statement.is_prepared else server
    cursor = asked_by.execute(sql, statement.values or ())
    if cursor.description:
        cursor.fetchall()


def replay_of(page: Page, stage: Stage) -> Replay:
    """Return what a page asks of the database, to be asked again."""
    shell = next(shell for shell in SHELLS if shell.who == page.who)
    shared, asked = (_asked(one, stage) for one in (shell, page))
    own, told = _without(shared, asked), [s for s in shared if s.is_told]
    asked, written = ([s for s in own if is_query(s.sql) == it] for it in (True, False))
    return Replay(told, asked, sum(s.seconds for s in written))


def _asked(page: Page, stage: Stage) -> list[Statement]:
    browser, path = browser_at(page, stage), page.path(stage)
    browser.get(path)  # so that what is kept from one request to the next is there
    with application(), record() as found:
        browser.get(path)
    return found


def _without(shared: Iterable[Statement], asked: Iterable[Statement]) -> list[Statement]:
    """Return what is asked beside what is shared; of two that are the same, the second."""
    left, own = Counter(statement.sql for statement in shared), []
    for statement in asked:
        if left[statement.sql]:
            left[statement.sql] -= 1
        else:
            own.append(statement)
    return own


def seconds_of_presses(
    presses: Iterable[Page], stages: dict[int, Stage]
) -> dict[tuple[str, int], float]:
    """Press a few times; return how long the own statements of each took at least."""
    took: dict[tuple[str, int], list[float]] = {}
    for _ in range(PRESSES):
        for page in presses:  # in their order: they undo each other
            for size, stage in stages.items():
                own = _without(_asked(UNIT, stage), _pressed(page, stage))
                took.setdefault((page.name, size), []).append(sum(s.seconds for s in own))
        for stage in stages.values():
            stage.cancel_bookings()
    return {press: min(seconds) for press, seconds in took.items()}


def _pressed(page: Page, stage: Stage) -> list[Statement]:
    browser, path = browser_at(page, stage), page.path(stage)
    fields = hidden_fields(browser.get(path).content.decode())
    with application(), record() as found:
        browser.post(path, fields | (page.sends or {}))
    return found
