"""Correcting why a relationship ended."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from relationships.models import Relationship
from tests.factories import counters_of, history_of, row_of, start

ENDED_AT = datetime(2025, 11, 20, 16, 12, 30, 123456, tzinfo=UTC)


@pytest.fixture
def ended(alice, ann) -> Relationship:
    """Work with Ann that Alice has ended on 20 November 2025."""
    with time_machine.travel(ENDED_AT - timedelta(days=90), tick=False):
        relationship = start(ann)
    with time_machine.travel(ENDED_AT, tick=False):
        relationship.end(by=alice.user, reason="other", note="First thought.")
    return relationship


def test_the_correction_changes_reason_and_note_and_nothing_else(ended, alice, ann):
    before = row_of(ended)

    ended.correct_reason(
        by=alice.user, reason="completed", note="Second thought.", ended_at=ENDED_AT
    )

    assert row_of(ended) == before | {"reason": "completed", "note": "Second thought."}
    assert counters_of(ann) == [0]


def test_the_former_reason_stays_in_the_history(ended, alice):
    moment = ENDED_AT + timedelta(days=2)
    with time_machine.travel(moment, tick=False):
        ended.correct_reason(by=alice.user, reason="completed", note="Yes.", ended_at=ENDED_AT)

    assert history_of(ended) == ["started", "ended", "corrected"]
    _, ending, correction = ended.events.order_by("pk")
    assert (ending.reason, ending.note) == ("other", "First thought.")
    assert (correction.reason, correction.note) == ("completed", "Yes.")
    assert (correction.at, correction.by) == (moment, alice.user)


def test_the_note_alone_can_be_corrected(ended, alice):
    ended.correct_reason(by=alice.user, reason="other", note="Typing error.", ended_at=ENDED_AT)

    assert row_of(ended)["note"] == "Typing error."
    assert history_of(ended) == ["started", "ended", "corrected"]


def test_saying_the_same_again_changes_nothing(ended, alice):
    with pytest.raises(Relationship.AlreadyDone):
        ended.correct_reason(
            by=alice.user, reason="other", note="First thought.", ended_at=ENDED_AT
        )

    assert history_of(ended) == ["started", "ended"]


def test_what_is_active_has_no_reason_to_correct(individual, alice):
    with pytest.raises(Relationship.AlreadyDone):
        individual.correct_reason(by=alice.user, reason="completed", ended_at=ENDED_AT)

    assert row_of(individual)["reason"] == ""
    assert history_of(individual) == ["started"]


def test_a_correction_meant_for_an_earlier_ending_does_not_reach_a_later_one(ended, alice):
    ended.restart(by=alice.user)
    ended.end(by=alice.user, reason="referred_on")

    with pytest.raises(Relationship.AlreadyDone):
        ended.correct_reason(by=alice.user, reason="completed", ended_at=ENDED_AT)

    assert row_of(ended)["reason"] == "referred_on"


def test_a_reason_nobody_knows_is_refused(ended, alice):
    with pytest.raises(ValueError, match="nonsense"):
        ended.correct_reason(by=alice.user, reason="nonsense", ended_at=ENDED_AT)

    assert row_of(ended)["reason"] == "other"
    assert history_of(ended) == ["started", "ended"]


# The page.


def test_the_page_begins_with_what_was_said(as_alice, ended):
    answer = as_alice.get(f"/relationships/{ended.public_id}/reason/")

    text = answer.content.decode()
    assert answer.status_code == 200
    assert '<option value="other" selected>' in text
    assert "First thought.</textarea>" in text
    assert f'name="ended_at" value="{ENDED_AT.isoformat()}"' in text


def test_saving_corrects_the_ending_that_the_page_showed(as_alice, ended):
    answer = as_alice.post(
        f"/relationships/{ended.public_id}/reason/",
        {"reason": "completed", "note": "Yes.", "ended_at": ENDED_AT.isoformat()},
        follow=True,
    )

    assert answer.redirect_chain == [(f"/relationships/{ended.public_id}/", 303)]
    assert "Reason corrected" in answer.content.decode()
    assert row_of(ended)["reason"] == "completed"
    assert row_of(ended)["ended_at"] == ENDED_AT


def test_what_the_page_itself_holds_can_be_sent_back(as_alice, ended):
    form = as_alice.get(f"/relationships/{ended.public_id}/reason/").context["form"]

    answer = as_alice.post(
        f"/relationships/{ended.public_id}/reason/",
        {"reason": "died", "note": form["note"].value(), "ended_at": form["ended_at"].value()},
    )

    assert answer.status_code == 303
    assert row_of(ended)["reason"] == "died"


def test_the_same_again_is_a_polite_message(as_alice, ended):
    answer = as_alice.post(
        f"/relationships/{ended.public_id}/reason/",
        {"reason": "other", "note": "First thought.", "ended_at": ENDED_AT.isoformat()},
        follow=True,
    )

    assert "Nothing was changed" in answer.content.decode()
    assert history_of(ended) == ["started", "ended"]


def test_a_page_of_an_earlier_ending_is_a_polite_message(as_alice, alice, ended):
    ended.restart(by=alice.user)
    ended.end(by=alice.user, reason="referred_on")

    answer = as_alice.post(
        f"/relationships/{ended.public_id}/reason/",
        {"reason": "completed", "note": "", "ended_at": ENDED_AT.isoformat()},
        follow=True,
    )

    assert "Nothing was changed" in answer.content.decode()
    assert row_of(ended)["reason"] == "referred_on"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"reason": ""}, "Select a reason for ending the relationship"),
        ({"reason": "nonsense"}, "Select a reason for ending the relationship"),
        ({"note": "x" * 2001}, "The note must be 2000 characters or fewer. It has 2001"),
    ],
)
def test_a_refused_correction_keeps_what_was_typed(as_alice, ended, typed, told):
    sent = {"reason": "completed", "note": "Yes.", "ended_at": ENDED_AT.isoformat()} | typed

    answer = as_alice.post(f"/relationships/{ended.public_id}/reason/", sent)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert text.count(told) == 2
    assert sent["note"] in text
    assert history_of(ended) == ["started", "ended"]


@pytest.mark.parametrize("moment", ["", "soon", "2025-11-20", "1e9", "9999-99-99T00:00:00Z"])
def test_a_forged_moment_changes_nothing(as_alice, ended, moment):
    answer = as_alice.post(
        f"/relationships/{ended.public_id}/reason/",
        {"reason": "completed", "note": "", "ended_at": moment},
    )

    assert answer.status_code in (303, 422)
    assert row_of(ended)["reason"] == "other"
    assert history_of(ended) == ["started", "ended"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_active_is_a_polite_message(as_alice, individual, method):
    answer = getattr(as_alice, method)(
        f"/relationships/{individual.public_id}/reason/",
        {"reason": "completed", "ended_at": ENDED_AT.isoformat()} if method == "post" else None,
    )

    assert (answer.status_code, answer.url) == (303, f"/relationships/{individual.public_id}/")
    assert "This relationship is already active" in as_alice.get(answer.url).content.decode()
