"""Restarting a relationship."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from relationships.models import Relationship
from tests.factories import ACTIVE, counters_of, history_of, row_of, start

ENDED_AT = datetime(2025, 11, 20, 16, 12, tzinfo=UTC)


@pytest.fixture
def ended(alice, ann) -> Relationship:
    """Work with Ann that Alice has ended on 20 November 2025."""
    with time_machine.travel(ENDED_AT - timedelta(days=90), tick=False):
        relationship = start(ann)
    with time_machine.travel(ENDED_AT, tick=False):
        relationship.end(by=alice.user, reason="circumstances", note="Moved to Leeds.")
    return relationship


def test_restarting_makes_it_active_again(ended, alice, ann):
    ended.restart(by=alice.user)

    assert row_of(ended) == ACTIVE
    assert not ended.is_ended
    assert counters_of(ann) == [1]


def test_the_same_relationship_goes_on(ended, alice, ann):
    before = (ended.pk, ended.public_id, ended.started_at, ended.kind)

    ended.restart(by=alice.user)

    ended.refresh_from_db()
    assert (ended.pk, ended.public_id, ended.started_at, ended.kind) == before
    assert Relationship.objects.count() == 1
    assert ended.people == [ann]


def test_the_earlier_ending_stays_in_the_history(ended, alice):
    moment = ENDED_AT + timedelta(days=30)
    with time_machine.travel(moment, tick=False):
        ended.restart(by=alice.user)

    assert history_of(ended) == ["started", "ended", "restarted"]
    _, ending, restart = ended.events.order_by("pk")
    assert (ending.at, ending.reason, ending.note) == (ENDED_AT, "circumstances", "Moved to Leeds.")
    assert (restart.at, restart.by, restart.reason, restart.note) == (moment, alice.user, "", "")


def test_restarting_what_is_active_is_told_so(individual, alice, ann):
    with pytest.raises(Relationship.AlreadyDone):
        individual.restart(by=alice.user)

    assert history_of(individual) == ["started"]
    assert counters_of(ann) == [1]


def test_everybody_in_it_is_active_again(couples, alice, ann, ben):
    couples.end(by=alice.user, reason="completed")
    assert counters_of(ann, ben) == [0, 0]

    couples.restart(by=alice.user)

    assert counters_of(ann, ben) == [1, 1]


def test_it_can_be_restarted_years_later(ended, alice):
    with time_machine.travel(ENDED_AT + timedelta(days=4000)):
        ended.restart(by=alice.user)

    assert row_of(ended) == ACTIVE


# The pages.


def test_the_page_says_what_happens_and_asks_nothing(as_alice, ended):
    answer = as_alice.get(f"/relationships/{ended.public_id}/restart/")

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Individual relationship with Ann Ashby, ended " in text
    assert "Ann appears in your Clients list again." in text
    assert "Ann is not notified. The note on their Client Dashboard goes away." in text
    assert "The history of this relationship is kept." in text
    assert "Confirm Restart of Relationship" in text
    assert "Go back without restarting" in text
    assert "<select" not in text
    assert row_of(ended)["status"] == "ended"


def test_two_people_appear_again(as_alice, alice, couples):
    couples.end(by=alice.user, reason="completed")

    text = as_alice.get(f"/relationships/{couples.public_id}/restart/").content.decode()

    assert "Ann and Ben appear in your Clients list again." in text
    assert "Ann and Ben are not notified." in text


def test_confirming_restarts_and_says_so(as_alice, ended, mailoutbox):
    answer = as_alice.post(f"/relationships/{ended.public_id}/restart/", follow=True)

    text = answer.content.decode()
    assert answer.redirect_chain == [(f"/relationships/{ended.public_id}/", 303)]
    assert "Relationship restarted" in text
    assert (
        "Ann Ashby is back in your Clients list. Ann has not been notified. "
        "The note on their Client Dashboard has gone." in text
    )
    assert row_of(ended) == ACTIVE
    assert mailoutbox == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_active_already_is_a_polite_message(as_alice, individual, method):
    answer = getattr(as_alice, method)(f"/relationships/{individual.public_id}/restart/")

    assert (answer.status_code, answer.url) == (303, f"/relationships/{individual.public_id}/")
    page = as_alice.get(answer.url).content.decode()
    assert "This relationship is already active" in page
    assert "banner-note" in page
    assert history_of(individual) == ["started"]


def test_a_second_click_is_harmless(as_alice, ended, ann):
    as_alice.post(f"/relationships/{ended.public_id}/restart/")
    answer = as_alice.post(f"/relationships/{ended.public_id}/restart/")

    assert answer.status_code == 303
    assert history_of(ended) == ["started", "ended", "restarted"]
    assert counters_of(ann) == [1]


def test_asking_for_the_head_of_the_page_restarts_nothing(as_alice, alice, individual):
    individual.end(by=alice.user, reason="completed")

    assert as_alice.head(f"/relationships/{individual.public_id}/restart/").status_code == 200

    individual.refresh_from_db()
    assert individual.is_ended
