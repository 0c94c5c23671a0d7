"""Very many rows at once: made before a transaction, and written within it by few statements.

As long as a transaction writes, others wait: on SQLite everybody, on PostgreSQL whoever wants the
same rows. So whatever can be done before it is: making rows, their ids, and what depends on them.
Nobody is sent a signal, and nothing is read back.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import chain, islice
from tempfile import TemporaryFile
from types import TracebackType
from typing import Any, Self, TypeVar

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Field, Model, QuerySet

AT_ONCE = 500  # rows of a statement
MOST_VALUES = 30_000  # of a statement: SQLite takes 32,766
Item = TypeVar("Item")


def in_batches(items: Iterable[Item], number: int = AT_ONCE) -> Iterator[list[Item]]:
    """Yield what there is in lists of so many; the last may be shorter."""
    items = iter(items)
    while some := list(islice(items, number)):
        yield some


def reserve_ids(model: type[Model], number: int) -> Sequence[int]:
    """Return so many ids for new rows, which the database gives to nobody else.

    What is not used of them is never given again.
    """
    table = model._meta.db_table
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            name = connection.ops.quote_name(table)
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
                [name, number],
            )
            return [one for (one,) in cursor.fetchall()]
        counted = "UPDATE sqlite_sequence SET seq = seq + %s WHERE name = %s RETURNING seq"
        cursor.execute(counted, [number, table])
        row = cursor.fetchone()
        if row is None:  # the table has never had a row
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, number]
            )
        last = row[0] if row else number
        return range(last - number + 1, last + 1)


def insert(rows: Iterable[Model]) -> None:
    """Write rows of one table that are not there yet; those without an id are given one."""
    for statement in _statements(rows):
        _execute(*statement)


class Rows:
    """Rows that wait to be written, in the order in which they were added, of several tables.

    They wait in a file without a name, which nobody else can open, and which is gone with the
    process however that ends.
    """

    def __enter__(self) -> Self:
        self._file = TemporaryFile("w+", encoding="utf-8", dir=settings.DATA_DIR)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, rows: Iterable[Model]) -> None:
        """Have rows of one table wait."""
        for statement in _statements(rows):
            json.dump(statement, self._file, default=_as_text)
            self._file.write("\n")

    def write(self) -> Iterator[tuple[str, int]]:
        """Write all of them, in a transaction of the caller's; yield of which table, how many."""
        self._file.seek(0)
        for line in self._file:
            table, columns, values = json.loads(line)
            _execute(table, columns, values)
            yield table, len(values)


Statement = tuple[str, list[str], list[list[Any]]]  # a table, its columns, and rows of values


def _statements(rows: Iterable[Model]) -> Iterator[Statement]:
    """Yield rows of one table as the database takes them."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    fields = [
        field
        for field in first._meta.local_concrete_fields
        if not (field.generated or (field.primary_key and first.pk is None))
    ]
    columns = [field.column for field in fields]
    for some in in_batches(chain([first], rows), min(AT_ONCE, MOST_VALUES // len(fields))):
        yield first._meta.db_table, columns, [_values(row, fields) for row in some]


def _values(row: Model, fields: list[Field]) -> list[Any]:
    return [f.get_db_prep_save(f.pre_save(row, add=True), connection) for f in fields]


def _as_text(value: object) -> str:
    """Return a value that JSON has not as both databases read it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot wait to be written")


def _execute(table: str, columns: list[str], rows: list[list[Any]]) -> None:
    quote = connection.ops.quote_name
    row = f"({', '.join(['%s'] * len(columns))})"
    into = f"{quote(table)} ({', '.join(map(quote, columns))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {into} VALUES {', '.join([row] * len(rows))}",  # noqa: S608 - names of ours
            list(chain.from_iterable(rows)),
        )


def delete(model: type[Model], ids: Iterable[int], column: str = "id") -> None:
    """Delete rows to which nothing leads any more; the database refuses to delete others.

    What `on_delete` says is not done: whatever leads to them has to be gone before.
    """
    quote = connection.ops.quote_name
    for some in in_batches(ids):
        places = ", ".join(["%s"] * len(some))
        where = f"{quote(column)} IN ({places})"
        with connection.cursor() as cursor:
            cursor.execute(
                f"DELETE FROM {quote(model._meta.db_table)} WHERE {where}",  # noqa: S608 - names of ours
                some,
            )


def unread(rows: QuerySet) -> list[tuple]:
    """Return rows as the database gives them, which costs a fraction of making models of them."""
    with connection.cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return cursor.fetchall()
