"""The rules in the SQL files beside the migrations, and those of a migrated database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddField, AlterField, Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation

from practice.database.operations import ApplySQL, RevertSQL, statements
from tests.harness.fingerprint import schema_of_postgres, schema_of_sqlite

pytestmark = pytest.mark.django_db
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite rebuilds tables")


def schema(database: BaseDatabaseWrapper = connection) -> dict[str, str]:
    """Return the definition of every table, constraint, index, trigger, function and policy."""
    database.ensure_connection()
    read = schema_of_sqlite if database.vendor == "sqlite" else schema_of_postgres
    return read(database.connection)


def applied(database: BaseDatabaseWrapper = connection) -> list[ApplySQL]:
    """Return the rules that the migrations apply, in their order, each once."""
    executor = MigrationExecutor(database)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    found = {
        (operation.app, operation.name): operation
        for migration, _ in plan
        for operation in migration.operations
        if isinstance(operation, ApplySQL) and not isinstance(operation, RevertSQL)
    }
    return list(found.values())


def run(database: BaseDatabaseWrapper, *scripts: list[str]) -> None:
    with database.cursor() as cursor:
        for statement in (statement for script in scripts for statement in script):
            cursor.execute(statement)


def apply_again(database: BaseDatabaseWrapper = connection) -> None:
    for rules in applied(database):
        run(database, *statements(rules.app, rules.name, database.vendor))


def test_a_migrated_database_is_what_the_files_say():
    migrated = schema()
    apply_again()

    assert schema() == migrated


def test_the_files_hold_every_trigger_and_function_of_ours():
    for rules in reversed(applied()):
        revert, _ = statements(rules.app, rules.name, connection.vendor)
        run(connection, revert)

    left = [name for name in schema() if name.startswith(("trigger ", "function "))]
    assert left == ([] if connection.vendor == "sqlite" else ["function in_sight"])


DAMAGE = {
    "sqlite": {
        "no trigger": "DROP TRIGGER session_overlap_update",
        "no trigger of the audit": "DROP TRIGGER head_only_grows",
    },
    "postgresql": {
        "no trigger": "DROP TRIGGER event_unchanged ON relationships_event",
        "a trigger that rests": "ALTER TABLE audit_entry DISABLE TRIGGER entry_not_deleted",
        "no composite key": "ALTER TABLE diary_session DROP CONSTRAINT session_one_therapist",
        "no exclusion": "ALTER TABLE diary_session DROP CONSTRAINT sessions_do_not_overlap",
        "another function": "CREATE OR REPLACE FUNCTION history_is_insert_only() RETURNS trigger "
        "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    },
}[connection.vendor]


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_database_that_differs_from_the_files_is_found(damage):
    run(connection, [damage])
    damaged = schema()
    apply_again()

    assert schema() != damaged


def test_every_file_is_applied_by_a_migration_and_there_for_both_databases():
    folders = [Path(config.path) / "migrations" for config in apps.get_app_configs()]
    files = {f"{path.parents[1].name}/{path.name}" for f in folders for path in f.glob("*.sql")}

    assert files == {
        f"{rules.app}/{rules.name}.{vendor}.sql"
        for rules in applied()
        for vendor in ("sqlite", "postgresql")
    }


# SQLite makes a table anew to alter it, and loses what was tied to it.


@pytest.fixture
def copy(tmp_path) -> Iterator[BaseDatabaseWrapper]:
    """A copy of the migrated database, outside of any transaction."""
    name = tmp_path / "copy.sqlite3"
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"])) as source,
        closing(sqlite3.connect(name)) as target,
    ):
        source.backup(target)
    database = connection.copy()
    database.settings_dict = connection.settings_dict | {"NAME": str(name)}
    yield database
    database.close()


def migrate(database: BaseDatabaseWrapper, *operations: Operation) -> None:
    """Run operations as a migration of `relationships` would."""
    state = MigrationExecutor(database).loader.project_state()
    with database.schema_editor() as editor:
        planned(*operations).apply(state, editor)


def migrate_back(database: BaseDatabaseWrapper, *operations: Operation) -> None:
    """Undo them."""
    state = MigrationExecutor(database).loader.project_state()
    with database.schema_editor() as editor:
        planned(*operations).unapply(state, editor)


def planned(*operations: Operation) -> Migration:
    migration = Migration("0009_planned", "relationships")
    migration.operations = operations
    return migration


ALTERED = AlterField("event", "note", models.TextField(max_length=100, blank=True, db_index=True))
ADDED = AddField("erasure", "more", models.TextField(null=True))
REVERT, APPLY = (does("relationships", "0001_rules") for does in (RevertSQL, ApplySQL))


def lost(database: BaseDatabaseWrapper) -> list[str]:
    """Return what the files say and the database has not."""
    before = schema(database)
    apply_again(database)
    return [name for name in schema(database) if name not in before]


@on_sqlite
def test_a_migration_that_loses_a_trigger_is_found(copy):
    migrate(copy, AlterField("event", "kind", models.CharField(max_length=30)))

    assert "trigger event_not_deleted" in lost(copy)


@on_sqlite
@pytest.mark.parametrize("altering", [ALTERED, ADDED], ids=["event", "erasure"])
def test_a_migration_that_puts_the_rules_back_loses_none(copy, altering):
    before = triggers(copy)
    migrate(copy, REVERT, altering, APPLY)

    assert triggers(copy) == before
    assert lost(copy) == []

    migrate_back(copy, REVERT, altering, APPLY)
    assert triggers(copy) == before


def triggers(database: BaseDatabaseWrapper) -> dict[str, str]:
    return {name: text for name, text in schema(database).items() if name.startswith("trigger ")}
