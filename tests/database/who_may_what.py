"""What row-level security lets everybody do with every row, tried out on PostgreSQL.

Each verb is tried without a condition, so that its own policy decides alone, and the rules of the
database (triggers, foreign keys) are at rest meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.apps import apps
from django.db import connection, models, transaction

from practice.accounts.models import Therapist
from practice.database.row_security import APPLICATION, owned_tables
from tests.database.people_and_rows import Person, World, run

VERBS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE", "T": "TRUNCATE"}


def owned_models() -> list[type[models.Model]]:
    """Return every model of which row-level security tells the rows apart."""
    return [model for model in apps.get_models() if model._meta.db_table in owned_tables()]


def measure(world: World, model: type[models.Model]) -> dict[str, str]:
    """Return the verbs that succeed at a table, for each person and kind of row.

    {"therapist own": "SIUD", …}; "G" is giving a row to another practice. Where rows of a kind
    differ, all that was found.
    """
    found = defaultdict(set)
    with _at_rest(model):
        trial = Trial(model, world.elsewhere)
        for person in world.people():
            may = trial.verbs_of(person)
            for row in trial.rows:
                found[f"{person.role} {person.whose(row)}"].add(may[trial.key_of(row)])
    return {who: " or ".join(sorted(verbs)) for who, verbs in found.items() if verbs != {""}}


@contextmanager
def _at_rest(model: type[models.Model]) -> Iterator[None]:
    """Let the rules of a table rest, and put everything back."""
    connection.check_constraints()
    table = model._meta.db_table
    with undone():
        run(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for constraint in run(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype <> 'p'",
            [table],
        ):
            run(f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{constraint["conname"]}" CASCADE')
        run("SET LOCAL session_replication_role = replica")  # and the keys of other tables
        yield


class Trial:
    """Every verb, tried at every row of a table."""

    def __init__(self, model: type[models.Model], elsewhere: Therapist) -> None:
        self.rows = list(model.objects.all())
        self.keys = [field.column for field in model._meta.pk_fields]
        self.table = f"public.{model._meta.db_table}"
        written = [field for field in model._meta.concrete_fields if not field.generated]
        self.columns = [field.column for field in written]
        fields = sorted(written, key=lambda f: (f.is_relation, f.unique))
        self.changeable = [f.column for f in fields if f.column not in (*self.keys, "therapist_id")]
        self.elsewhere = elsewhere
        self.harmless = self._harmless()

    def key_of(self, row: models.Model) -> tuple:
        return tuple(getattr(row, column) for column in self.keys)

    def verbs_of(self, person: Person) -> dict[tuple, str]:
        """Return the verbs that somebody can do, by the key of the row."""
        may = {self.key_of(row): "" for row in self.rows}
        with undone(), person.request():
            selected = set(self._places())
        given = f"therapist_id = {self.elsewhere.pk}"
        by_verb = {
            "S": selected,
            "I": {key for key in may if self._can_insert(key, person)},
            "U": self._changed(person, f"UPDATE {self.table} SET {self.harmless}"),
            "D": self._changed(person, f"DELETE FROM {self.table}"),
            "G": self._changed(person, f"UPDATE {self.table} SET {given}"),
        }
        return {key: "".join(verb for verb, keys in by_verb.items() if key in keys) for key in may}

    def _can_insert(self, key: tuple, person: Person) -> bool:
        names = ", ".join(f'"{column}"' for column in self.columns)
        which = " AND ".join(f"{column} = %s" for column in self.keys)
        (row,) = run(f"SELECT {names} FROM {self.table} WHERE {which}", list(key))
        insert = f"INSERT INTO {self.table} ({names}) VALUES ({', '.join(['%s'] * len(row))})"
        with undone(), person.request():
            return _is_let(insert, list(row.values()))

    def _changed(self, person: Person, statement: str) -> set[tuple]:
        """Return which rows a statement changed or removed."""
        with undone():
            before = self._places()
            with person.request():
                _is_let(statement)
            after = self._places()
        return {key for key, place in before.items() if after.get(key) != place}

    def _places(self) -> dict[tuple, str]:
        """Return where each row lies that the present role sees; one that is changed moves."""
        rows = run(f"SELECT {', '.join(self.keys)}, ctid FROM {self.table}")
        return {tuple(row[column] for column in self.keys): row["ctid"] for row in rows}

    def _harmless(self) -> str:
        """Return an assignment that the server may make, if any, and that fits every row."""
        for column in self.changeable:
            may = f"has_column_privilege('{APPLICATION}', '{self.table}', '{column}', 'UPDATE') may"
            row = run(f'SELECT {may}, quote_nullable("{column}") AS value FROM {self.table}')[0]
            if row["may"]:
                return f'"{column}" = {row["value"]}'
        return f"{self.columns[-1]} = NULL"  # which is refused


def _is_let(statement: str, values: list | None = None) -> bool:
    """Try a statement; whether no policy and no missing right refused it."""
    try:
        with transaction.atomic():
            run(statement, values)
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.errors.UniqueViolation:
        pass  # what is inserted is there already: so far it came
    return True


def rights() -> dict[str, str]:
    """Return what the server may do with each table and view, whatever the row."""
    listed = "".join(
        f", CASE WHEN has_table_privilege('{APPLICATION}', oid, '{verb}') THEN '{letter}' END"
        for letter, verb in VERBS.items()
    )
    found = run(
        f"SELECT relname, concat(''{listed}) AS may FROM pg_class "
        "WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm', 'f', 'p')"
    )
    return {row["relname"]: row["may"] for row in found}


def functions_that_can_be_misled() -> list[str]:
    """Return the functions that run as the owner and look where the person tells them to."""
    found = run(
        """SELECT proname FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND prosecdef
        AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=public, pg_temp']"""
    )
    return [row["proname"] for row in found]


def unforced() -> list[str]:
    """Return the tables with a therapist whose owner, or everybody, passes by the policies."""
    bound = run("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    return sorted(owned_tables() - {row["relname"] for row in bound})


@contextmanager
def undone() -> Iterator[None]:
    """A part of the transaction that leaves nothing behind."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
