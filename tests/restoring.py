"""After a test that commits, the database is again as the migrations left it.

Django would empty every table, and the audit and the history refuse that. So the whole content is
put back at once: on SQLite from a copy in memory; on PostgreSQL every row that was not there goes,
while triggers rest.
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
            SELECT tgrelid::regclass, string_agg(quote_ident(tgname), ',') FROM pg_trigger
            WHERE NOT tgisinternal AND tgenabled = 'A' GROUP BY 1
        """)
        always = [(table, names.split(",")) for table, names in cursor.fetchall()]
    parts = [f'part{n} AS (DELETE FROM "{table}")' for n, table in enumerate(tables)]
    script = ";".join(
        [
            "BEGIN",
            "SET LOCAL session_replication_role = replica",  # others rest, foreign keys, too
            *(_alter("DISABLE TRIGGER", table, triggers) for table, triggers in always),
            f"WITH {', '.join(parts)} SELECT 1",
            *(_alter("ENABLE ALWAYS TRIGGER", table, triggers) for table, triggers in always),
            "COMMIT",
        ]
    )

    def restore() -> None:
        with connection.cursor() as cursor:
            cursor.execute(script)

    return restore


def _alter(action: str, table: str, triggers: list[str]) -> str:
    return f"ALTER TABLE {table} " + ", ".join(f"{action} {trigger}" for trigger in triggers)


def _is_empty(cursor: CursorWrapper, table: str) -> bool:
    cursor.execute(f'SELECT NOT EXISTS (SELECT 1 FROM "{table}")')
    return cursor.fetchone()[0]
