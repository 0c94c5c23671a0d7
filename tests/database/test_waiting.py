"""How long a request waits for the database; `tests/harness/locked.py` shows it with a server."""

from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from practice.database.server_role import refuse_endless_waiting
from practice.database.waiting import FOR_A_LOCK, limit_waiting
from practice.management.doctor.database import roles
from tests.application_role import application

POSTGRESQL = {"ENGINE": "django.db.backends.postgresql"}
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no such")


def test_postgresql_is_told_when_it_is_connected_to():
    database = POSTGRESQL | {"OPTIONS": {"sslmode": "require"}}

    limit_waiting(database)

    assert database["OPTIONS"] == {
        "sslmode": "require",
        "options": "-c lock_timeout=2500ms -c statement_timeout=3000ms",
        "connect_timeout": 2,
        "tcp_user_timeout": 5000,
    }


def test_what_was_set_otherwise_stays():
    database = POSTGRESQL | {"OPTIONS": {"options": "-c jit=off", "connect_timeout": 1}}

    limit_waiting(database)

    assert database["OPTIONS"]["options"].startswith("-c jit=off -c lock_timeout=2500ms")
    assert database["OPTIONS"]["connect_timeout"] == 1


def test_sqlite_waits_as_long_for_whoever_writes():
    database = {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"timeout": 20}}

    limit_waiting(database)

    assert database["OPTIONS"]["timeout"] == FOR_A_LOCK / 1000 == 2.5


@pytest.fixture
def limited(transactional_db, settings) -> Iterator[None]:
    """Connect anew, as the server does."""
    database = connection.settings_dict
    options = dict(database["OPTIONS"])
    connection.close()
    limit_waiting(database)
    yield
    connection.close()
    database["OPTIONS"] = options


@on_postgresql
def test_a_statement_that_takes_too_long_is_ended(limited):
    with connection.cursor() as cursor, pytest.raises(OperationalError, match="timeout"):
        cursor.execute("SELECT pg_sleep(10)")


@on_postgresql
def test_a_server_whose_limits_do_not_arrive_does_not_start(transactional_db):
    with pytest.raises(ImproperlyConfigured, match="PgBouncer passes none on"):
        refuse_endless_waiting(connection)


@on_postgresql
def test_a_server_whose_limits_arrive_starts(limited):
    refuse_endless_waiting(connection)


@on_postgresql
def test_doctor_asks_as_the_server_would_and_not_as_a_command_that_waits(transactional_db):
    with application():
        assert not [finding for finding in roles() if "lock_timeout" in finding.text]
