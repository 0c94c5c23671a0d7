"""Whoever changes a practice holds its chain first, so two people never wait for each other."""

from contextlib import suppress
from functools import partial

import pytest
from django.db import transaction

from practice.audit import verify
from relationships.models import Relationship, sealed_history
from relationships.models.choices import EndReason
from tests.audit.test_chain import at_once
from tests.factories import ClientFactory, start

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


@pytest.fixture
def ties(alice) -> list[Relationship]:
    """Six couples of seven people, who share them crosswise."""
    people = [ClientFactory(therapist=alice) for _ in range(7)]
    return [start(people[n], people[n + 1]) for n in range(6)]


def trying(act, *args, **facts) -> None:
    with suppress(Relationship.AlreadyDone):
        act(*args, **facts)


def test_several_endings_at_once_and_single_ones_never_deadlock(ties, alice):
    facts = {"by": alice.user, "reason": EndReason.COMPLETED}

    def several(order: list[int]) -> None:
        with transaction.atomic():
            for number in order:
                trying(Relationship.objects.get(pk=ties[number].pk).end, **facts)

    def single(number: int) -> None:
        trying(Relationship.objects.get(pk=ties[number].pk).end, **facts)

    for _ in range(ROUNDS):
        up, down = partial(several, [*range(6)]), partial(several, [*reversed(range(6))])

        assert at_once(up, down, up, down, *(partial(single, n) for n in (5, 3, 1, 0))) == []

        assert not alice.relationships.active().exists()
        for tie in alice.relationships.all():
            tie.restart(by=alice.user)

    assert [*verify.faults(alice.pk), *sealed_history.faults(alice.pk)] == []
    assert alice.events.filter(kind="ended").count() == 6 * ROUNDS
