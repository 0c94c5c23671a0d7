"""When those who take part are to be told of a change: noted in the transaction of the change."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from practice.diary.models import Session
from tests.diary import DAY, FIFTY, HOUR, NOW, WEDNESDAY, book, row_of

GRACE = timedelta(minutes=3)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def tells(settings) -> None:
    """An installation that sends messages."""
    settings.SENDS_MESSAGES, settings.MESSAGE_GRACE = True, GRACE


CHANGES = {
    "moved": lambda s: s.move(starts_at=WEDNESDAY + DAY, by=s.therapist.user),
    "cancelled": lambda s: s.cancel(by=s.therapist.user),
    "elsewhere": lambda s: s.set_place("Room 2", by=s.therapist.user),
}


@pytest.mark.usefixtures("tells")
def test_a_booking_is_told_after_the_grace(individual):
    assert row_of(book(individual))["tell_at"] == NOW + GRACE


@pytest.mark.usefixtures("tells")
def test_a_series_is_told_as_a_whole(individual, alice):
    starts = [WEDNESDAY, WEDNESDAY + 7 * DAY]
    series = Session.book_series(
        individual, starts=starts, length=FIFTY, by=alice.user, series=uuid4()
    )

    assert [session.tell_at for session in series] == [NOW + GRACE] * 2


@pytest.mark.usefixtures("tells")
@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_told_after_the_grace(individual, clock, change):
    session = book(individual)
    clock.shift(HOUR)

    CHANGES[change](session)

    assert row_of(session)["tell_at"] == NOW + HOUR + GRACE


@pytest.mark.usefixtures("tells")
def test_what_is_put_back_is_told(session, alice, clock):
    session.cancel(by=alice.user)
    clock.shift(HOUR)

    session.put_back(by=alice.user)

    assert row_of(session)["tell_at"] == NOW + HOUR + GRACE


@pytest.mark.usefixtures("tells")
def test_of_what_is_over_nobody_is_told(individual, alice):
    held = book(individual, NOW - DAY)
    held.set_attendance(attended=True)
    held.set_place("Room 2", by=alice.user)

    assert row_of(held)["tell_at"] is None


@pytest.mark.parametrize("change", CHANGES)
def test_where_no_mail_is_set_up_nothing_waits_to_be_told(session, change):
    CHANGES[change](session)

    assert row_of(session)["tell_at"] is None


def test_moving_and_cancelling_count_and_nothing_else_does(session, alice):
    counted = []
    for change in ("elsewhere", "moved", "cancelled"):
        CHANGES[change](session)
        counted.append(session.sequence)
    session.put_back(by=alice.user)

    assert (counted, session.sequence) == ([0, 1, 2], 2)
