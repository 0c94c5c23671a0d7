"""Migration operations for what the database itself keeps and Django cannot declare.

Rules and views of an app lie beside its migrations as plain SQL: a file for each database, e.g.
`relationships/migrations/0001_rules.sqlite.sql`, or one that both understand. The part above the
line "-- apply" takes them away, the part below makes them; applied again, a file therefore puts
back what is missing.

SQLite makes a table anew to alter it: its triggers are lost, and triggers and views that mention it
are in the way. A migration that alters such a table begins with `RevertSQL` and ends with
`ApplySQL`.
"""

from pathlib import Path
from sqlite3 import complete_statement
from typing import Any

from django.apps import apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

APPLY = "-- apply\n"


def statements(app: str, name: str, vendor: str) -> tuple[list[str], list[str]]:
    """Return the SQL that takes rules or views of an app away, and the SQL that makes them."""
    folder = Path(apps.get_app_config(app).path) / "migrations"
    own, both = folder / f"{name}.{vendor}.sql", folder / f"{name}.sql"
    revert, _, apply = (both if both.exists() else own).read_text().partition(APPLY)
    # PostgreSQL runs several statements at once; SQLite has to be given one at a time.
    return (_split(revert), _split(apply)) if vendor == "sqlite" else ([revert], [apply])


def _split(script: str) -> list[str]:
    found, statement = [], ""
    for line in script.splitlines(keepends=True):
        statement += line
        if complete_statement(statement):  # which knows that a trigger has statements within
            found.append(statement)
            statement = ""
    return [*found, statement] if statement.strip() else found


class ApplySQL(Operation):
    """Make rules or views of an app, also where they are there already."""

    reversible = True

    def __init__(self, app: str, name: str) -> None:
        self.app, self.name = app, name

    def state_forwards(self, app_label: str, state: object) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: object
    ) -> None:
        revert, apply = statements(self.app, self.name, schema_editor.connection.vendor)
        for statement in [*revert, *apply]:
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, *states: object
    ) -> None:
        revert, _ = statements(self.app, self.name, schema_editor.connection.vendor)
        for statement in revert:
            schema_editor.execute(statement)

    def describe(self) -> str:
        return f"Apply {self.name}.sql of {self.app}"


class RevertSQL(ApplySQL):
    """Take rules or views of an app away, until the `ApplySQL` at the end of the same migration."""

    def database_forwards(self, *args: Any) -> None:
        super().database_backwards(*args)

    def database_backwards(self, *args: Any) -> None:
        super().database_forwards(*args)

    def describe(self) -> str:
        return f"Revert {self.name}.sql of {self.app}"
