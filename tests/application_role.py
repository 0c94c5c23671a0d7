"""Who the tests are to PostgreSQL: the owner on the stage, the server's role in a request."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.http import HttpRequest, HttpResponse

from practice.database.row_security import APPLICATION


@contextmanager
def application() -> Iterator[None]:
    """Be the role of the server, on PostgreSQL."""
    if connection.vendor != "postgresql":
        yield
        return
    _execute(f"SET ROLE {APPLICATION}")
    try:
        yield
    finally:
        if connection.connection is not None and not connection.needs_rollback:
            _execute("RESET ROLE")


def as_the_application(get_response: Callable) -> Callable[[HttpRequest], HttpResponse]:
    """Answer every request as the role of the server."""

    def middleware(request: HttpRequest) -> HttpResponse:
        with application():
            return get_response(request)

    return middleware


def _execute(statement: str) -> None:
    connection.ensure_connection()
    connection.connection.execute(statement)  # unseen by tests that count queries
