"""PostgreSQL plans what pages ask all day once for each connection."""

from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction

from clients.models import Client
from practice.database.compiled import TEXT, CompiledQuery
from practice.database.connections import GENERIC_PLAN
from tests.application_role import application

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="of PostgreSQL")

NAMES = CompiledQuery(
    lambda given: Client.objects.filter(
        therapist=given("therapist"), name__gt=given("after", TEXT)
    ).values_list("name")
)


def prepared() -> dict[str, int]:
    """Return how often each statement has been asked that this connection has prepared."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements")
        return {statement: number for statement, number in cursor if "name" in statement}


@contextmanager
def something_between():
    """Connect as through PgBouncer, which does not pass on what the server wants to be told."""
    options = connection.settings_dict["OPTIONS"]
    connection.close()
    told = options["options"]
    options["options"] = told.replace(f"-c plan_cache_mode={GENERIC_PLAN}", "")
    assert options["options"] != told
    try:
        yield
    finally:
        options["options"] = told
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_statement_is_planned_once_whatever_its_values(alice, bob, ann, carl):
    connection.close()

    assert NAMES.rows(therapist=alice.pk, after="") == [("Ann Ashby",)]
    assert NAMES.rows(therapist=bob.pk, after="Alf") == [("Carl Cole",)]
    assert NAMES.rows(therapist=bob.pk, after="Zoe") == []

    [asked] = prepared().values()
    assert asked == 3


@pytest.mark.django_db(transaction=True)
def test_the_plan_of_one_who_sees_everything_shows_nobody_more(ann):
    """A plan holds the policies of whoever it was made for."""
    assert NAMES.rows(therapist=ann.therapist_id, after="") == [("Ann Ashby",)]  # as the owner

    with application():
        assert NAMES.rows(therapist=ann.therapist_id, after="") == []  # nobody has signed in

    assert NAMES.rows(therapist=ann.therapist_id, after="") == [("Ann Ashby",)]


@pytest.mark.django_db(transaction=True)
def test_what_changes_in_the_tables_is_planned_for_anew(ann):
    assert NAMES.rows(therapist=ann.therapist_id, after="") == [("Ann Ashby",)]

    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clients_client ADD COLUMN added_by_an_update int DEFAULT 1")
    try:
        assert NAMES.rows(therapist=ann.therapist_id, after="") == [("Ann Ashby",)]
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE clients_client DROP COLUMN added_by_an_update")
    assert NAMES.rows(therapist=ann.therapist_id, after="") == [("Ann Ashby",)]


@pytest.mark.django_db
def test_where_a_column_has_another_type_it_is_an_outage_once_and_then_prepared_anew(ann):
    ask = {"therapist": ann.therapist_id, "after": ""}
    NAMES.rows(**ask)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(OperationalError, match="cached plan"), transaction.atomic():
        ask_after_a_migration(ask)

    assert NAMES.rows(**ask) == [("Ann Ashby",)]


def ask_after_a_migration(ask: dict) -> None:
    """Ask when a column has changed out of psycopg's sight, as by another connection."""
    changed = "ALTER TABLE clients_client ALTER name TYPE varchar(9999)"
    with connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN {changed}; END $$")
    NAMES.rows(**ask)


@pytest.mark.django_db(transaction=True)
def test_neither_what_is_planned_by_its_values_nor_a_second_page_is_prepared(ann):
    by_values = CompiledQuery(lambda given: Client.objects.values_list("name"), by_values=True)
    connection.close()

    by_values.rows()
    NAMES.rows(therapist=ann.therapist_id, after="", limits=(10, 20))

    assert prepared() == {}


@pytest.mark.django_db(transaction=True)
def test_where_connections_may_change_between_statements_nothing_is_prepared(ann):
    with something_between():
        assert NAMES.rows(therapist=ann.therapist_id, after="") == [("Ann Ashby",)]
        assert prepared() == {}


@pytest.mark.django_db
def test_who_asks_what_was_asked_reads_it_with_its_values(ann, django_assert_num_queries):
    with django_assert_num_queries(1) as asked:
        NAMES.rows(therapist=ann.therapist_id, after="Al")

    assert "'Al'" in asked[0]["sql"]
    assert str(ann.therapist_id) in asked[0]["sql"]
