"""Row-level security: PostgreSQL itself shows an account only the rows that are its own.

The code reaches everything from `request.therapist` and `request.clients`. Should it ever forget
to, this still stands (`docs/security.md`). The rules are in `row_security.sql`, which whoever makes
the tables runs at the end of every `migrate`, so that no new table can be forgotten. SQLite has
nothing of the kind.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

APPLICATION = "stillwater_app"  # the role of the server
POLICIES = Path(__file__).with_name("row_security.sql")
# What the file makes by name; it makes `a_therapist` in a loop.
POLICY = re.compile(r"^CREATE POLICY (\w+) ON (\w+)", re.MULTILINE)


def check_owner(using: str = "default", **signal: Any) -> None:
    """Before `migrate`: look whether this role sees every row.

    Raises:
        ImproperlyConfigured: the role is bound by row-level security itself.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        if not cursor.fetchone()[0]:
            raise ImproperlyConfigured(
                "Run migrate as the owner of the tables, a role with BYPASSRLS (docs/operate.md)."
            )


def apply(using: str = "default", plan: Sequence[Any] = (), **signal: Any) -> None:
    """After `migrate`: run the file, unless it was run like this for these tables already.

    `plan` holds the migrations that were run; what they made anew has no rights and no policies.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        return
    present = connection.introspection.table_names(include_views=True)
    if not {model._meta.db_table for model in apps.get_models()} <= set(present):
        return  # a part of the tables only, when migrating backwards
    if not plan and is_applied(using):
        return
    with connection.cursor() as cursor:
        # One script is one transaction: nobody finds a table without its policies.
        said = f"COMMENT ON FUNCTION acting_therapist IS '{_digest(using)}'"
        cursor.execute(f"{POLICIES.read_text()}; {said}")


def is_applied(using: str = "default") -> bool:
    """Whether the file was run for the present tables, and its policies are those that stand."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regproc('public.acting_therapist'), 'pg_proc')")
        if cursor.fetchone() != (_digest(using),):
            return False
        cursor.execute(
            """SELECT 'a_therapist', relname
            FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
            WHERE attname = 'therapist_id' AND relkind = 'r'
            AND relnamespace = 'public'::regnamespace"""
        )
        expected = {*POLICY.findall(POLICIES.read_text()), *cursor.fetchall()}
        cursor.execute("SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public'")
        return set(cursor.fetchall()) == expected


def _digest(using: str) -> str:
    """Return what stands for the file and the tables that it was run for."""
    present = connections[using].introspection.table_names(include_views=True)
    return sha256("\n".join([POLICIES.read_text(), *sorted(present)]).encode()).hexdigest()


def owned_tables() -> set[str]:
    """Return every table of ours that carries a therapist, whose rows are told apart."""
    return {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.managed and any(field.name == "therapist" for field in model._meta.fields)
    }
