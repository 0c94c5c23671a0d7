"""Ending a relationship."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from relationships.models import Relationship
from relationships.models.choices import GROUPS, EndReason
from tests.factories import counters_of, history_of, row_of, start

pytestmark = pytest.mark.database

AT_4_12 = datetime(2025, 11, 20, 16, 12, 30, 123456, tzinfo=UTC)


def test_ending_records_reason_moment_and_person(as_alice, alice, individual):
    answer = as_alice.post(
        f"/relationships/{individual.public_id}/end/", {"reason": "completed", "note": "Well done."}
    )

    assert answer.status_code == 303
    assert answer.url == f"/relationships/{individual.public_id}/"
    individual.refresh_from_db()
    assert individual.status == Relationship.Status.ENDED
    assert individual.end_reason == "completed"
    assert individual.ended_by == alice.user


def test_ending_is_written_to_the_row_and_to_the_history(alice, ann):
    with time_machine.travel(AT_4_12 - timedelta(days=3)):
        relationship = start(ann)
    with time_machine.travel(AT_4_12, tick=False):
        relationship.end(by=alice.user, reason=EndReason.LOST_CONTACT, note="Called twice.")

    assert row_of(relationship) == {
        "status": "ended",
        "reason": "lost_contact",
        "note": "Called twice.",
        "ended_at": AT_4_12,
        "ended_by": alice.user,
    }
    assert history_of(relationship) == ["started", "ended"]
    event = relationship.events.latest("pk")
    assert (event.at, event.by, event.reason, event.note, event.therapist) == (
        AT_4_12,
        alice.user,
        "lost_contact",
        "Called twice.",
        alice,
    )


def test_ending_is_seen_on_the_object_that_was_ended(alice, individual):
    individual.end(by=alice.user, reason="completed")

    assert individual.is_ended
    assert individual.ended_by == alice.user


def test_ending_makes_the_client_inactive(alice, individual, ann):
    assert counters_of(ann) == [1]

    individual.end(by=alice.user, reason="completed")

    assert counters_of(ann) == [0]


def test_a_client_with_other_work_stays_active(alice, individual, couples, ann, ben):
    couples.end(by=alice.user, reason="completed")

    assert counters_of(ann, ben) == [1, 0]
    assert row_of(individual)["status"] == "active"
    assert history_of(individual) == ["started"]


def test_ending_touches_nobody_elses_counter(alice, individual, ben, carl):
    start(ben)
    start(carl)

    individual.end(by=alice.user, reason="completed")

    assert counters_of(ben, carl) == [1, 1]


def test_nobody_is_sent_anything(alice, couples, mailoutbox):
    couples.end(by=alice.user, reason="completed")
    couples.undo_end(by=alice.user)
    couples.end(by=alice.user, reason="other")
    couples.correct_reason(by=alice.user, reason="completed", ended_at=couples.ended_at)
    couples.restart(by=alice.user)

    assert mailoutbox == []


def test_a_second_ending_is_told_so_and_changes_nothing(alice, individual, ann):
    individual.end(by=alice.user, reason="completed", note="First.")
    before = row_of(individual)

    with pytest.raises(Relationship.AlreadyDone):
        individual.end(by=alice.user, reason="other", note="Second.")

    assert row_of(individual) == before
    assert history_of(individual) == ["started", "ended"]
    assert counters_of(ann) == [0]


def test_who_looks_at_an_old_copy_is_told_when_it_had_ended(alice, individual):
    stale = Relationship.objects.get(pk=individual.pk)
    individual.end(by=alice.user, reason="completed")

    with pytest.raises(Relationship.AlreadyDone):
        stale.end(by=alice.user, reason="other")

    assert stale.ended_at == individual.ended_at
    assert stale.end_reason == "completed"


def test_a_reason_nobody_knows_is_refused(alice, individual, ann):
    with pytest.raises(ValueError, match="nonsense"):
        individual.end(by=alice.user, reason="nonsense")

    assert row_of(individual)["status"] == "active"
    assert history_of(individual) == ["started"]
    assert counters_of(ann) == [1]


@pytest.mark.parametrize("reason", EndReason.values)
def test_every_reason_can_be_given(alice, individual, reason):
    individual.end(by=alice.user, reason=reason)

    assert row_of(individual)["reason"] == reason


def test_every_reason_is_in_one_group():
    assert [reason for group in GROUPS.values() for reason in group] == list(EndReason)
    assert list(GROUPS) == ["Planned", "Unplanned", "Administrative"]


def test_a_clock_that_was_set_back_does_not_end_work_before_it_starts(alice, ann):
    with time_machine.travel(AT_4_12 + timedelta(hours=1), tick=False):
        relationship = start(ann)
    with time_machine.travel(AT_4_12, tick=False):
        relationship.end(by=alice.user, reason="completed")

    assert row_of(relationship)["ended_at"] == relationship.started_at
    assert relationship.events.latest("pk").at == relationship.started_at


def test_work_can_end_again_and_again(alice, individual, ann):
    for _ in range(3):
        individual.end(by=alice.user, reason="completed")
        individual.restart(by=alice.user)

    assert history_of(individual) == ["started", *["ended", "restarted"] * 3]
    assert counters_of(ann) == [1]


def test_a_failure_on_the_way_leaves_nothing_half_done(alice, individual, ann):
    stranger = alice.user.__class__(pk=987654)

    with pytest.raises(Exception, match=r"(?i)foreign key|ended_by|instance"):
        end_and_check(individual, stranger)

    assert row_of(individual)["status"] == "active"
    assert counters_of(ann) == [1]
    assert history_of(individual) == ["started"]


def end_and_check(relationship: Relationship, by: object) -> None:
    from django.db import connection, transaction

    with transaction.atomic():
        relationship.end(by=by, reason="completed")
        connection.check_constraints()
