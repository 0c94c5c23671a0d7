"""Starting a relationship: the method itself (its forms are in `test_starting.py`)."""

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction

from relationships.models import Kind, Relationship, WrongNumberOfPeople, start_relationship
from tests.factories import ClientFactory, counters_of, history_of, row_of, start

pytestmark = pytest.mark.database


def test_work_begins_active_with_one_line_of_history(alice, ann):
    relationship = start(ann)

    assert row_of(relationship)["status"] == "active"
    assert history_of(relationship) == ["started"]
    event = relationship.events.get()
    assert (event.at, event.by, event.therapist) == (relationship.started_at, alice.user, alice)


def test_a_start_counts_on_every_client(ann, ben):
    start(ann, ben)
    start(ann)

    assert counters_of(ann, ben) == [2, 1]


def test_work_may_have_begun_earlier(ann):
    earlier = datetime(2024, 2, 29, 10, tzinfo=UTC)

    relationship = start(ann, at=earlier)

    assert (relationship.started_at, relationship.events.get().at) == (earlier, earlier)


@pytest.mark.parametrize(
    ("kind", "fitting"),
    [
        (Kind.INDIVIDUAL, [1]),
        (Kind.COUPLES, [2]),
        (Kind.FAMILY, [2, 3, 4]),
        (Kind.GROUP, [2, 3, 4]),
    ],
)
def test_the_number_of_people_fits_the_kind(alice, kind, fitting):
    people = ClientFactory.create_batch(4, therapist=alice)
    fits = []

    for number in range(5):
        try:
            start_relationship(therapist=alice, kind=kind, clients=people[:number], by=alice.user)
        except WrongNumberOfPeople:
            continue
        fits.append(number)

    assert fits == fitting
    assert Relationship.objects.count() == len(fitting)


def test_nobody_is_in_it_twice(alice, ann):
    with pytest.raises(IntegrityError), transaction.atomic():
        start_relationship(therapist=alice, kind=Kind.COUPLES, clients=[ann, ann], by=alice.user)

    assert Relationship.objects.count() == 0
    assert counters_of(ann) == [0]


def test_a_colleagues_client_cannot_be_taken_in(alice, ann, carl):
    with pytest.raises(IntegrityError), transaction.atomic():
        start_relationship(therapist=alice, kind=Kind.COUPLES, clients=[ann, carl], by=alice.user)

    assert Relationship.objects.count() == 0
    assert counters_of(ann, carl) == [0, 0]
