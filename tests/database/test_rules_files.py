"""The SQL files beside the migrations, the policies, and what a migrated database has of them."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.apps import apps
from django.db import OperationalError, connection, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import AddField, AlterField, Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation

from practice.database.operations import ApplySQL, RevertSQL, statements
from practice.database.row_security import POLICIES
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
    """Run every file once more, in the order of the migrations, and at the end the policies."""
    for rules in applied(database):
        run(database, *statements(rules.app, rules.name, database.vendor))
    if database.vendor == "postgresql":
        run(database, [POLICIES.read_text()])


def test_a_migrated_database_is_what_the_files_say():
    migrated = schema()
    apply_again()

    assert schema() == migrated


def test_the_files_hold_every_trigger_function_and_view_of_ours():
    for rules in reversed(applied()):
        revert, _ = statements(rules.app, rules.name, connection.vendor)
        run(connection, revert)

    left = {name for name in schema() if name.startswith(("trigger ", "function ", "view "))}
    told = re.findall(r"CREATE OR REPLACE FUNCTION (\w+)", POLICIES.read_text())
    functions = {f"function {name}" for name in told}
    assert left == (functions if connection.vendor == "postgresql" else set())


DAMAGE = {
    "sqlite": {
        "no trigger": "DROP TRIGGER session_overlap_update",
        "no trigger of the audit": "DROP TRIGGER head_only_grows",
        "no view": "DROP VIEW diary_takentime",
    },
    "postgresql": {
        "another view": "CREATE OR REPLACE VIEW diary_takentime AS "
        "SELECT id, therapist_id, starts_at, ends_at FROM diary_session",
        "no policy": "DROP POLICY client_sees ON clients_client",
        "another policy": "ALTER POLICY client_changes ON diary_session USING (true)",
        "a policy more": "CREATE POLICY older ON clients_client USING (true)",
        "another right": "GRANT TRUNCATE ON relationships_event TO stillwater_app",
        "no search path": "ALTER FUNCTION people_of_account RESET search_path",
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


def test_every_file_is_applied_by_a_migration_and_is_for_both_databases():
    folders = [Path(config.path) / "migrations" for config in apps.get_app_configs()]
    files = {f"{path.parents[1].name}/{path.name}" for f in folders for path in f.glob("*.sql")}
    named = [f"{rules.app}/{rules.name}" for rules in applied()]
    each = {f"{name}.{vendor}.sql" for name in named for vendor in ("sqlite", "postgresql")}
    both = {f"{name}.sql" for name in named}

    assert files <= each | both
    for name in named:
        own = {f for f in files if f.startswith(f"{name}.")}
        assert own in ({f"{name}.sql"}, {f"{name}.sqlite.sql", f"{name}.postgresql.sql"})


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


def planned(altering: Operation, files: list[tuple[str, str]]) -> Migration:
    """Return a migration that alters a table, and takes these files away meanwhile."""
    migration = Migration("0009_planned", "diary" if altering is SESSION else "relationships")
    before, after = ([does(*file) for file in files] for does in (RevertSQL, ApplySQL))
    migration.operations = [*before, altering, *after]
    return migration


def migrate(database: BaseDatabaseWrapper, migration: Migration, *, back: bool = False) -> None:
    state = MigrationExecutor(database).loader.project_state()
    with database.schema_editor() as editor:
        (migration.unapply if back else migration.apply)(state, editor)


EVENT = AlterField("event", "kind", models.CharField(max_length=30))
ERASURE = AddField("erasure", "more", models.TextField(default="", db_index=True))
SESSION = AlterField("session", "state", models.CharField(max_length=30, default="booked"))
FILES = {
    "event": (
        EVENT,
        [
            ("relationships", "0001_rules"),
            ("records", "0001_retention"),
            ("caseload", "0001_changes"),
        ],
    ),
    "erasure": (ERASURE, [("relationships", "0001_rules")]),
    "session": (
        SESSION,
        [
            ("diary", "0001_rules"),
            ("diary", "0001_views"),
            ("profiles", "0001_views"),
            ("profiles", "0001_bookings"),
            ("profiles", "0001_numbers"),
            ("records", "0001_retention"),
            ("caseload", "0001_changes"),
            ("notifications", "0001_views"),
        ],
    ),
}


def lost(database: BaseDatabaseWrapper) -> list[str]:
    """Return what the files say and the database has not."""
    before = schema(database)
    apply_again(database)
    return [name for name in schema(database) if name not in before]


@on_sqlite
def test_a_migration_that_loses_a_trigger_is_found(copy):
    migrate(copy, planned(EVENT, [("caseload", "0001_changes")]))  # which mentions it

    assert "trigger event_not_deleted" in lost(copy)


@on_sqlite
def test_a_table_that_a_view_or_another_tables_trigger_mentions_is_not_altered_unawares(copy):
    with pytest.raises(OperationalError, match=r"error in (view|trigger)"):
        migrate(copy, planned(SESSION, []))


@on_sqlite
@pytest.mark.parametrize(("altering", "files"), FILES.values(), ids=FILES)
def test_a_migration_that_puts_the_rules_back_loses_none(copy, altering, files):
    before, migration = rules_of(copy), planned(altering, files)
    migrate(copy, migration)

    assert rules_of(copy) == before
    assert lost(copy) == []

    migrate(copy, migration, back=True)
    assert rules_of(copy) == before


def rules_of(database: BaseDatabaseWrapper) -> dict[str, str]:
    kinds = ("trigger ", "view ")
    return {name: text for name, text in schema(database).items() if name.startswith(kinds)}
