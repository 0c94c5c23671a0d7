"""Pages without their own Python: what each asks is asked, and what it shows is shown as it was.

They are recorded before the server starts (`benchmarks/floors.py`), and are the floors of pages.
"""

import os
import pickle
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection
from django.template.loader import render_to_string

from practice.accounts.models import User
from practice.audit.models import Entry, Verb

FILE = "BENCHMARK_BARE"  # the variable that says where they are


@dataclass(frozen=True)
class Asked:
    """A statement with its values.

    `is_told` says who asks; `is_prepared` is planned once by PostgreSQL, as the page has it.
    """

    sql: str
    values: Any
    is_told: bool = False
    is_prepared: bool = False

    def ask(self) -> None:
        """Ask it by Django's connection, and read all that comes back."""
        if self.is_told:
            connection.connection.execute(self.sql, self.values)
            return
        prepared = getattr(connection, "prepared_cursor", connection.cursor)
        with prepared() if self.is_prepared else connection.cursor() as cursor:
            cursor.execute(self.sql, self.values or None)
            cursor.fetchall()


@dataclass(frozen=True)
class Look:
    """What the audit says of a page: the verb, of whose practice, and what it is about."""

    verb: str
    therapist: int | None
    about: str


@dataclass(frozen=True)
class BarePage:
    """A page: what it asks beside what every page does, its looks, and its markup."""

    asked: list[Asked]
    looks: list[Look]
    markup: bytes

    def render(self, user: User | None, **context: Any) -> bytes:
        """Do what a page has to: ask, write the audit, render what all pages have."""
        for statement in self.asked:
            statement.ask()
        for look in self.looks:
            verb, therapist = Verb(look.verb), look.therapist
            Entry.record(verb, by=user, therapist=therapist, about=look.about)
        render_to_string("benchmarks/shell.html", **context)  # it is in the markup already
        return self.markup


@cache
def bare_pages() -> dict[tuple[str, int], BarePage]:
    """Return what was recorded, by page and therapist."""
    recorded = Path(os.environ[FILE]).read_bytes()
    found: dict[tuple[str, int], BarePage] = pickle.loads(recorded)  # noqa: S301 - our own file
    return found
