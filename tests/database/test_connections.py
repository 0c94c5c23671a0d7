"""Connections to PostgreSQL stay open from one request to the next; SQLite has nobody to ask."""

import psycopg
import pytest
from django.db import close_old_connections, connection

from practice.accounts.models import Therapist

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server")


@pytest.fixture
def between_requests(transactional_db, monkeypatch) -> None:
    """Be where a server is when it has answered: its connection open, and nothing asked yet."""
    monkeypatch.setitem(connection.settings_dict, "CONN_HEALTH_CHECKS", True)
    connection.close()
    Therapist.objects.exists()
    close_old_connections()


def end(pid: int) -> None:
    """End the server's side of a connection, as a server that stops does."""
    database = connection.get_connection_params()
    known = {"host", "port", "user", "password", "dbname"}
    with psycopg.connect(**{k: v for k, v in database.items() if k in known}) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_stays_open(between_requests):
    before = connection.connection

    close_old_connections()
    Therapist.objects.exists()

    assert connection.connection is before


def test_it_is_asked_nothing_to_know_that_it_is_good(between_requests, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked")

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", refuse)
        assert connection.is_usable()


def test_one_that_the_server_has_closed_is_replaced(between_requests):
    before = connection.connection
    end(before.info.backend_pid)

    assert not Therapist.objects.exists()
    assert connection.connection is not before


def test_one_that_is_closed_here_is_not_good(between_requests):
    connection.connection.close()

    assert not connection.is_usable()


def test_it_is_planned_and_not_compiled(transactional_db):
    connection.close()

    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        assert cursor.fetchone() == ("off",)
