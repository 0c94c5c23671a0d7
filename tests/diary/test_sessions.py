"""A session is booked, moved, cancelled, attended: what changes, what is refused, what is kept."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
import time_machine

from practice.diary.models import Session
from tests.diary import DAY, FIFTY, HOUR, MINUTE, NOW, WEDNESDAY, at, book, row_of
from tests.factories import UserFactory, start

pytestmark = pytest.mark.database

LATER = NOW + HOUR


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def held(individual) -> Session:
    """A session that ended an hour ago, of which nobody has said whether the client came."""
    return book(individual, NOW - HOUR - FIFTY)


# Booking.


def test_a_session_is_booked(individual, alice, ann):
    session = book(individual, by=ann.account, complimentary=True)

    assert row_of(session) == {
        "id": session.pk,
        "public_id": session.public_id,
        "therapist_id": alice.pk,
        "relationship_id": individual.pk,
        "starts_at": WEDNESDAY,
        "ends_at": WEDNESDAY + FIFTY,
        "state": "booked",
        "complimentary": True,
        "in_figures": True,
        "passed_on": False,
        "number_missed": 0,
        "booked_at": NOW,
        "booked_by_id": ann.account_id,
        "moved_at": None,
        "moved_by_id": None,
        "moved_from": None,
        "moved_for_client": False,
        "last_own_move": None,
        "earlier_own_move": None,
        "cancelled_at": None,
        "cancelled_by_id": None,
        "cancelled_for_client": False,
        "place": "",
        "series": None,
        "revision": 0,
        "sequence": 0,
        "tell_at": None,
        "key": None,
    }


def test_a_session_lasts_real_time_whatever_the_clock_does(individual):
    spring, autumn = at("2026-03-29 00:30"), at("2026-10-25 00:30")

    assert book(individual, spring).ends_at == at("2026-03-29 02:20")
    assert book(individual, autumn, length=2 * HOUR).ends_at - autumn == 2 * HOUR


@pytest.mark.parametrize("later", [0, 10, 49, -10, -49])
def test_a_time_that_is_taken_is_not_booked(session, couples, later):
    with pytest.raises(Session.Taken):
        book(couples, WEDNESDAY + later * MINUTE)

    assert Session.objects.get() == session


def test_one_session_may_start_as_another_ends(session, couples):
    book(couples, WEDNESDAY + FIFTY)
    book(couples, WEDNESDAY - FIFTY)

    assert Session.objects.count() == 3


def test_a_session_of_another_therapist_is_not_in_the_way(session, carl):
    assert book(start(carl)).starts_at == session.starts_at


def test_the_time_of_a_cancelled_session_can_be_booked(session, individual, alice):
    session.cancel(by=alice.user)

    assert book(individual) != session


@pytest.mark.parametrize("attended", [True, False])
def test_time_that_has_been_used_is_not_booked_again(held, individual, attended):
    held.set_attendance(attended=attended)

    with pytest.raises(Session.Taken):
        book(individual, held.starts_at)


def test_what_is_not_allowed_is_not_booked(individual):
    with pytest.raises(Session.Taken):
        book(individual, allowed=lambda: False)

    assert not Session.objects.exists()


def test_it_is_asked_whether_it_is_allowed_only_if_the_time_is_free(session, individual):
    asked = []

    with pytest.raises(Session.Taken):
        book(individual, allowed=lambda: asked.append("asked") or True)

    assert asked == []


def test_a_session_of_an_ended_relationship_leaves_it_ended(individual, alice, ann):
    individual.end(by=alice.user, reason="completed")

    book(individual, by=ann.account)

    individual.refresh_from_db()
    assert individual.is_ended
    assert list(individual.events.values_list("kind", flat=True)) == ["started", "ended"]


# One key a form.


def test_the_same_key_again_gives_the_same_session(individual):
    key = uuid4()
    session = book(individual, key=key)

    again = book(individual, key=key, allowed=lambda: False)

    assert again == session
    assert Session.objects.count() == 1


def test_another_key_does_not_open_a_taken_time(individual):
    book(individual, key=uuid4())

    with pytest.raises(Session.Taken):
        book(individual, key=uuid4())


def test_no_key_is_no_key(individual):
    book(individual)
    book(individual, WEDNESDAY + DAY)

    assert set(Session.objects.values_list("key", flat=True)) == {None}


@pytest.mark.parametrize("whose", ["another relationship", "another therapist"])
def test_somebody_elses_key_gives_nothing_of_theirs_away(individual, ben, carl, whose):
    key = UUID("11111111-2222-4333-8444-555555555555")
    theirs = book(start(ben if whose == "another relationship" else carl), key=key)

    mine = book(individual, WEDNESDAY + DAY, key=key)

    assert mine != theirs
    assert mine.relationship == individual


def test_a_key_does_not_book_again_what_was_cancelled(individual, alice):
    key = uuid4()
    book(individual, key=key).cancel(by=alice.user)

    try:
        again = book(individual, key=key)
    except Session.Taken:
        return
    assert again.state == "booked", "the form was sent again, and told that all is well"


# Moving.


def test_a_session_is_moved_and_keeps_its_length(individual, alice, clock):
    session = book(individual, length=80 * MINUTE)
    before = row_of(session)
    clock.move_to(LATER)

    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    assert row_of(session) == before | {
        "starts_at": WEDNESDAY + DAY,
        "ends_at": WEDNESDAY + DAY + 80 * MINUTE,
        "moved_at": LATER,
        "moved_by_id": alice.user_id,
        "moved_from": WEDNESDAY,
        "last_own_move": LATER,
        "revision": 1,
        "sequence": 1,
    }
    assert session.starts_at == WEDNESDAY + DAY


def test_a_session_may_be_moved_a_little(session, alice):
    session.move(starts_at=WEDNESDAY + 10 * MINUTE, by=alice.user)

    assert row_of(session)["starts_at"] == WEDNESDAY + 10 * MINUTE


def test_each_move_counts(session, alice):
    for days in (1, 2, 3):
        session.move(starts_at=WEDNESDAY + days * DAY, by=alice.user)

    assert row_of(session)["revision"] == 3


def test_a_move_for_the_client_keeps_that_the_therapist_moved_it_a_moment_ago(session, alice):
    stale = Session.objects.get(pk=session.pk)
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    stale.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user, for_client=True)

    assert row_of(session)["last_own_move"] == NOW
    assert row_of(session)["moved_for_client"] is True
    assert stale.last_own_move == NOW


@pytest.mark.parametrize("now_lasts", [30 * MINUTE, 80 * MINUTE], ids=str)
def test_a_session_is_moved_with_the_length_it_has_by_now(session, couples, alice, now_lasts):
    stale = Session.objects.get(pk=session.pk)
    Session.objects.filter(pk=session.pk).update(ends_at=WEDNESDAY + now_lasts)
    book(couples, WEDNESDAY + 2 * DAY + 80 * MINUTE)

    stale.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user)

    assert row_of(session)["ends_at"] == WEDNESDAY + 2 * DAY + now_lasts


def test_a_session_that_is_longer_by_now_is_not_moved_onto_another(session, couples, alice):
    stale = Session.objects.get(pk=session.pk)
    Session.objects.filter(pk=session.pk).update(ends_at=WEDNESDAY + 80 * MINUTE)
    book(couples, WEDNESDAY + 2 * DAY + 60 * MINUTE)
    before = row_of(session)

    with pytest.raises(Session.Taken):
        stale.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user)

    assert row_of(session) == before


@pytest.mark.parametrize("later", [0, 20, -20])
def test_a_session_is_not_moved_onto_another(session, couples, alice, later):
    other = book(couples, WEDNESDAY + DAY)
    before = row_of(other)

    with pytest.raises(Session.Taken):
        other.move(starts_at=WEDNESDAY + later * MINUTE, by=alice.user)

    assert row_of(other) == before


@pytest.mark.parametrize("state", ["cancelled", "attended", "missed"])
def test_what_is_no_longer_booked_is_not_moved(held, alice, state):
    stale = Session.objects.get(pk=held.pk)
    _bring_to(held, state, alice)
    before = row_of(held)

    with pytest.raises(Session.AlreadyDone):
        stale.move(starts_at=WEDNESDAY, by=alice.user)

    assert row_of(held) == before
    assert stale.state == state


# Cancelling.


@pytest.mark.parametrize(
    ("by_client", "asked", "for_client"),
    [(True, False, True), (False, False, False), (False, True, True)],
    ids=["by the client", "by the therapist", "by the therapist, as the client asked"],
)
def test_a_session_is_cancelled_and_who_when_and_for_whom_is_kept(
    session, ann, alice, clock, by_client, asked, for_client
):
    before = row_of(session)
    by = ann.account if by_client else alice.user
    clock.move_to(LATER)

    session.cancel(by=by, for_client=asked)

    assert row_of(session) == before | {
        "state": "cancelled",
        "cancelled_at": LATER,
        "cancelled_by_id": by.pk,
        "cancelled_for_client": for_client,
        "revision": 1,
        "sequence": 1,
    }


def test_of_several_moves_the_last_says_for_whom(session, alice):
    for days, for_client in ((1, True), (2, False), (3, True)):
        session.move(starts_at=WEDNESDAY + days * DAY, by=alice.user, for_client=for_client)

        assert row_of(session)["moved_for_client"] is for_client


@pytest.mark.parametrize("state", ["cancelled", "attended", "missed"])
def test_what_is_no_longer_booked_is_not_cancelled(held, alice, ann, state):
    stale = Session.objects.get(pk=held.pk)
    _bring_to(held, state, alice)
    before = row_of(held)

    with pytest.raises(Session.AlreadyDone):
        stale.cancel(by=ann.account)

    assert row_of(held) == before
    assert stale.state == state


# Attendance.


@pytest.mark.parametrize(("attended", "state"), [(True, "attended"), (False, "missed")])
def test_attendance_is_noted_and_nothing_else(held, attended, state):
    before = row_of(held)

    held.set_attendance(attended=attended)

    assert row_of(held) == before | {"state": state}


def test_attendance_can_be_corrected(held):
    held.set_attendance(attended=True)
    held.set_attendance(attended=False)

    assert row_of(held)["state"] == "missed"


def test_attendance_is_noted_after_the_relationship_has_ended(held, individual, alice):
    individual.end(by=alice.user, reason="completed")

    held.set_attendance(attended=True)

    assert row_of(held)["state"] == "attended"
    individual.refresh_from_db()
    assert individual.is_ended


@pytest.mark.parametrize("left", [timedelta(microseconds=1), 10 * MINUTE, FIFTY, DAY])
def test_attendance_is_not_known_before_the_end(individual, left):
    session = book(individual, NOW - FIFTY + left)

    with pytest.raises(Session.NotYet):
        session.set_attendance(attended=True)

    assert row_of(session)["state"] == "booked"


def test_attendance_is_known_at_the_very_end(individual):
    session = book(individual, NOW - FIFTY)

    session.set_attendance(attended=True)

    assert row_of(session)["state"] == "attended"


def test_nobody_attends_what_was_cancelled(held, alice):
    stale = Session.objects.get(pk=held.pk)
    held.cancel(by=alice.user)

    with pytest.raises(Session.AlreadyDone):
        stale.set_attendance(attended=True)

    assert row_of(held)["state"] == "cancelled"


def test_nobody_attends_what_was_moved_to_a_later_day_meanwhile(held, alice):
    stale = Session.objects.get(pk=held.pk)
    held.move(starts_at=WEDNESDAY, by=alice.user)

    with pytest.raises((Session.NotYet, Session.AlreadyDone)):
        stale.set_attendance(attended=True)

    assert row_of(held)["state"] == "booked"


# What they are called by time.


def test_sessions_are_upcoming_until_they_end(individual, couples, alice):
    over = book(individual, NOW - HOUR)
    running = book(individual, NOW - 5 * MINUTE)
    to_come = book(couples)
    cancelled = book(couples, WEDNESDAY + DAY)
    cancelled.cancel(by=alice.user)

    assert list(Session.objects.upcoming()) == [running, to_come]
    assert list(Session.objects.past()) == [cancelled, over]
    assert list(Session.objects.unanswered()) == [over]
    assert [s.is_upcoming for s in (over, running, to_come, cancelled)] == [
        False,
        True,
        True,
        False,
    ]


def test_held_are_those_attended_and_those_nobody_has_answered_for(individual, couples, alice):
    attended, missed, unanswered, over = (
        book(individual, NOW - hours * HOUR) for hours in (6, 5, 4, 3)
    )
    attended.set_attendance(attended=True)
    missed.set_attendance(attended=False)
    over.cancel(by=alice.user)
    book(individual, NOW - 5 * MINUTE)
    book(couples)

    assert list(Session.objects.held()) == [unanswered, attended]
    assert list(Session.objects.held(attended.ends_at)) == [attended]
    assert list(Session.objects.held(attended.ends_at - MINUTE)) == []


@pytest.mark.parametrize(
    ("ahead", "short"),
    [(48 * HOUR, False), (48 * HOUR - timedelta(seconds=1), True), (HOUR, True), (5 * DAY, False)],
    ids=str,
)
def test_under_48_hours_is_short_notice(individual, ahead, short):
    assert book(individual, NOW + ahead).is_short_notice is short


def test_a_session_belongs_to_everybody_in_the_relationship(couples, individual, ann, ben):
    together, alone = book(couples), book(individual, WEDNESDAY + DAY)

    assert set(Session.objects.of_clients([ann])) == {together, alone}
    assert list(Session.objects.of_clients([ben])) == [together]
    assert Session.objects.of_clients([ann, ben]).count() == 2


def test_an_account_that_booked_is_not_deleted(individual):
    somebody = UserFactory()
    book(individual, by=somebody)

    with pytest.raises(Exception, match="protected"):
        somebody.delete()


def _bring_to(session: Session, state: str, alice) -> None:
    if state == "cancelled":
        session.cancel(by=alice.user)
    else:
        session.set_attendance(attended=state == "attended")
