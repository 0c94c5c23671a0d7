"""When an ending was, corrected afterwards: the former moment stays in the history."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from practice.audit.models import Entry, Verb
from relationships.models import EndReason, Event, Relationship
from relationships.models.history import episodes
from relationships.models.sealed_history import faults
from tests.factories import history_of, start
from tests.reading import read

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


@pytest.fixture
def estimated(ann):
    """Work that ended, nobody knows exactly when."""
    now = timezone.now()
    work = start(ann, at=now - 30 * A_DAY)
    by = ann.therapist.user
    work.end(by=by, reason=EndReason.OTHER, note="a note", at=now - A_DAY)
    Relationship.objects.filter(pk=work.pk).update(is_end_estimated=True)
    work.refresh_from_db()
    return work


def test_a_corrected_moment_is_no_estimate_and_stands_in_the_history(estimated, alice):
    former, at = estimated.ended_at, timezone.now() - 9 * A_DAY

    estimated.correct_end(by=alice.user, at=at, ended_at=former)

    estimated.refresh_from_db()
    assert (estimated.ended_at, estimated.is_end_estimated) == (at, False)
    assert (estimated.end_reason, estimated.end_note) == (EndReason.OTHER, "a note")
    assert history_of(estimated) == ["started", "ended", "end_dated"]
    events = list(estimated.events.order_by("pk"))
    assert [e.at for e in events[1:]] == [former, at]
    assert [(e.ended_at, e.reason) for e in episodes(events)] == [(at, EndReason.OTHER)]
    assert list(faults(alice.pk)) == []
    assert Entry.objects.filter(verb=Verb.ENDING_DATED, event=events[-1].pk).count() == 1


def test_an_ending_that_has_changed_since_is_left_alone(estimated, alice):
    with pytest.raises(Relationship.AlreadyDone):
        estimated.correct_end(by=alice.user, at=timezone.now() - 9 * A_DAY, ended_at=timezone.now())

    assert history_of(estimated) == ["started", "ended"]


@pytest.mark.parametrize("days", [31, -1], ids=["before the start", "still to come"])
def test_nothing_ends_before_it_began_or_in_the_future(estimated, alice, days):
    at = timezone.now() - days * A_DAY
    with pytest.raises(Relationship.Impossible):
        estimated.correct_end(by=alice.user, at=at, ended_at=estimated.ended_at)

    assert history_of(estimated) == ["started", "ended"]


def test_an_ending_is_not_moved_before_the_work_was_taken_up_again(estimated, alice):
    estimated.restart(by=alice.user)
    assert not Relationship.objects.get(pk=estimated.pk).is_end_estimated
    estimated.end(by=alice.user, reason=EndReason.COMPLETED)

    with pytest.raises(Relationship.Impossible):
        estimated.correct_end(
            by=alice.user, at=timezone.now() - 9 * A_DAY, ended_at=estimated.ended_at
        )


@pytest.mark.database
def test_only_an_ending_can_be_an_estimate(ann):
    work = start(ann)
    with pytest.raises(IntegrityError), transaction.atomic():
        Relationship.objects.filter(pk=work.pk).update(is_end_estimated=True)


@pytest.mark.database
def test_the_kind_has_a_reason_like_every_ending(estimated, alice):
    with pytest.raises(IntegrityError), transaction.atomic():
        estimated.events.create(
            therapist=alice, kind=Event.Kind.END_DATED, at=timezone.now(), by=alice.user
        )


PLACE = "/relationships/{}/ended/"


def test_the_page_says_that_it_is_an_estimate_and_leads_to_its_correction(as_alice, estimated):
    page = read(as_alice.get(f"/relationships/{estimated.public_id}/"))
    assert "(estimated)" in page.text

    at = timezone.localtime() - 9 * A_DAY
    answer = as_alice.post(
        PLACE.format(estimated.public_id), {"day": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M}"}
    )

    assert answer.status_code == 303
    page = read(as_alice.get(f"/relationships/{estimated.public_id}/"))
    assert "Ending corrected" in page.text
    assert "(estimated)" not in page.text
    assert "Moment of the ending corrected by you" in page.text


@pytest.mark.parametrize(
    ("days", "why"), [(31, "enter no earlier moment"), (-2, "Enter a moment that is over")]
)
def test_a_moment_that_cannot_be_is_refused(as_alice, estimated, days, why):
    at = timezone.localtime() - days * A_DAY

    answer = as_alice.post(
        PLACE.format(estimated.public_id), {"day": f"{at:%Y-%m-%d}", "time": "10:00"}
    )

    assert answer.status_code == 422
    assert why in read(answer).text


def test_a_page_of_another_ending_changes_nothing(as_alice, alice, estimated):
    old = estimated.shown
    estimated.correct_end(by=alice.user, at=timezone.now() - 9 * A_DAY, ended_at=estimated.ended_at)

    answer = as_alice.post(
        PLACE.format(estimated.public_id), {"day": "2020-01-01", "time": "10:00", "shown": old}
    )

    assert answer.status_code == 409
    assert history_of(estimated) == ["started", "ended", "end_dated"]
