"""Queries that are put into SQL once, and asked many times with other values.

Putting a queryset together, and into SQL, takes Django longer than a database takes to answer it,
and on the pages that are opened all day it comes out the same each time. What such a page asks is
written down once, as a queryset with places for what differs:

    NAMES = CompiledQuery(
        lambda given: Client.objects.filter(therapist=given("therapist")).values_list("name")
    )
    NAMES.rows(therapist=7)
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, NamedTuple, Self

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BigIntegerField,
    CharField,
    DateField,
    DateTimeField,
    Expression,
    Field,
    QuerySet,
)

MOMENT: Field = DateTimeField()
DAY: Field = DateField()
TEXT: Field = CharField()
NUMBER: Field = BigIntegerField()
Given = Callable[..., Any]


class Place(Expression):
    """Where a value stands in a compiled query: its name and, if it is one of several, its number.

    A moment may stand somewhere as another one, so much earlier.
    """

    def __init__(
        self, name: str, field: Field, number: int | None = None, earlier: timedelta | None = None
    ) -> None:
        super().__init__(output_field=field)
        self.name, self.number, self.earlier = name, number, earlier

    def __sub__(self, other: Any) -> Self:  # type: ignore[override]  # worked out in Python
        return type(self)(self.name, self.output_field, self.number, other)

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        return "%s", [self]

    def of(self, values: dict[str, Any]) -> Any:
        """Return the value that stands here, as the database takes it."""
        value = values[self.name]
        value = value if self.number is None else value[self.number]
        value = value - self.earlier if self.earlier else value
        return self.output_field.get_db_prep_value(value, connection, prepared=False)


class _Compiled(NamedTuple):
    sql: str
    params: list[Place | Any]
    convert: Callable[[Iterable[tuple]], Iterable[tuple]]


class CompiledQuery:
    """A queryset with places, which ends with `values_list`; compiled when it is first asked.

    `build` is called with `given`: `given("therapist")` is the place of a number,
    `given("now", MOMENT)` that of anything else. For a list of values it is a list of places, and
    for each length that comes a query is compiled: so lists have to be short. Where more differs
    than values, such as an order, `form` says how: `build` takes its parts after `given`, and for
    each form a query is compiled: so there have to be few.
    """

    def __init__(self, build: Callable[..., QuerySet]) -> None:
        self._build = build
        self._compiled: dict[tuple, _Compiled] = {}

    def rows(
        self, *, form: tuple = (), limits: tuple[int, int] | None = None, **values: Any
    ) -> list[tuple]:
        """Ask, and return the rows; with `limits` only those from one number to before another."""
        lengths = {name: len(value) for name, value in values.items() if isinstance(value, list)}
        shape = (connection.vendor, form, *lengths.items())
        try:
            compiled = self._compiled.get(shape) or self._compile(shape, form, lengths)
        except EmptyResultSet:  # it is clear that nothing is one of nothing
            return []
        sql = compiled.sql
        if limits:
            sql += f" {connection.ops.limit_offset_sql(*limits)}"
        params = [p.of(values) if isinstance(p, Place) else p for p in compiled.params]
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(compiled.convert(cursor.fetchall()))

    def _compile(self, shape: tuple, form: tuple, lengths: dict[str, int]) -> _Compiled:
        def given(name: str, field: Field = NUMBER) -> Place | list[Place]:
            if name in lengths:
                return [Place(name, field, number) for number in range(lengths[name])]
            return Place(name, field)

        compiler = self._build(given, *form).query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        sql, params = _with_constants(sql, params)
        converters = compiler.get_converters([c for c, *_ in compiler.select[: compiler.col_count]])

        def convert(rows: Iterable[tuple]) -> Iterable[tuple]:
            return map(tuple, compiler.apply_converters(rows, converters)) if converters else rows

        self._compiled[shape] = _Compiled(sql, params, convert)
        return self._compiled[shape]


def _with_constants(sql: str, params: Iterable[Any]) -> tuple[str, list[Any]]:
    """Write numbers and plain words that are the same each time, such as a state, into the SQL.

    SQLite takes an index of some rows ("… WHERE status = 'active'") only where it reads them.
    """
    pieces, left = sql.split("%s"), []
    written = pieces[0]
    for param, piece in zip(params, pieces[1:], strict=True):
        if type(param) is int:
            written += str(param) + piece
        elif isinstance(param, str) and (not param or param.isidentifier()) and param.isascii():
            written += f"'{param}'" + piece
        else:
            left.append(param)
            written += f"%s{piece}"
    return written, left
