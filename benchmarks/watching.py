"""What a page asks of the database: every statement, and how the database answers it.

Statements, buffers and plans are the same on a busy machine as on a quiet one.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import psycopg
from django.db import connection
from django.test.utils import CaptureQueriesContext
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer

from practice.database.postgresql.base import PreparedCursor

EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) "
IS_QUERY = ("SELECT", "(SELECT", "WITH")
ALIAS = re.compile(r'"(\w+)" ([A-Z]+\d+)\b')  # as Django calls the table of a subquery
SCAN = re.compile(r"SCAN (\w+)")


@dataclass(frozen=True)
class Plan:
    """How the database answers a query.

    `buffers` are the pages of 8 KiB that it touches, which SQLite does not count; `scanned` the
    tables that it reads from end to end.
    """

    sql: str
    buffers: int = 0
    scanned: frozenset[str] = frozenset()


@dataclass
class Watched:
    """What has been asked so far."""

    statements: list[str] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)

    @property
    def buffers(self) -> int:
        return sum(plan.buffers for plan in self.plans)

    @property
    def scanned(self) -> set[str]:
        return {table for plan in self.plans for table in plan.scanned}


@contextmanager
def watch() -> Iterator[Watched]:
    """List every statement, those of transactions and those that tell who asks included."""
    watched, told = Watched(), psycopg.Connection.execute

    @wraps(told)
    def heard(self: psycopg.Connection, query: Any, *values: Any, **more: Any) -> Any:
        watched.statements.append(str(query))
        return told(self, query, *values, **more)

    psycopg.Connection.execute = heard  # by which the database is told who asks
    try:
        with CaptureQueriesContext(connection) as captured:
            yield watched
    finally:
        psycopg.Connection.execute = told
    watched.statements += [query["sql"] for query in captured.captured_queries]


@contextmanager
def explain() -> Iterator[Watched]:
    """Have the database say how it answers each query, just before it does so."""
    watched = Watched()
    way = _plan_of_postgresql if connection.vendor == "postgresql" else _plan_of_sqlite

    def explained(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        if is_query(sql) and not many:
            watched.plans.append(way(sql, values, context["cursor"].cursor))
        return execute(sql, values, many, context)

    with connection.execute_wrapper(explained):
        yield watched


def is_query(sql: str) -> bool:
    """Whether a statement only reads."""
    return sql.startswith(IS_QUERY)


def _plan_of_postgresql(sql: str, values: Any, asked_by: Any) -> Plan:
    if sql.rstrip(" ;").endswith(("UPDATE", "SKIP LOCKED")):
        return Plan(sql)  # it would lock
    with connection.connection.cursor() as cursor:
        if isinstance(asked_by, PreparedCursor):
            found = _explained_as_prepared(cursor, sql, values)
        else:
            [(found,)] = cursor.execute(EXPLAIN + sql, values).fetchall()
    [whole] = json.loads(found) if isinstance(found, str) else found
    top = whole["Plan"]
    buffers = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return Plan(sql, buffers, frozenset(_scanned(top)))


def _explained_as_prepared(cursor: psycopg.Cursor, sql: str, values: Any) -> Any:
    """Return how the database answers a prepared query, which it planned without the values."""
    query = PostgresQuery(Transformer(connection.connection))
    query.convert(sql, values)
    types = cursor.execute(
        "SELECT string_agg(coalesce(format_type(nullif(oid, 0), NULL), 'unknown'), ', ' "
        "ORDER BY place) FROM unnest(%s::oid[]) WITH ORDINALITY AS given (oid, place)",
        [list(query.types)],
    ).fetchone()[0]
    taking = f"({types})" if types else ""
    cursor.execute(f"PREPARE explained {taking} AS {query.query.decode()}")
    try:
        places = f"({', '.join(['%s'] * len(query.types))})" if types else ""
        return cursor.execute(f"{EXPLAIN} EXECUTE explained {places}", values).fetchone()[0]
    finally:
        cursor.execute("DEALLOCATE explained")


def _scanned(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for below in node.get("Plans", []):
        yield from _scanned(below)


def _plan_of_sqlite(sql: str, values: Any, asked_by: Any) -> Plan:
    with connection.cursor() as cursor:
        lines = cursor.cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()
    tables = {alias: table for table, alias in ALIAS.findall(sql)}
    scans = (SCAN.match(detail) for *_, detail in lines)
    return Plan(sql, scanned=frozenset(tables.get(scan[1], scan[1]) for scan in scans if scan))
