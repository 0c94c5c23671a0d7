"""Queries that are put into SQL once, and asked many times with other values.

Putting a queryset together, and into SQL, takes Django longer than a database takes to answer it,
and on the pages that are opened all day it comes out the same each time. What such a page asks is
written down once, as a queryset with places for what differs:

    NAMES = CompiledQuery(
        lambda given: Client.objects.filter(therapist=given("therapist")).values_list("name")
    )
    NAMES.rows(therapist=7)

It stands in for several parts of Django, which have to agree, so the module is longer than others.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple, Self

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import (
    BigIntegerField,
    CharField,
    DateField,
    DateTimeField,
    Expression,
    Field,
    Model,
    QuerySet,
)
from django.db.models.query import ModelIterable, get_related_populators  # type: ignore[attr-defined]
from django.db.models.sql.compiler import SQLCompiler

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
        if type(value) in (int, str):
            return value  # as it is, for both databases
        return self.output_field.get_db_prep_value(value, connection, prepared=False)


def _cursor() -> Any:
    """Return a cursor for what is asked again and again; SQLite remembers statements by itself."""
    prepared = getattr(connection, "prepared_cursor", connection.cursor)
    return prepared()


def set_related(instance: Model, name: str, rows: list[Any]) -> None:
    """Have `instance.<name>.all()` be these rows, as if `prefetch_related` had read them."""
    related: Any = getattr(instance, name).all()
    related._result_cache, related._prefetch_done = rows, True
    instance.__dict__.setdefault("_prefetched_objects_cache", {})[name] = related


def padded(numbers: list[int]) -> list[int]:
    """Return the same numbers, the last of them so often that few lengths come: 0, 1, 2, 4, 8…"""
    more = (1 << (len(numbers) - 1).bit_length()) - len(numbers) if numbers else 0
    return numbers + numbers[-1:] * more


class CompiledInsert:
    """An INSERT of a model's rows, put into SQL once; `model.save` would do so for each of them.

    The id is left to the database, and not read back; nobody is sent a signal.
    """

    def __init__(self, model: type[Model]) -> None:
        self._model = model

    @cached_property
    def _fields(self) -> list[Field]:
        return [f for f in self._model._meta.local_concrete_fields if not f.primary_key]

    @cached_property
    def _sql(self) -> str:
        quote = connection.ops.quote_name  # both databases quote alike
        columns = ", ".join(quote(field.column) for field in self._fields)
        places = ", ".join(["%s"] * len(self._fields))
        table = quote(self._model._meta.db_table)
        return f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608 - names of ours

    def insert(self, row: Model) -> None:
        """Write a row that is not there yet."""
        values = [f.get_db_prep_save(getattr(row, f.attname), connection) for f in self._fields]
        with _cursor() as cursor:
            cursor.execute(self._sql, values)


class _Compiled(NamedTuple):
    sql: str
    params: list[Place | Any]
    convert: Callable[[Iterable[tuple]], Iterable[tuple]]
    instance: Callable[[tuple], Any] | None  # of a row, where it is no query of values


class CompiledQuery:
    """A queryset with places, of models or of values; compiled when it is first asked.

    `build` is called with `given`: `given("therapist")` is the place of a number,
    `given("now", MOMENT)` that of anything else. For a list of values it is a list of places, and
    for each length that comes a query is compiled: so lists have to be short. Where more differs
    than values, such as an order, `form` says how: `build` takes its parts after `given`, and for
    each form a query is compiled: so there have to be few.

    On PostgreSQL it is prepared: planned once, without values. `by_values` is for a query whose
    best plan is another one for few rows than for many: it is planned each time.
    """

    def __init__(self, build: Callable[..., QuerySet], *, by_values: bool = False) -> None:
        self._build, self._by_values = build, by_values
        self._compiled: dict[tuple, _Compiled] = {}

    def rows(
        self, *, form: tuple = (), limits: tuple[int, int] | None = None, **values: Any
    ) -> list[tuple]:
        """Ask, and return the rows; with `limits` only those from one number to before another."""
        return self._ask(form, limits, values)[0]

    def instances(self, *, limits: tuple[int, int] | None = None, **values: Any) -> list[Any]:
        """Ask with a queryset of models, and return them, as the queryset itself would.

        What is joined by `select_related` and annotated is there; nothing is prefetched.
        """
        rows, instance = self._ask((), limits, values)
        return [instance(row) for row in rows] if instance else []

    def _ask(
        self, form: tuple, limits: tuple[int, int] | None, values: dict[str, Any]
    ) -> tuple[list[tuple], Callable[[tuple], Any] | None]:
        lengths = {name: len(value) for name, value in values.items() if isinstance(value, list)}
        shape = (connection.vendor, form, *lengths.items())
        try:
            compiled = self._compiled.get(shape) or self._compile(shape, form, lengths)
        except EmptyResultSet:  # it is clear that nothing is one of nothing
            return [], None
        sql = compiled.sql
        if limits:
            sql += f" {connection.ops.limit_offset_sql(*limits)}"
        params = [p.of(values) if isinstance(p, Place) else p for p in compiled.params]
        is_further_page = bool(limits and limits[0])  # another statement, which few ask
        is_prepared = not (self._by_values or is_further_page)
        with _cursor() if is_prepared else connection.cursor() as cursor:
            cursor.execute(sql, params)
            return list(compiled.convert(cursor.fetchall())), compiled.instance

    def _compile(self, shape: tuple, form: tuple, lengths: dict[str, int]) -> _Compiled:
        def given(name: str, field: Field = NUMBER) -> Place | list[Place]:
            if name in lengths:
                return [Place(name, field, number) for number in range(lengths[name])]
            return Place(name, field)

        queryset = self._build(given, *form)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        sql, params = _with_constants(sql, params)
        converters = compiler.get_converters([c for c, *_ in compiler.select[: compiler.col_count]])

        columns = [(column, _converter(*found)) for column, found in converters.items()]

        def convert(rows: Iterable[tuple]) -> Iterable[tuple]:
            return [_converted(row, columns) for row in rows] if columns else rows

        of_models = issubclass(queryset._iterable_class, ModelIterable)
        instance = _maker(compiler) if of_models else None
        self._compiled[shape] = _Compiled(sql, params, convert, instance)
        return self._compiled[shape]


def _converter(converters: list[Callable], expression: Any) -> Callable[[Any], Any]:
    """Return what Django's converters of a column come to, as one function."""
    if converters == [getattr(connection.ops, "convert_datetimefield_value", None)]:
        return _moment  # of SQLite, as Django's, which does without what cannot be
    [first, *others] = converters

    def convert(value: Any) -> Any:
        value = first(value, expression, connection)
        for converter in others:
            value = converter(value, expression, connection)
        return value

    return convert


def _moment(value: str | datetime) -> datetime:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC)


def _converted(row: tuple, columns: list[tuple[int, Callable[[Any], Any]]]) -> tuple:
    """Return a row of values as Django gives them, as `SQLCompiler.apply_converters` does.

    What is null stays null, and most moments are: no session to come, nobody left.
    """
    values = list(row)
    for column, convert in columns:
        value = values[column]
        if value is not None:
            values[column] = convert(value)
    return tuple(values)


def _maker(compiler: SQLCompiler) -> Callable[[tuple], Any]:
    """Return what makes a model of a row, as Django's `ModelIterable` does."""
    info, select = compiler.klass_info, compiler.select
    model, start, stop = info["model"], info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column.target.attname for column, *_ in select[start:stop]]
    related = get_related_populators(info, select, DEFAULT_DB_ALIAS)
    annotated = dict(compiler.annotation_col_map)

    def instance(row: tuple) -> Any:
        made = model.from_db(DEFAULT_DB_ALIAS, names, row[start:stop])
        for populator in related:
            populator.populate(row, made)
        for name, column in annotated.items():
            setattr(made, name, row[column])
        return made

    return instance


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
