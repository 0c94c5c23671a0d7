"""After a test that commits, the database is again as the migrations left it.

Django would empty every table, and the audit and the history refuse that. So the whole content is
put back at once: on SQLite from a copy in memory; on PostgreSQL every row that was not there goes,
while the triggers of the tables' owner are off.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial

from django.db import connection
from django.db.backends.utils import CursorWrapper


@contextmanager
def template() -> Iterator[Callable[[], None]]:
    """Yield what puts the database back as it is now."""
    if connection.vendor == "postgresql":
        yield _deleting()
        return
    connection.ensure_connection()
    with closing(sqlite3.connect(":memory:")) as copy:
        connection.connection.backup(copy)
        yield partial(_copy_back, copy)


def _copy_back(copy: sqlite3.Connection) -> None:
    connection.ensure_connection()
    copy.backup(connection.connection, progress=_be_not_patient)


def _be_not_patient(status: int, *_: int) -> None:
    """Fail where `backup` would wait for ever: a thread of the test has left a transaction open."""
    if status == sqlite3.SQLITE_BUSY:
        raise TimeoutError("the database is locked, after the test has ended")


def _deleting() -> Callable[[], None]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        tables = [name for name in names if _is_empty(cursor, name)]
        cursor.execute("""
            SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger
            WHERE NOT tgisinternal AND tgenabled <> 'D'
        """)
        triggers = cursor.fetchall()
    modes = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}
    off = [f'ALTER TABLE {table} DISABLE TRIGGER "{name}"' for table, name, _ in triggers]
    on = [f'ALTER TABLE {table} {modes[mode]} TRIGGER "{name}"' for table, name, mode in triggers]
    # As one statement, for foreign keys are looked at when it ends: it needs no order.
    parts = [f'part{n} AS (DELETE FROM "{table}")' for n, table in enumerate(tables)]
    gone = [f"WITH {', '.join(parts)} SELECT 1", "SET CONSTRAINTS ALL IMMEDIATE"]
    script = ";".join(["BEGIN", *off, *gone, *on, "COMMIT"])

    def restore() -> None:
        with connection.cursor() as cursor:
            cursor.execute(script)

    return restore


def _is_empty(cursor: CursorWrapper, table: str) -> bool:
    cursor.execute(f'SELECT NOT EXISTS (SELECT 1 FROM "{table}")')
    return cursor.fetchone()[0]
