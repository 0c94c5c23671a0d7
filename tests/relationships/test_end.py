"""Ending a relationship."""

import pytest

from relationships.models import Relationship


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


@pytest.mark.django_db(transaction=True)
def test_sweeping(individual):
    individual.end(by=individual.therapist.user, reason="completed")
    with pytest.raises(Relationship.AlreadyDone):
        individual.end(by=individual.therapist.user, reason="completed")
