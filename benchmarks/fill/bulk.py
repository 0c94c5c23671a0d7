"""Loading rows by the million, on both databases.

While that is done, foreign keys, unique and exclusion constraints, indexes and triggers of the
tables are away; all are made again, from what the database itself said of them, and compared. What
is made again looks at every row, and on SQLite, whose triggers do not, `load.py` does.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from django.db import connection, models, transaction

CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
    FROM pg_constraint
    WHERE contype IN ('u', 'x', 'f') AND conrelid = ANY(%(tables)s::regclass[])
        OR contype = 'f' AND confrelid = ANY(%(tables)s::regclass[])
    ORDER BY contype = 'f', conrelid, conname"""
INDEXES = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%(tables)s::regclass[])
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY indexrelid::regclass::text"""
TRIGGERS = """
    SELECT tgrelid::regclass::text, quote_ident(tgname), tgenabled FROM pg_trigger
    WHERE tgrelid = ANY(%(tables)s::regclass[]) AND NOT tgisinternal
    ORDER BY tgrelid, tgname"""
ENABLED = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA", "D": "DISABLE"}
OF_SQLITE = """
    SELECT type, name, sql FROM sqlite_master
    WHERE type IN ('index', 'trigger') AND sql IS NOT NULL
        AND tbl_name IN (SELECT value FROM json_each(%s))
    ORDER BY type, name"""


class RulesLost(Exception):
    """What was taken away is not there again as it was. Nothing was loaded."""


class Rules(Protocol):
    """What a database has on some tables, and how it is taken away and made again."""

    def read(self) -> Any: ...
    def take_away(self, rules: Any) -> None: ...
    def make(self, rules: Any) -> None: ...


class OfPostgreSQL:
    """Constraints, indexes and triggers of some tables, and foreign keys that lead to them."""

    def __init__(self, tables: Sequence[str]) -> None:
        self.tables = {"tables": list(tables)}

    def read(self) -> list[list[tuple]]:
        return [ask(question, self.tables) for question in (CONSTRAINTS, INDEXES, TRIGGERS)]

    def take_away(self, rules: list[list[tuple]]) -> None:
        constraints, indexes, triggers = rules
        connection.check_constraints()  # what is put off until the commit is in the way
        do("SET LOCAL maintenance_work_mem = '512MB'")
        for table, name, _ in reversed(constraints):
            do(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _ in indexes:
            do(f"DROP INDEX {name}")
        for table in {table for table, *_ in triggers}:
            do(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    def make(self, rules: list[list[tuple]]) -> None:
        constraints, indexes, triggers = rules
        for _, definition in indexes:
            do(definition)
        for table, name, definition in constraints:
            do(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for table, name, enabled in triggers:
            do(f"ALTER TABLE {table} {ENABLED[enabled]} TRIGGER {name}")


class OfSQLite:
    """Indexes and triggers of some tables; what is a part of a table stays."""

    def __init__(self, tables: Sequence[str]) -> None:
        quoted = (f'"{table}"' for table in tables)
        self.tables = [f"[{','.join(quoted)}]"]

    def read(self) -> list[tuple]:
        return ask(OF_SQLITE, self.tables)

    def take_away(self, rules: list[tuple]) -> None:
        do("PRAGMA cache_size = -262144")  # KiB
        for kind, name, _ in rules:
            do(f'DROP {kind} "{name}"')

    def make(self, rules: list[tuple]) -> None:
        for _, _, definition in rules:
            do(definition)
        connection.check_constraints()


@contextmanager
def without_rules(filled: Iterable[type[models.Model]]) -> Iterator[None]:
    """One transaction that loads rows into the tables of these models.

    Raises:
        RulesLost: afterwards a rule is missing.
        IntegrityError: a row breaks a rule.
    """
    tables = [model._meta.db_table for model in filled]
    rules: Rules = (OfPostgreSQL if connection.vendor == "postgresql" else OfSQLite)(tables)
    with connection.constraint_checks_disabled(), transaction.atomic():
        before = rules.read()
        rules.take_away(before)
        yield
        rules.make(before)
        if rules.read() != before:
            raise RulesLost


def do(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def ask(question: str, values: Any = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return cursor.fetchall()


def loader(model: type[models.Model], given: Sequence[str]) -> Callable[[list[tuple]], None]:
    """Return what loads rows of a model that have the `given` columns, by name or attname.

    All others get the default that the model gives them, or what the database works out.
    """
    stored = [field for field in model._meta.concrete_fields if not field.generated]
    fields = {field.attname: field for field in stored}
    fields["pk"] = model._meta.pk
    columns = [fields[name] for name in given]
    others = [field for field in stored if field not in columns]
    defaults = tuple(field.get_default() for field in others)
    names = ", ".join(f'"{field.column}"' for field in [*columns, *others])
    table = f'"{model._meta.db_table}"'
    if connection.vendor == "postgresql":
        return lambda rows: _copy(f"COPY {table} ({names}) FROM STDIN", rows, defaults)
    marks = ", ".join(["%s"] * (len(columns) + len(others)))
    insert = f"INSERT INTO {table} ({names}) VALUES ({marks})"
    moments = [n for n, field in enumerate(columns) if isinstance(field, models.DateTimeField)]
    return lambda rows: _insert(insert, rows, defaults, moments)


def _copy(statement: str, rows: list[tuple], defaults: tuple) -> None:
    errors = connection.wrap_database_errors  # those of COPY are not by themselves
    with errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row + defaults)


def _insert(statement: str, rows: list[tuple], defaults: tuple, moments: list[int]) -> None:
    def as_stored() -> Iterator[list]:
        for row in rows:
            values = [*row, *defaults]
            for at in moments:
                moment: datetime | None = values[at]
                values[at] = moment and moment.replace(tzinfo=None).isoformat(" ")
            yield values

    with connection.cursor() as cursor:
        cursor.executemany(statement, as_stored())
