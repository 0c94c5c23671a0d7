"""Somebody erases while somebody else takes the work up again: one of them wins, wholly."""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from clients.models import Client
from practice.diary.models import Session
from practice.records.erasure import NotYet, erase
from relationships.models import Erasure, Relationship
from tests.factories import ClientFactory, start
from tests.relationships.test_races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def attempt(act) -> str:
    try:
        act()
    except (
        NotYet,
        Session.Taken,
        Client.DoesNotExist,
        Relationship.Closed,
        Relationship.DoesNotExist,
    ) as lost:
        return type(lost).__name__
    return "won"


def test_of_an_erasure_and_a_restart_one_wins(alice):
    for _ in range(ROUNDS):
        ann, ben = ClientFactory.create_batch(2, therapist=alice)
        tie = start(ann, ben)
        tie.end(by=alice.user, reason="completed")
        acts = [partial(erase, Client.objects.get(pk=ann.pk), by=alice.user) for _ in range(3)]
        acts += [partial(Relationship.objects.get(pk=tie.pk).restart, by=alice.user)]

        *erasures, restart = at_once(*(partial(attempt, act) for act in acts))

        ann.refresh_from_db()
        tie.refresh_from_db()
        assert [*erasures, restart].count("won") == 1
        assert (ann.is_erased, tie.is_closed, tie.is_ended) == (restart != "won",) * 3
        assert ann.active_relationships == (not tie.is_ended)


def test_an_erasure_and_a_booking_do_not_trip_over_each_other(alice):
    for n in range(ROUNDS):
        ann, ben = ClientFactory.create_batch(2, therapist=alice)
        tie = start(ann, ben)
        tie.end(by=alice.user, reason="completed")
        soon = timezone.now() + timedelta(days=n + 1)
        book = partial(Session.book, tie, starts_at=soon, length=timedelta(hours=1), by=alice.user)

        erased, _ = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(attempt, book),
        )

        ann.refresh_from_db()
        assert ann.is_erased == (erased == "won")


def test_of_an_erasure_that_takes_the_work_and_a_booking_one_wins(alice):
    for n in range(ROUNDS):
        ann = ClientFactory(therapist=alice)
        tie = start(ann)
        tie.end(by=alice.user, reason="completed")
        soon = timezone.now() + timedelta(days=n + 1)
        book = partial(Session.book, tie, starts_at=soon, length=timedelta(hours=1), by=alice.user)

        answers = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(attempt, book),
        )

        assert answers in (["won", "Taken"], ["NotYet", "won"])


def test_work_that_has_been_erased_cannot_be_booked(ann, alice):
    tie = start(ann)
    tie.end(by=alice.user, reason="completed")
    erase(ann, by=alice.user)

    with pytest.raises(Session.Taken):
        Session.book(tie, starts_at=timezone.now(), length=timedelta(hours=1), by=alice.user)


def test_of_several_erasures_of_one_client_one_wins(alice):
    for _ in range(ROUNDS):
        ann = ClientFactory(therapist=alice)
        tie = start(ann)
        tie.end(by=alice.user, reason="completed")
        acts = [partial(erase, Client.objects.get(pk=ann.pk), by=alice.user) for _ in range(4)]

        answers = at_once(*(partial(attempt, act) for act in acts))

        assert sorted(answers) == ["DoesNotExist"] * 3 + ["won"]
        assert Erasure.objects.filter(relationship=tie.pk).count() == 1
