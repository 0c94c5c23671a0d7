"""The database's rules about some tables at rest, for the length of a block of one transaction.

Triggers do not fire, and PostgreSQL looks at foreign keys at the end of the block. Whatever else
there is holds: unique and exclusion constraints, checks. On SQLite triggers are dropped and made
again as they were. Nobody else writes to the tables meanwhile.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import connection

TRIGGERS = """
    SELECT tgrelid::regclass::text, quote_ident(tgname), tgenabled FROM pg_trigger
    WHERE tgrelid = ANY(%s::regclass[]) AND NOT tgisinternal ORDER BY tgrelid, tgname"""
FOREIGN_KEYS = """
    SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint
    WHERE contype = 'f' AND NOT condeferrable AND conrelid = ANY(%s::regclass[])
    ORDER BY conrelid, conname"""
ENABLED = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}
OF_SQLITE = """
    SELECT name, sql FROM sqlite_master
    WHERE type = 'trigger' AND tbl_name IN (SELECT value FROM json_each(%s)) ORDER BY name"""


@contextmanager
def rules_at_rest(tables: Sequence[str]) -> Iterator[None]:
    """Let triggers and composite foreign keys of these tables rest; to be called in a transaction.

    Raises:
        IntegrityError: at the end a foreign key leads nowhere.
    """
    at_rest = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    with at_rest(list(tables)):
        yield


@contextmanager
def _on_postgresql(tables: list[str]) -> Iterator[None]:
    triggers, keys = _ask(TRIGGERS, tables), _ask(FOREIGN_KEYS, tables)
    _do("SET CONSTRAINTS ALL IMMEDIATE")  # what is put off until the commit is in the way
    for table, name, _ in triggers:
        _do(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    for table, name in keys:
        _do(f"ALTER TABLE {table} ALTER CONSTRAINT {name} DEFERRABLE INITIALLY DEFERRED")
    _do("SET CONSTRAINTS ALL DEFERRED")
    yield
    _do("SET CONSTRAINTS ALL IMMEDIATE")
    for table, name in keys:
        _do(f"ALTER TABLE {table} ALTER CONSTRAINT {name} NOT DEFERRABLE")
    for table, name, enabled in triggers:
        _do(f"ALTER TABLE {table} {ENABLED[enabled]} TRIGGER {name}")


@contextmanager
def _on_sqlite(tables: list[str]) -> Iterator[None]:
    quoted = ",".join(f'"{table}"' for table in tables)
    triggers = _ask(OF_SQLITE, f"[{quoted}]")
    for name, _ in triggers:
        _do(f'DROP TRIGGER "{name}"')
    yield
    for _, definition in triggers:
        _do(definition)


def _do(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _ask(question: str, value: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question, [value])
        return cursor.fetchall()
