"""Who the server is to PostgreSQL: somebody whom its policies and its limits bind."""

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from practice.database.row_security import APPLICATION


def refuse_powerful_role() -> None:
    """Look, on PostgreSQL, as whom this server connects: row-level security has to bind it.

    Raises:
        ImproperlyConfigured: it would pass by; the text says which role to use.
        DatabaseError: the database does not answer.
    """
    if connection.vendor == "postgresql" and not _is_bound():
        raise ImproperlyConfigured(
            f"Let DATABASE_URL name a role in {APPLICATION} that is no superuser, has no BYPASSRLS "
            "and owns no table (docs/operate.md)."
        )


def refuse_endless_waiting(server: BaseDatabaseWrapper) -> None:
    """Look whether a connection of the server gives up waiting (`practice/database/waiting.py`).

    Raises:
        ImproperlyConfigured: what is between it and PostgreSQL passes the limits not on.
        DatabaseError: the database does not answer.
    """
    if server.vendor == "postgresql" and not _gives_up(server):
        raise ImproperlyConfigured(
            "Give the server’s role a lock_timeout and a statement_timeout: PgBouncer passes none "
            "on (docs/operate.md)."
        )


def _gives_up(server: BaseDatabaseWrapper) -> bool:
    with server.cursor() as cursor:
        cursor.execute(
            """SELECT current_setting('lock_timeout') <> '0'
            AND current_setting('statement_timeout') <> '0'"""
        )
        return cursor.fetchone()[0]


def _is_bound() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT NOT rolsuper AND NOT rolbypassrls
            AND EXISTS (SELECT FROM pg_roles WHERE rolname = %s)
            AND NOT EXISTS (
                SELECT FROM pg_class WHERE pg_has_role(rolname, relowner, 'member')
                AND relkind = 'r' AND relnamespace = current_schema()::regnamespace)
            FROM pg_roles WHERE rolname = current_user""",
            [APPLICATION],
        )
        return cursor.fetchone()[0]
