"""Rules that the database itself keeps and Django cannot declare: how they go up and come down.

SQLite rebuilds a table to alter it, and loses its triggers. A migration that alters a table with
walls therefore begins with `LOWER` and ends with `RAISE` of its app.
"""

from dataclasses import dataclass

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


@dataclass(frozen=True)
class Walls:
    """The walls of an app: statements for PostgreSQL, triggers by name for SQLite."""

    postgresql_up: list[str]
    postgresql_down: list[str]
    sqlite: dict[str, str]

    def __add__(self, more: "Walls") -> "Walls":
        """Return both; where they say different things of one trigger, what `more` says."""
        return Walls(
            self.postgresql_up + more.postgresql_up,
            more.postgresql_down + self.postgresql_down,
            self.sqlite | more.sqlite,
        )

    def lower(self, apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Take the walls away."""
        if schema_editor.connection.vendor == "sqlite":
            statements = [f"DROP TRIGGER IF EXISTS {name}" for name in self.sqlite]
        else:
            statements = self.postgresql_down
        for statement in statements:
            schema_editor.execute(statement)

    def raise_(self, apps: object, schema_editor: BaseDatabaseSchemaEditor) -> None:
        """Put the walls up, also where they stand already."""
        self.lower(apps, schema_editor)
        is_sqlite = schema_editor.connection.vendor == "sqlite"
        for statement in self.sqlite.values() if is_sqlite else self.postgresql_up:
            schema_editor.execute(statement)

    @property
    def operations(self) -> tuple[migrations.RunPython, migrations.RunPython]:
        """Return the migration operations (`RAISE`, `LOWER`)."""
        return (
            migrations.RunPython(self.raise_, self.lower),
            migrations.RunPython(self.lower, self.raise_),
        )


def trigger(name: str, when: str, condition: str, message: str) -> str:
    """Return an SQLite trigger that refuses what it is told of, e.g. "BEFORE UPDATE ON table"."""
    return (
        f"CREATE TRIGGER {name} {when} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )
