"""Who the tests are to PostgreSQL: the owner on the stage, the server's role in a request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.http import HttpRequest, HttpResponse
from psycopg import Cursor

from practice.database.row_security import APPLICATION


@contextmanager
def application() -> Iterator[None]:
    """Be the role of the server, on PostgreSQL."""
    with _role(APPLICATION):
        yield


@contextmanager
def owner() -> Iterator[None]:
    """Be the owner of the tables, who sees every row, also in the middle of a request."""
    with _role("NONE"):
        yield


@contextmanager
def _role(name: str) -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    (former,) = _execute("SELECT current_setting('role')").fetchone()
    _execute(f"SET ROLE {name}")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            _execute(f"SET ROLE {former}")


def as_the_application(get_response: Callable) -> Callable[[HttpRequest], HttpResponse]:
    """Answer every request as the role of the server."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with application():
            return get_response(request)

    return middleware


def _execute(statement: str) -> Cursor:
    connection.ensure_connection()
    return connection.connection.execute(statement)  # unseen by tests that count queries
