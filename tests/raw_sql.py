"""Statements of SQL past the models, and what the database says of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from django.db import IntegrityError, connection, models, transaction

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="a word of SQLite's")
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="a word of PostgreSQL's"
)


@contextmanager
def refused() -> Iterator[None]:
    """Expect the database to say no, at once or when it is asked to check."""
    connection.check_constraints()  # what went before was in order
    with pytest.raises(IntegrityError), transaction.atomic():  # noqa: PT012
        yield
        connection.check_constraints()


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [adapt(value) for value in values])


def adapt(value: object) -> object:
    is_moment = isinstance(value, datetime)
    return connection.ops.adapt_datetimefield_value(value) if is_moment else value


def set_columns(row: models.Model, **columns: object) -> None:
    names = ", ".join(f"{name} = %s" for name in columns)
    table = row._meta.db_table
    sql(f"UPDATE {table} SET {names} WHERE id = %s", *columns.values(), row.pk)  # noqa: S608


def columns_of(row: models.Model) -> dict[str, object]:
    """Return what a row holds, but for what the database works out by itself."""
    fields = [field for field in row._meta.concrete_fields if not field.generated]
    return {field.column: getattr(row, field.attname) for field in fields}


def insert(model: type[models.Model], *, how: str = "INSERT", then: str = "", **columns) -> None:
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join(["%s"] * len(columns))
    sql(
        f"{how} INTO {model._meta.db_table} ({names}) VALUES ({marks}) {then}",
        *columns.values(),
    )


def copy_of(row: models.Model, **changes: object) -> dict[str, object]:
    columns = columns_of(row)
    del columns["id"]
    return columns | changes
