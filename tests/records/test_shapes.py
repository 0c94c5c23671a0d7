"""What is taken out has the same shape, whoever takes it out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from practice.diary.models import Session
from practice.records.export_client import export_client, export_clients
from practice.records.export_own import own_data
from tests.factories import ClientFactory, start

AT = datetime(2025, 3, 4, 15, tzinfo=UTC)


@pytest.fixture
def data(ann, ben, alice) -> tuple[dict, dict]:
    """A couple's session, moved, in the export of a client and in the client's own data."""
    couples = start(ann, ben, at=AT)
    session = Session.book(couples, starts_at=AT, length=timedelta(minutes=50), by=ann.account)
    session.move(starts_at=AT + timedelta(days=1), by=alice.user)
    couples.end(by=alice.user, reason="completed", at=AT + timedelta(days=2))
    now = timezone.now()
    return export_client(ann, now), own_data(ann.account, [ann], now)


def test_what_both_have_of_a_person_is_the_same(data):
    client, own = data[0]["client"], data[1]["records"][0]

    assert {key: client[key] for key in own if key != "therapist"} == {
        key: value for key, value in own.items() if key != "therapist"
    }


def test_what_both_have_of_work_is_the_same(data):
    client, own = data[0]["relationships"][0], data[1]["relationships"][0]

    shared = client.keys() & own.keys()
    assert shared == {"id", "kind", "with", "ended_at"}
    assert {key: client[key] for key in shared} == {key: own[key] for key in shared}


def test_what_both_have_of_a_session_is_the_same_but_for_whom_they_call_you(data):
    client, own = data[0]["relationships"][0]["sessions"][0], data[1]["sessions"][0]

    assert client.keys() - own.keys() <= {
        *("series", "moved_for_client", "last_moved_by_therapist_at", "cancelled_for_client"),
        "in_figures",
    }
    for key in client.keys() & own.keys():
        if not key.endswith("_by"):
            assert client[key] == own[key], key
    assert (client["booked_by"], own["booked_by"]) == ("client", "you")
    assert (client["moved_by"], own["moved_by"]) == ("therapist", "Alice")
    assert (client["cancelled_by"], own["cancelled_by"]) == (None, None)


def test_several_people_are_exported_as_each_alone_by_as_many_statements_as_one(
    data, ann, ben, alice, django_assert_max_num_queries
):
    start(ClientFactory(therapist=alice))
    now = timezone.now()
    people = alice.clients.people().select_related("account").prefetch_related("merged_records")
    one_by_one = [export_client(client, now) for client in people]

    with django_assert_max_num_queries(12):
        together = export_clients(alice, list(people), now)

    assert together == one_by_one
