"""What a page takes at least: the same without its Python, on the same server in the same run.

A bare page (`benchmarks/server/bare.py`) goes through all that a request of the product goes
through, asks by Django's connection the statements that the page asks, with their values, reads
the rows, writes the entry of the audit where the page does, renders head, navigation and footer,
and answers with the page's own bytes, which are compressed where the page's are. What it does not
do is to make anything of the rows.

A press shows no page, and what it writes cannot be written again: its floor is the unit, and its
own statements timed as they are asked, of which the quickest time counts.
"""

import pickle
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from benchmarks.asking import hidden_fields
from benchmarks.counting import browser_at
from benchmarks.pages import SHELLS, UNIT, Page, Stage
from benchmarks.server.bare import Asked, BarePage, Look
from benchmarks.watching import is_query
from practice.audit.models import Entry
from practice.database.postgresql.base import PreparedCursor
from tests.application_role import application

PRESSES = 8  # times that each press is timed, of which the quickest is the least it takes
IS_ROLE = ("SET ROLE", "SELECT current_setting('role')")  # of the tests, not of the page


@dataclass
class Recorded:
    """What was asked while it was recorded: statements, the seconds of all, entries of the audit.

    Not those that begin and end transactions.
    """

    asked: list[Asked] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)


@contextmanager
def record() -> Iterator[Recorded]:  # long for the three functions that it puts in place
    """Record every statement, and every entry of the audit."""
    found, told, write = Recorded(), psycopg.Connection.execute, Entry.write

    @wraps(told)
    def heard(self: psycopg.Connection, query: Any, params: Any = None, **more: Any) -> Any:
        begun = time.perf_counter()
        answer = told(self, query, params, **more)
        if not str(query).startswith(IS_ROLE):
            found.seconds.append(time.perf_counter() - begun)
            found.asked.append(Asked(str(query), params, is_told=True))
        return answer

    def timed(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        begun = time.perf_counter()
        answer = execute(sql, values, many, context)
        found.seconds.append(time.perf_counter() - begun)
        is_prepared = isinstance(context["cursor"].cursor, PreparedCursor)
        found.asked.append(Asked(sql, values, is_prepared=is_prepared))
        return answer

    def written(self: Entry) -> None:
        found.looks.append(Look(self.verb, self.therapist_id, self.about))
        write(self)

    psycopg.Connection.execute = heard  # type: ignore[method-assign]  # who asks is told by it
    Entry.write = written  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(timed):
            yield found
    finally:
        psycopg.Connection.execute = told  # type: ignore[method-assign]
        Entry.write = write  # type: ignore[method-assign]


def write_bare_pages(pages: Iterable[Page], stages: dict[int, Stage], file: Path) -> None:
    """Record the pages of each therapist, for the server to show them bare."""
    found = {
        (page.name, size): bare_page_of(page, stage)
        for page in pages
        for size, stage in stages.items()
        if page.sends is None
    }
    file.write_bytes(pickle.dumps(found))


def bare_page_of(page: Page, stage: Stage) -> BarePage:
    """Return what a page asks that a page without a row does not, what it records, its markup."""
    shell = next(shell for shell in SHELLS if shell.who == page.who)
    (shared, _), (opened, markup) = (_opened(one, stage) for one in (shell, page))
    own = [opened.asked[number] for number in _own(shared, opened)]
    asked = [statement for statement in own if is_query(statement.sql)]
    return BarePage(asked, opened.looks, markup)


def path_of(page: Page, stage: Stage, size: int) -> str:
    """Return where the bare page is; with a query where the page has one, which decides whether it
    goes compressed."""
    query = "?q" if "?" in page.path(stage) else ""
    return f"/bare/{page.name.replace(' ', '_')}/{size}/{query}"


def _opened(page: Page, stage: Stage) -> tuple[Recorded, bytes]:
    browser, path = browser_at(page, stage), page.path(stage)
    browser.get(path)  # so that what is kept from one request to the next is there
    with application(), record() as found:
        answer = browser.get(path)
    return found, answer.content


def _own(shared: Recorded, opened: Recorded) -> list[int]:
    """Return which statements are asked beside what is shared; of two that are the same, the
    second."""
    left, own = Counter(statement.sql for statement in shared.asked), []
    for number, statement in enumerate(opened.asked):
        if left[statement.sql]:
            left[statement.sql] -= 1
        else:
            own.append(number)
    return own


def seconds_of_presses(
    presses: Iterable[Page], stages: dict[int, Stage]
) -> dict[tuple[str, int], float]:
    """Press a few times; return how long the own statements of each took at least."""
    took: dict[tuple[str, int], list[float]] = {}
    for _ in range(PRESSES):
        for page in presses:  # in their order: they undo each other
            for size, stage in stages.items():
                shared, pressed = _opened(UNIT, stage)[0], _pressed(page, stage)
                own = sum(pressed.seconds[number] for number in _own(shared, pressed))
                took.setdefault((page.name, size), []).append(own)
        for stage in stages.values():
            stage.cancel_bookings()
    return {press: min(seconds) for press, seconds in took.items()}


def _pressed(page: Page, stage: Stage) -> Recorded:
    browser, path = browser_at(page, stage), page.path(stage)
    fields = hidden_fields(browser.get(path).content.decode())
    with application(), record() as found:
        browser.post(path, fields | (page.sends or {}))
    return found
