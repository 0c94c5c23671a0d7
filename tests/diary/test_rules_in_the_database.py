"""What the database refuses of sessions and hours, whoever asks: the rules broken by plain SQL."""

from datetime import date, time, timedelta

import pytest

from practice.booking.models import BookingRules, TimeOff, WeeklyHours
from practice.database.public_ids import new_public_id
from practice.diary.models import Session
from practice.diary.models.queryset import LONGEST
from tests.diary import DAY, FIFTY, MINUTE, NOW, WEDNESDAY, book, works
from tests.factories import start
from tests.raw_sql import columns_of, copy_of, insert, on_sqlite, refused, set_columns, sql

pytestmark = pytest.mark.database(each=True)

A_MICROSECOND = timedelta(microseconds=1)
OVERLAPPING = {
    "equal": (timedelta(0), FIFTY),
    "inside": (10 * MINUTE, 20 * MINUTE),
    "around": (-10 * MINUTE, 70 * MINUTE),
    "into its beginning": (-30 * MINUTE, FIFTY),
    "out of its end": (40 * MINUTE, FIFTY),
    "same beginning": (timedelta(0), 15 * MINUTE),
    "same end": (35 * MINUTE, 15 * MINUTE),
    "by a microsecond before": (-FIFTY + A_MICROSECOND, FIFTY),
    "by a microsecond after": (FIFTY - A_MICROSECOND, FIFTY),
}
APART = {
    "ends as the other starts": (-FIFTY, FIFTY),
    "starts as the other ends": (FIFTY, FIFTY),
    "a microsecond before": (-FIFTY - A_MICROSECOND, FIFTY),
    "the next day": (DAY, FIFTY),
}


def cases(table: dict):
    return pytest.mark.parametrize(("later", "length"), table.values(), ids=table.keys())


@pytest.fixture
def other(individual) -> Session:
    """The day after, same time."""
    return book(individual, WEDNESDAY + DAY)


def another(session: Session, **changes: object) -> dict[str, object]:
    return copy_of(session, public_id=new_public_id()) | changes


def times(later: timedelta, length: timedelta) -> dict[str, object]:
    return {"starts_at": WEDNESDAY + later, "ends_at": WEDNESDAY + later + length}


# A session lasts a day at most: those that overlap are looked for among few.


def test_a_session_lasts_a_day_at_most(session, other):
    with_microseconds = {"starts_at": WEDNESDAY - 4 * DAY + A_MICROSECOND}
    with_microseconds["ends_at"] = with_microseconds["starts_at"] + LONGEST
    insert(Session, **another(session, **times(-2 * DAY, LONGEST)))
    insert(Session, **another(session, **with_microseconds))
    for starts_at in (timedelta(0), A_MICROSECOND, timedelta(seconds=1) - A_MICROSECOND):
        too_long = times(3 * DAY + starts_at, LONGEST + A_MICROSECOND)
        with refused():
            insert(Session, **another(session, **too_long))
        with refused():
            set_columns(other, **too_long)


@pytest.mark.parametrize("later", [LONGEST - A_MICROSECOND, timedelta(seconds=0.999999)])
def test_the_longest_session_is_not_overlapped_at_its_end(session, later):
    insert(Session, **another(session, **times(2 * DAY + timedelta(seconds=0.5), LONGEST)))

    later = min(later + timedelta(seconds=0.5), LONGEST)
    with refused():
        insert(Session, **another(session, **times(2 * DAY + later, 15 * MINUTE)))


# Two standing sessions of a therapist never overlap.


@cases(OVERLAPPING)
def test_a_session_is_not_put_over_another(session, later, length):
    with refused():
        insert(Session, **another(session, **times(later, length)))


@cases(OVERLAPPING)
def test_a_session_is_not_moved_over_another(session, other, later, length):
    with refused():
        set_columns(other, **times(later, length))


@cases(APART)
def test_sessions_may_touch(session, later, length):
    insert(Session, **another(session, **times(later, length)))

    assert Session.objects.count() == 2


@cases(APART)
def test_a_session_may_be_moved_to_touch_another(session, other, later, length):
    set_columns(other, **times(later, length))

    other.refresh_from_db()
    assert other.starts_at == WEDNESDAY + later


@pytest.mark.parametrize("state", ["booked", "attended", "missed"])
def test_every_session_but_a_cancelled_one_takes_up_its_time(session, state):
    set_columns(session, state=state)

    with refused():
        insert(Session, **another(session, state="booked"))


def test_a_cancelled_session_leaves_its_time_free(session, alice):
    session.cancel(by=alice.user)

    insert(Session, **another(session, state="booked", cancelled_at=None, cancelled_by_id=None))

    assert Session.objects.standing().count() == 1


def test_a_cancelled_session_may_lie_under_another(session, alice):
    cancelled = {"state": "cancelled", "cancelled_at": NOW, "cancelled_by_id": alice.user_id}

    insert(Session, **another(session, **cancelled))

    assert Session.objects.count() == 2


def test_a_cancelled_session_does_not_come_back_over_another(session, individual, alice):
    session.cancel(by=alice.user)
    book(individual, WEDNESDAY + 20 * MINUTE)

    with refused():
        set_columns(session, state="booked", cancelled_at=None, cancelled_by_id=None)


def test_a_session_may_grow_until_the_next_and_no_further(session, individual):
    book(individual, WEDNESDAY + 60 * MINUTE)

    set_columns(session, ends_at=WEDNESDAY + 60 * MINUTE)
    with refused():
        set_columns(session, ends_at=WEDNESDAY + 60 * MINUTE + A_MICROSECOND)


def test_many_sessions_moved_at_once_are_still_kept_apart(session, other):
    with refused():
        sql("UPDATE diary_session SET starts_at = %s, ends_at = %s", *times(DAY, FIFTY).values())


def test_two_therapists_have_the_same_hour(session, carl):
    book(start(carl), WEDNESDAY)

    assert Session.objects.filter(starts_at=WEDNESDAY).count() == 2


@on_sqlite
@pytest.mark.parametrize("how", ["REPLACE", "INSERT OR REPLACE"])
def test_a_session_is_not_replaced_over_another(session, other, how):
    columns = columns_of(other) | times(timedelta(0), FIFTY)

    with refused():
        insert(Session, how=how, **columns)


# A session is its relationship's therapist's.


def test_a_session_has_the_therapist_of_its_relationship(session, carl):
    with refused():
        insert(Session, **another(session, **times(DAY, FIFTY), therapist_id=carl.therapist_id))


def test_a_session_is_not_given_to_another_therapist(session, bob):
    with refused():
        set_columns(session, therapist_id=bob.pk)


def test_a_session_is_not_given_to_a_relationship_of_another_therapist(session, carl):
    with refused():
        set_columns(session, relationship_id=start(carl).pk)


def test_a_relationship_with_sessions_stays_with_its_therapist(session, bob):
    with refused():
        set_columns(session.relationship, therapist_id=bob.pk)


def test_a_relationship_with_sessions_is_not_deleted(session):
    with refused():
        sql("DELETE FROM relationships_relationship WHERE id = %s", session.relationship_id)


# Columns of a session.


@pytest.mark.parametrize("later", [timedelta(0), -A_MICROSECOND, -DAY], ids=str)
def test_a_session_ends_after_it_starts(session, later):
    with refused():
        set_columns(session, ends_at=session.starts_at + later)


@pytest.mark.parametrize("state", ["", "done", "Booked", "BOOKED", "ended", None])
def test_there_are_four_states_and_no_others(session, state):
    with refused():
        set_columns(session, state=state)


@pytest.mark.parametrize("state", ["booked", "attended", "missed"])
@pytest.mark.parametrize("column", ["cancelled_at", "cancelled_by_id"])
def test_what_stands_was_not_cancelled(session, alice, state, column):
    with refused():
        set_columns(session, state=state, **{column: _moment_or_person(column, alice)})


@pytest.mark.parametrize("column", ["cancelled_at", "cancelled_by_id"])
def test_a_cancelled_session_has_a_moment_and_a_person(session, alice, column):
    session.cancel(by=alice.user)

    with refused():
        set_columns(session, **{column: None})


def test_a_cancelled_session_is_not_made_to_stand_with_its_moment(session, alice):
    session.cancel(by=alice.user)

    with refused():
        set_columns(session, state="attended")


@pytest.mark.parametrize("column", ["moved_at", "moved_by_id", "moved_from"])
def test_a_move_has_a_moment_a_person_and_the_time_before(session, alice, column):
    with refused():
        set_columns(session, **{column: _moment_or_person(column, alice)})


@pytest.mark.parametrize(
    "column", ["starts_at", "ends_at", "booked_at", "booked_by_id", "relationship_id", "revision"]
)
def test_a_session_is_complete(session, column):
    with refused():
        set_columns(session, **{column: None})


@pytest.mark.parametrize("column", ["booked_by_id", "relationship_id", "therapist_id"])
def test_a_session_names_nobody_unknown(session, column):
    with refused():
        set_columns(session, **{column: 987654})


def test_a_session_is_not_moved_fewer_than_no_times(session):
    with refused():
        set_columns(session, revision=-1)


def test_a_public_id_is_one_sessions_own(session, other):
    with refused():
        set_columns(other, public_id=session.public_id)


def _moment_or_person(column: str, alice) -> object:
    return alice.user_id if column.endswith("_by_id") else NOW


# Hours, rules and days off.


@pytest.fixture
def hours(alice) -> WeeklyHours:
    works(alice, "09:00-17:00", days=range(1))
    return alice.weekly_hours.get()


@pytest.mark.parametrize(
    "columns",
    [
        {"weekday": -1},
        {"weekday": 7},
        {"starts": time(17), "ends": time(17)},
        {"starts": time(18), "ends": time(17)},
        {"starts": None},
        {"therapist_id": None},
    ],
    ids=str,
)
def test_hours_are_on_a_weekday_and_end_after_they_start(hours, columns):
    columns = {name: _text(value) for name, value in columns.items()}

    with refused():
        set_columns(hours, **columns)


def test_hours_may_last_until_midnight(hours):
    set_columns(hours, ends=_text(time(0)))

    hours.refresh_from_db()
    assert hours.ends == time(0)


def test_hours_of_a_day_do_not_start_twice(hours):
    copy = copy_of(hours, ends=time(12))

    with refused():
        insert(WeeklyHours, **{name: _text(value) for name, value in copy.items()})


@pytest.mark.parametrize(
    "columns",
    [
        {"session_minutes": 14},
        {"session_minutes": 241},
        {"session_minutes": -50},
        {"gap_minutes": -1},
        {"gap_minutes": 121},
        {"notice_hours": 1},
        {"notice_hours": 73},
        {"furthest_weeks": 0},
        {"furthest_weeks": 27},
        {"gap_minutes": None},
    ],
    ids=str,
)
def test_rules_stay_in_their_range(alice, columns):
    rules = BookingRules.objects.create(therapist=alice)

    with refused():
        set_columns(rules, **columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"session_minutes": 15, "gap_minutes": 0, "notice_hours": 2, "furthest_weeks": 1},
        {"session_minutes": 240, "gap_minutes": 120, "notice_hours": 72, "furthest_weeks": 26},
    ],
    ids=["least", "most"],
)
def test_rules_reach_the_ends_of_their_range(alice, columns):
    rules = BookingRules.objects.create(therapist=alice)

    set_columns(rules, **columns)

    assert BookingRules.objects.filter(pk=rules.pk, **columns).exists()


def test_a_therapist_has_one_set_of_rules(alice):
    rules = BookingRules.objects.create(therapist=alice)

    with refused():
        insert(BookingRules, **copy_of(rules))


def test_days_off_do_not_end_before_they_start(alice):
    days = TimeOff.objects.create(
        therapist=alice, first_day=date(2025, 12, 24), last_day=date(2025, 12, 24)
    )

    with refused():
        set_columns(days, last_day=_text(date(2025, 12, 23)))


def _text(value: object) -> object:
    """Days and times of day go into plain SQL as text, on both databases."""
    return str(value) if isinstance(value, date | time) else value
