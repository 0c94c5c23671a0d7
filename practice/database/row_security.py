"""Row-level security: PostgreSQL itself shows an account only the rows that are its own.

The code reaches everything from `request.therapist` and `request.clients`. Should it ever forget
to, this still stands (`docs/security.md`). The rules are in `row_security.sql`, which whoever makes
the tables runs at the end of every `migrate`, so that no new table can be forgotten. SQLite has
nothing of the kind.
"""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

APPLICATION = "stillwater_app"  # the role of the server
POLICIES = Path(__file__).with_name("row_security.sql")


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
    policies = POLICIES.read_text()
    digest = sha256("\n".join([policies, *sorted(present)]).encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description(to_regproc('public.acting_therapist'), 'pg_proc')")
        if not plan and cursor.fetchone() == (digest,):
            return
        # One script is one transaction: nobody finds a table without its policies.
        cursor.execute(f"{policies}; COMMENT ON FUNCTION acting_therapist IS '{digest}'")


def owned_tables() -> set[str]:
    """Return every table of ours that carries a therapist, whose rows are told apart."""
    return {
        model._meta.db_table
        for model in apps.get_models()
        if model._meta.managed and any(field.name == "therapist" for field in model._meta.fields)
    }
