"""Queries that are compiled once answer as the querysets they are made from."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import CharField
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from practice.audit.models import Entry
from practice.database.compiled import MOMENT, CompiledInsert, CompiledQuery
from tests.factories import ClientFactory

pytestmark = [pytest.mark.database, pytest.mark.django_db]
NOW = datetime(2025, 11, 25, 12, tzinfo=UTC)


def names(given):
    return Client.objects.filter(therapist=given("therapist")).in_name_order().values_list("name")


def test_it_answers_with_the_values_of_each_time(alice, bob, ann):
    ClientFactory(therapist=bob, name="Zoë Quill")
    query = CompiledQuery(names)

    assert query.rows(therapist=alice.pk) == [(ann.name,)]
    assert query.rows(therapist=bob.pk) == [("Zoë Quill",)]


def test_a_part_of_the_rows_is_asked_for_by_its_numbers(alice):
    for letter in "ABCDE":
        ClientFactory(therapist=alice, name=letter)

    query = CompiledQuery(names)

    assert query.rows(therapist=alice.pk, limits=(1, 3)) == [("B",), ("C",)]


def test_a_list_may_be_of_any_length(alice, ann, ben, carl):
    query = CompiledQuery(
        lambda given: Client.objects.filter(pk__in=given("people")).order_by("pk").values_list("pk")
    )

    assert query.rows(people=[ann.pk, carl.pk]) == [(ann.pk,), (carl.pk,)]
    assert query.rows(people=[ben.pk]) == [(ben.pk,)]
    assert query.rows(people=[]) == []


def test_moments_are_compared_and_come_back_as_moments_also_those_so_much_earlier(ann):
    Client.objects.update(added_at=NOW)
    query = CompiledQuery(
        lambda given: Client.objects.filter(
            added_at__lte=given("now", MOMENT),
            added_at__gt=given("now", MOMENT) - timedelta(hours=1),
        ).values_list("added_at")
    )

    assert query.rows(now=NOW) == [(NOW,)]
    assert query.rows(now=NOW - timedelta(seconds=1)) == []
    assert query.rows(now=NOW + timedelta(hours=1)) == []


@pytest.mark.parametrize("text", ["%", "_", "'", "\\", "%s", "'; DROP TABLE clients_client; --"])
def test_what_was_typed_is_a_value_and_never_sql(alice, text):
    ClientFactory(therapist=alice, name="Plain")
    odd = ClientFactory(therapist=alice, name=f"a{text}b")
    query = CompiledQuery(
        lambda given: Client.objects.filter(name__contains=given("text", CharField())).values_list(
            "pk"
        )
    )

    assert query.rows(text=text) == [(odd.pk,)]


def test_a_constant_is_written_into_the_sql_and_a_text_that_is_no_word_is_not(alice, ann):
    query = CompiledQuery(
        lambda given: (
            Client.objects.filter(
                therapist=given("therapist"), active_relationships__gte=0, keep_rule="7_years"
            )
            .exclude(name="O'Neil")
            .values_list("pk")
        )
    )

    with CaptureQueriesContext(connection) as captured:
        assert query.rows(therapist=alice.pk) == [(ann.pk,)]
        assert query.rows(therapist=alice.pk) == [(ann.pk,)]

    assert len(captured) == 2
    [compiled] = query._compiled.values()
    assert "O'Neil" in compiled.params


def test_it_is_put_into_sql_once(alice, ann):
    built = []

    def build(given):
        built.append(1)
        return names(given)

    query = CompiledQuery(build)
    for _ in range(3):
        query.rows(therapist=alice.pk)

    assert built == [1]


def test_a_compiled_insert_writes_what_save_would(alice):
    values = {
        "therapist": alice,
        "chain": alice.pk,
        "at": datetime(2026, 7, 31, 23, 30, 1, 5, tzinfo=UTC),
        "by": None,
        "role": "therapist",
        "verb": "client_opened",
        "outcome": 'O\'Sullivan %s "?"',
        "writer": "one",
        "seal": "x" * 64,
    }
    CompiledInsert(Entry).insert(Entry(**values, writer_number=1))
    Entry(**values, writer_number=2).save(force_insert=True)

    inserted, saved = Entry.objects.order_by("writer_number").values()
    assert {**inserted, "id": 0, "writer_number": 0} == {**saved, "id": 0, "writer_number": 0}
    assert saved["id"] > inserted["id"]
