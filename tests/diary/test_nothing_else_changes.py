"""Ending, undoing, restarting and correcting, in any order, leave every session as it is."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.accounts.models import Therapist
from relationships.models import Relationship
from relationships.models.choices import EndReason
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, book, sessions_as_stored
from tests.factories import ClientFactory, TherapistFactory, history_of, start
from tests.sampling import examples

STEPS = st.tuples(
    st.sampled_from(["end", "undo", "restart", "correct"]),
    st.sampled_from(EndReason.values),
    st.timedeltas(timedelta(0), 3 * DAY) | st.timedeltas(timedelta(0), HOUR / 2),
    st.booleans(),
)


def hours_as_stored(therapist: Therapist) -> list[tuple]:
    return list(therapist.weekly_hours.values_list())


def do(relationship: Relationship, step: str, reason: str) -> bool:
    """Take a step, and say whether it was one."""
    by = relationship.therapist.user
    try:
        if step == "end":
            relationship.end(by=by, reason=reason, note="Private.")
        elif step == "undo":
            relationship.undo_end(by=by)
        elif step == "restart":
            relationship.restart(by=by)
        elif relationship.is_ended:
            relationship.correct_reason(by=by, reason=reason, ended_at=relationship.ended_at)
        else:
            return False
    except (Relationship.AlreadyDone, Relationship.TooLate):
        return False
    return True


def sessions_in_every_state(relationship: Relationship) -> None:
    """One booked by each side, one moved, one attended, one missed, one cancelled, one free."""
    therapist, person = relationship.therapist.user, relationship.people[0]
    book(relationship, WEDNESDAY)
    book(relationship, WEDNESDAY + DAY, by=person.account, complimentary=True)
    book(relationship, WEDNESDAY + 2 * DAY).move(starts_at=WEDNESDAY + 3 * DAY, by=therapist)
    book(relationship, WEDNESDAY + 4 * DAY).cancel(by=person.account)
    for days, attended in ((7, True), (14, False)):
        book(relationship, NOW - days * DAY).set_attendance(attended=attended)
    book(relationship, NOW - 21 * DAY)


@pytest.mark.django_db
@settings(max_examples=examples(30), deadline=None)
@given(st.lists(STEPS, min_size=1, max_size=8))
def test_whatever_becomes_of_a_relationship_its_sessions_stay_as_they_are(steps):
    taken = 0
    with transaction.atomic(), time_machine.travel(NOW, tick=False) as clock:
        account = TherapistFactory().user
        therapist = account.therapist
        ann, ben = ClientFactory.create_batch(2, therapist=therapist, account=None)
        ann.account = TherapistFactory().user
        ann.save()
        alone, together = start(ann, at=NOW - 30 * DAY), start(ann, ben, at=NOW - 30 * DAY)
        sessions_in_every_state(alone)
        book(together, WEDNESDAY + HOUR)
        before = sessions_as_stored()
        assert len(before) == 8

        for step, reason, later, is_couple in steps:
            clock.shift(later)
            relationship = Relationship.objects.get(pk=(together if is_couple else alone).pk)
            taken += do(relationship, step, reason)
            assert sessions_as_stored() == before

        assert len(history_of(alone)) + len(history_of(together)) == 2 + taken
        transaction.set_rollback(True)
