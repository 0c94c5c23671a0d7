"""How a PostgreSQL database is copied while it is in use, and put back: pg_dump and pg_restore.

The rows are counted in the very moment that the dump shows. Row-level security would make a dump
that looks fine and is empty: the commands ask for a role that it does not bind, and the rows of
what was restored are counted again.
"""

import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.db import ProgrammingError, connection, transaction
from psycopg import sql
from psycopg.conninfo import make_conninfo

from practice.management.backup_contents import Contents

OBJECTS = """
    SELECT 'policies', count(*) FROM pg_policies WHERE schemaname = 'public'
    UNION ALL SELECT 'indexes', count(*) FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'views', count(*) FROM pg_views WHERE schemaname = 'public'
    UNION ALL SELECT 'functions', count(*) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace
    UNION ALL SELECT 'constraints', count(*) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT 'triggers', count(*) FROM pg_trigger
        WHERE NOT tgisinternal AND tgenabled <> 'D'
    UNION ALL SELECT 'tables with row-level security', count(*) FROM pg_class
        WHERE relrowsecurity AND relnamespace = 'public'::regnamespace
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"


class Postgresql:
    """The present database, which is PostgreSQL."""

    suffix = ".dump"

    def take(self, path: Path) -> Contents:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
            contents = contents_of(connection.connection)
            _run("pg_dump", "--format=custom", f"--file={path}", f"--snapshot={snapshot}")
        return contents

    def put_back(self, path: Path) -> Contents:
        _run("pg_restore", *ALL_OR_NOTHING, str(path))
        with connection.cursor():  # it may have been closed meanwhile
            return contents_of(connection.connection)

    def try_out(self, path: Path) -> Contents:
        with throwaway_database() as name:
            _run("pg_restore", *ALL_OR_NOTHING, str(path), database=name)
            where = make_conninfo(_where(name), password=_password())
            with psycopg.connect(where) as copy:
                return contents_of(copy)


ALL_OR_NOTHING = ("--single-transaction", "--exit-on-error", "--no-owner")


def contents_of(database: psycopg.Connection) -> Contents:
    """Return what a PostgreSQL database holds, in the transaction that is open."""
    objects: dict[str, int] = dict(database.execute(OBJECTS).fetchall())
    names = [name for (name,) in database.execute(TABLES).fetchall()]
    count = sql.SQL("SELECT count(*) FROM {}").format
    counts = {name: database.execute(count(sql.Identifier(name))).fetchone() for name in names}
    return Contents({name: row[0] for name, row in counts.items() if row}, objects)


@contextmanager
def throwaway_database() -> Iterator[str]:
    """Make an empty database beside the present one, and drop it in the end.

    Raises:
        CommandError: this role may not.
    """
    name = f"stillwater_check_{secrets.token_hex(4)}"
    quoted = sql.Identifier(name)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("CREATE DATABASE {}").format(quoted))
    except ProgrammingError:
        raise CommandError(
            "This role may make no database to try the backup out in: "
            "ALTER ROLE stillwater_owner CREATEDB"
        ) from None
    try:
        yield name
    finally:
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(quoted))


def _where(database: str | None = None) -> str:
    """Return where a database of this server is, without the password."""
    known = connection.settings_dict
    options = {k: v for k, v in known.get("OPTIONS", {}).items() if k.startswith("ssl")}
    parts: dict[str, Any] = {
        "host": known["HOST"] or None,
        "port": known["PORT"] or None,
        "user": known["USER"] or None,
        "dbname": database or known["NAME"],
    }
    return make_conninfo("", **parts, **options)


def _password() -> str | None:
    return connection.settings_dict["PASSWORD"] or None


def _run(program: str, *arguments: str, database: str | None = None) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, which nobody sees.

    Raises:
        CommandError: it is not there, or failed.
    """
    environment = {**os.environ, "PGPASSWORD": _password() or ""}
    try:
        done = subprocess.run(
            [program, f"--dbname={_where(database)}", *arguments],
            env=environment,
            capture_output=True,
            text=True,
        )
    except FileNotFoundError:
        raise CommandError(
            f"{program} is missing. On Debian or Ubuntu: apt install postgresql-client"
        ) from None
    if done.returncode:
        said = done.stderr.strip().splitlines() or [f"ended by signal {-done.returncode}"]
        raise CommandError(f"{program} failed: {said[-1]}")
