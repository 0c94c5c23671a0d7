"""Undoing an ending made a moment ago."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from relationships.models import Relationship
from tests.factories import ACTIVE, UserFactory, counters_of, history_of, row_of, start

ENDED_AT = datetime(2025, 11, 20, 16, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def ended(alice, ann) -> Relationship:
    """Work with Ann that Alice has ended at 4:12pm."""
    with time_machine.travel(ENDED_AT - timedelta(days=90), tick=False):
        relationship = start(ann)
    with time_machine.travel(ENDED_AT, tick=False):
        relationship.end(by=alice.user, reason="other", note="By mistake?")
    return relationship


def undo_after(pause: timedelta, relationship: Relationship, by: object) -> None:
    with time_machine.travel(ENDED_AT + pause, tick=False):
        relationship.undo_end(by=by)


def test_undoing_voids_the_ending(ended, alice, ann):
    undo_after(timedelta(minutes=2), ended, alice.user)

    assert row_of(ended) == ACTIVE
    assert not ended.is_ended
    assert counters_of(ann) == [1]


def test_the_ending_and_the_undoing_stay_in_the_history(ended, alice):
    undo_after(timedelta(minutes=2), ended, alice.user)

    assert history_of(ended) == ["started", "ended", "end_undone"]
    _, ending, undoing = ended.events.order_by("pk")
    assert (ending.at, ending.reason, ending.note) == (ENDED_AT, "other", "By mistake?")
    assert (undoing.at, undoing.by) == (ENDED_AT + timedelta(minutes=2), alice.user)
    assert (undoing.reason, undoing.note) == ("", "")


def test_just_under_a_quarter_of_an_hour_is_in_time(ended, alice):
    undo_after(QUARTER - MOMENT, ended, alice.user)

    assert row_of(ended) == ACTIVE


@pytest.mark.parametrize("pause", [QUARTER, QUARTER + MOMENT, timedelta(days=9)], ids=str)
def test_a_quarter_of_an_hour_is_too_late(ended, alice, ann, pause):
    before = row_of(ended)

    with pytest.raises(Relationship.TooLate):
        undo_after(pause, ended, alice.user)

    assert row_of(ended) == before
    assert history_of(ended) == ["started", "ended"]
    assert counters_of(ann) == [0]


def test_only_who_ended_it_undoes_it(ended, ann):
    before = row_of(ended)

    with pytest.raises(Relationship.TooLate):
        undo_after(MOMENT, ended, UserFactory())

    assert row_of(ended) == before
    assert history_of(ended) == ["started", "ended"]
    assert counters_of(ann) == [0]


def test_undoing_twice_is_told_so(ended, alice, ann):
    undo_after(MOMENT, ended, alice.user)

    with pytest.raises(Relationship.AlreadyDone):
        undo_after(2 * MOMENT, ended, alice.user)

    assert history_of(ended) == ["started", "ended", "end_undone"]
    assert counters_of(ann) == [1]


def test_what_never_ended_cannot_be_undone(individual, alice, ann):
    with pytest.raises(Relationship.AlreadyDone):
        individual.undo_end(by=alice.user)

    assert history_of(individual) == ["started"]
    assert counters_of(ann) == [1]


def test_a_restart_comes_before_an_undoing(ended, alice, ann):
    with time_machine.travel(ENDED_AT + MOMENT):
        ended.restart(by=alice.user)

    with pytest.raises(Relationship.AlreadyDone):
        undo_after(2 * MOMENT, ended, alice.user)

    assert history_of(ended) == ["started", "ended", "restarted"]
    assert counters_of(ann) == [1]


def test_correcting_the_reason_gives_no_more_time(ended, alice):
    with time_machine.travel(ENDED_AT + timedelta(minutes=14)):
        ended.correct_reason(by=alice.user, reason="completed", ended_at=ENDED_AT)

    with pytest.raises(Relationship.TooLate):
        undo_after(QUARTER, ended, alice.user)


def test_an_ending_with_a_corrected_reason_can_be_undone(ended, alice):
    with time_machine.travel(ENDED_AT + timedelta(minutes=1)):
        ended.correct_reason(by=alice.user, reason="completed", ended_at=ENDED_AT)

    undo_after(timedelta(minutes=2), ended, alice.user)

    assert row_of(ended) == ACTIVE


def test_a_clock_that_was_set_back_does_not_give_more_time(ended, alice):
    """The rule is that of `practice/text/spoken.py`; clocks that differ a little forbid nothing."""
    with pytest.raises(Relationship.TooLate):
        undo_after(-timedelta(hours=1), ended, alice.user)

    undo_after(-timedelta(seconds=59), ended, alice.user)

    assert row_of(ended) == ACTIVE


def test_only_the_last_ending_counts(ended, alice):
    with time_machine.travel(ENDED_AT + timedelta(hours=1)):
        ended.restart(by=alice.user)
    with time_machine.travel(ENDED_AT + timedelta(hours=2), tick=False):
        ended.end(by=alice.user, reason="completed")

    undo_after(timedelta(hours=2, minutes=14), ended, alice.user)

    assert history_of(ended) == ["started", "ended", "restarted", "ended", "end_undone"]


@pytest.mark.parametrize(("minutes", "offered"), [(0, True), (14, True), (15, False), (60, False)])
def test_it_is_offered_exactly_when_it_would_be_accepted(ended, alice, minutes, offered):
    with time_machine.travel(ENDED_AT + timedelta(minutes=minutes), tick=False):
        assert ended.can_undo(alice.user) is offered
        assert ended.can_undo(UserFactory()) is False


# The button.


def test_the_banner_after_an_ending_undoes_it(as_alice, individual, ann):
    as_alice.post(f"/relationships/{individual.public_id}/end/", {"reason": "completed"})
    page = as_alice.get(f"/relationships/{individual.public_id}/").content.decode()
    assert f'action="/relationships/{individual.public_id}/undo/"' in page

    answer = as_alice.post(f"/relationships/{individual.public_id}/undo/", follow=True)

    assert answer.redirect_chain == [(f"/relationships/{individual.public_id}/", 303)]
    text = answer.content.decode()
    assert "Ending undone" in text
    assert "The relationship is active again and Ann Ashby is in your Clients list." in text
    assert row_of(individual) == ACTIVE


def test_two_people_are_back_in_the_list(as_alice, alice, couples):
    couples.end(by=alice.user, reason="completed")

    answer = as_alice.post(f"/relationships/{couples.public_id}/undo/", follow=True)

    assert "Ann Ashby and Ben Bright are in your Clients list." in answer.content.decode()


def test_too_late_is_a_polite_message_that_points_to_restarting(as_alice, ended):
    answer = as_alice.post(f"/relationships/{ended.public_id}/undo/", follow=True)

    text = answer.content.decode()
    assert answer.redirect_chain == [(f"/relationships/{ended.public_id}/", 303)]
    assert "This ending can no longer be undone" in text
    assert "use Restart this Relationship." in text
    assert row_of(ended)["status"] == "ended"


def test_undoing_what_is_active_is_a_polite_message(as_alice, individual):
    answer = as_alice.post(f"/relationships/{individual.public_id}/undo/", follow=True)

    assert answer.redirect_chain == [(f"/relationships/{individual.public_id}/", 303)]
    assert "This relationship is already active" in answer.content.decode()
    assert history_of(individual) == ["started"]


def test_the_offer_is_shown_once(as_alice, individual):
    as_alice.post(f"/relationships/{individual.public_id}/end/", {"reason": "completed"})
    as_alice.get(f"/relationships/{individual.public_id}/")

    later = as_alice.get(f"/relationships/{individual.public_id}/").content.decode()

    assert "/undo/" not in later
    assert "banner" not in later
