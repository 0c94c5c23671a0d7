"""People at once in one practice: they take turns where they must, and nobody waits for ever.

Whoever locks several rows does so in one order: the therapist's, an account, clients by their ids,
work, and sessions last. PostgreSQL breaks a circle of people who wait for each other after a
second, and one of them is shown an error; here that would be an answer that is not 303.
"""

from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from practice.audit import verify
from practice.audit.chaining import chain_everything
from practice.records.erasure import NotYet, erase
from relationships.models import Relationship, sealed_history
from tests.conftest import browser_of
from tests.factories import ClientFactory, counters_of, start, true_counters_of
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def trying(act, *args, **values) -> str:
    try:
        act(*args, **values)
    except (Relationship.AlreadyDone, Relationship.Closed, NotYet) as lost:
        return type(lost).__name__
    return "won"


@pytest.fixture
def people(alice) -> list:
    return [ClientFactory(therapist=alice) for _ in range(7)]


@pytest.fixture
def relationships(people) -> list[Relationship]:
    """Six couples of seven people, who share them crosswise: the last work with the first ids."""
    return [start(people[n], people[n + 1]) for n in reversed(range(6))]


def list_sent(relationships: list[Relationship]) -> dict[str, object]:
    """The tidy-up list, with some of its rows to be ended."""
    typed: dict[str, object] = {"row": [relationship.public_id for relationship in relationships]}
    for relationship in relationships:
        typed |= {
            f"{relationship.public_id}-action": "end",
            f"{relationship.public_id}-reason": "other",
        }
    return typed


def test_lists_and_single_endings_at_once_never_deadlock(relationships, people, alice):
    for _ in range(ROUNDS):
        browsers = [browser_of(alice.user) for _ in range(4)]
        parts = (relationships, relationships[::-1], relationships[:4], relationships[2:])
        lists = [
            partial(browser.post, "/caseload/tidy-up/", list_sent(some))
            for browser, some in zip(browsers, parts, strict=True)
        ]
        single = [
            partial(
                trying,
                Relationship.objects.get(pk=relationships[n].pk).end,
                by=alice.user,
                reason="other",
            )
            for n in (5, 3, 1, 0)
        ]

        answers = at_once(*lists, *single)

        assert {answer.status_code for answer in answers[:4]} == {303}
        assert not alice.relationships.active().exists()
        assert counters_of(*people) == [0] * 7
        for relationship in alice.relationships.all():
            relationship.restart(by=alice.user)

    chain_everything()
    found = [*verify.faults(alice.pk), *sealed_history.faults(alice.pk)]
    assert [*found, *verify.faults_of_writers()] == []
    assert alice.events.filter(kind="ended").count() == 6 * ROUNDS


def test_all_that_can_happen_in_a_practice_at_once_never_deadlocks(alice):
    """Starting, ending, taking up, booking, moving, erasing: with the same people."""
    at = timezone.now() - timedelta(days=300)
    for round_ in range(ROUNDS):
        first, second, third, fourth = ClientFactory.create_batch(4, therapist=alice)
        active = start(fourth, second)
        ended = start(third, first)
        ended.end(by=alice.user, reason="other")
        browsers = [browser_of(alice.user) for _ in range(3)]
        typed = {
            "kind": "couples",
            "others-TOTAL_FORMS": "1",
            "others-INITIAL_FORMS": "0",
            "others-0-name": first.name,
            "others-0-who": first.public_id,
        }
        when = at + timedelta(days=round_)
        session = {"day": f"{when:%Y-%m-%d}", "time": "10:00", "minutes": "50"}

        answers = at_once(
            partial(browsers[0].post, f"/clients/{second.public_id}/relationships/add/", typed),
            partial(browsers[1].post, f"/relationships/{active.public_id}/sessions/add/", session),
            partial(browsers[2].post, "/caseload/tidy-up/", list_sent([active])),
            partial(trying, active.end, by=alice.user, reason="other"),
            partial(trying, Relationship.objects.get(pk=ended.pk).restart, by=alice.user),
            partial(trying, erase, third, by=alice.user),
        )

        assert [answer.status_code for answer in answers[:3]] == [303] * 3
        assert answers[4:] in (["won", "NotYet"], ["Closed", "won"])
        left = (first, second, fourth)
        assert counters_of(*left) == true_counters_of(*left)
