"""The caseload of the last twelve months: what is counted, when, and whom."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from relationships.caseload.figures import Caseload
from relationships.models import Relationship
from relationships.models.choices import GROUPS, EndReason
from relationships.models.history import Episode
from tests.factories import ClientFactory, start
from tests.profiles import session

pytestmark = pytest.mark.database

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)
MARCH = datetime(2025, 3, 4, 9, tzinfo=UTC)
YEARS_AGO = datetime(2021, 5, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller, timezone.override("Europe/London"):
        yield traveller


@pytest.fixture
def new(alice):
    """Start work with a new client at a moment, and perhaps end it."""

    def new(at=MARCH, ended=None, reason="completed", **values) -> Relationship:
        relationship = start(ClientFactory(therapist=alice, **values), at=at)
        if ended:
            relationship.end(by=alice.user, reason=reason, at=ended)
        return relationship

    return new


@pytest.fixture
def load(alice):
    return lambda now=NOW: Caseload(alice, now)


def numbers(load: Caseload) -> dict[str, int]:
    return {
        "active": load.active_now,
        "started": load.started,
        "ended": load.number_ended,
        "restarted": load.restarted,
    }


def test_a_practice_without_clients_has_nothing_to_count(load):
    assert numbers(load()) == {"active": 0, "started": 0, "ended": 0, "restarted": 0}
    assert load().reasons == []
    assert load().percent_unplanned is None
    assert load().median_sessions is None


def test_starts_endings_and_restarts_are_counted_apart(load, new, alice):
    new()
    relationship = new(ended=MARCH + 60 * DAY)
    relationship.restart(by=alice.user, at=MARCH + 90 * DAY)
    new(at=YEARS_AGO, ended=MARCH)

    assert numbers(load()) == {"active": 2, "started": 2, "ended": 2, "restarted": 1}


def test_an_ending_that_was_undone_did_not_happen(load, new, alice):
    relationship = new()
    relationship.end(by=alice.user, reason="completed")
    relationship.undo_end(by=alice.user)

    assert numbers(load()) == {"active": 1, "started": 1, "ended": 0, "restarted": 0}
    assert load().reasons == []


def test_a_corrected_reason_counts_as_corrected(load, new, alice):
    relationship = new(ended=MARCH + 60 * DAY, reason="other")
    for reason in ("lost_contact", "died"):
        relationship.correct_reason(by=alice.user, reason=reason, ended_at=relationship.ended_at)

    assert load().reasons == [("Unplanned", 1, [("Client died", 1)])]


def test_a_correction_counts_where_the_ending_was(load, new, alice, clock):
    relationship = new(ended=NOW - 500 * DAY, at=YEARS_AGO)
    relationship.correct_reason(by=alice.user, reason="died", ended_at=relationship.ended_at)

    assert load().reasons == []


def test_each_episode_has_its_own_reason(load, new, alice):
    relationship = new(ended=MARCH + 20 * DAY, reason="lost_contact")
    relationship.restart(by=alice.user, at=MARCH + 40 * DAY)
    relationship.end(by=alice.user, reason="completed", at=MARCH + 80 * DAY)

    assert load().reasons == [
        ("Planned", 1, [("Work completed", 1)]),
        ("Unplanned", 1, [("Lost contact", 1)]),
    ]


def test_people_are_counted_and_not_relationships(load, ann, ben):
    start(ann, at=MARCH)
    start(ann, ben, at=MARCH)

    assert load().active_now == 2
    assert load().started == 2


def test_somebody_stays_active_as_long_as_one_relationship_is(load, alice, ann, ben):
    start(ann, at=MARCH)
    start(ann, ben, at=MARCH).end(by=alice.user, reason="completed", at=MARCH + DAY)

    assert load().active_now == 1


def test_who_is_active_now_is_who_the_clients_list_shows(load, new, alice, ann, ben):
    start(ann, ben, at=MARCH)
    start(ben, at=MARCH)
    new(ended=NOW - DAY)
    new(ended=NOW - DAY).restart(by=alice.user)
    new().end(by=alice.user, reason="other")

    assert load().active_now == alice.clients.active().count() == 3


def test_another_therapists_work_is_not_mine(load, bob, carl, individual):
    relationship = start(carl, at=MARCH)
    relationship.end(by=bob.user, reason="died", at=NOW - DAY)
    session(relationship, MARCH + DAY)

    assert numbers(load()) == {"active": 1, "started": 1, "ended": 0, "restarted": 0}
    assert load().sessions_per_episode == []


# Which months.


def test_twelve_months_are_not_thirteen(load, new):
    new(at=YEARS_AGO, ended=datetime(2024, 11, 2, 12, tzinfo=UTC))
    new(at=datetime(2024, 11, 3, 12, tzinfo=UTC))

    assert numbers(load())["ended"] == 0, "it ended 12 months and 18 days ago"
    assert numbers(load())["started"] == 0


def test_what_happened_within_the_last_year_counts(load, new):
    new(at=YEARS_AGO, ended=datetime(2024, 12, 1, 0, 0, tzinfo=UTC))
    new(at=datetime(2024, 12, 1, 0, 0, tzinfo=UTC))
    new(at=NOW - HOUR)

    assert numbers(load()) == {"active": 2, "started": 2, "ended": 1, "restarted": 0}


def test_the_numbers_of_every_month_are_those_at_its_end(load, new, alice):
    new(at=YEARS_AGO)
    new(at=datetime(2025, 3, 31, 22, 59, tzinfo=UTC))  # 11:59pm in London, summer time
    new(at=datetime(2025, 4, 30, 23, 1, tzinfo=UTC), ended=datetime(2025, 6, 15, 9, tzinfo=UTC))

    found = {f"{timezone.localtime(p.at):%Y-%m}": p.clients for p in load().months}

    assert found["2025-02"] == 1
    assert found["2025-03"] == 2
    assert found["2025-04"] == 2
    assert found["2025-05"] == 3
    assert found["2025-06"] == 2
    assert found["2025-11"] == 2
    assert load().months[-1].at == NOW


@pytest.mark.parametrize(
    ("zone", "in_april"), [("Pacific/Kiritimati", 0), ("Pacific/Pago_Pago", 1), ("Asia/Kolkata", 0)]
)
def test_a_month_ends_at_midnight_where_the_therapist_is(load, new, zone, in_april):
    new(at=YEARS_AGO, ended=datetime(2025, 2, 1, tzinfo=UTC))
    new(at=datetime(2025, 4, 30, 20, tzinfo=UTC))  # May 1 in Kiritimati and Kolkata
    with timezone.override(zone):
        found = {f"{timezone.localtime(p.at):%Y-%m}": p.clients for p in load().months}

    assert (found["2025-04"], found["2025-05"]) == (in_april, 1)


@pytest.mark.parametrize(
    "now",
    [
        datetime(2024, 2, 29, 12, tzinfo=UTC),
        datetime(2025, 1, 1, 0, 0, tzinfo=UTC),
        datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2025, 3, 30, 1, 0, tzinfo=UTC),
        datetime(2025, 10, 26, 1, 0, tzinfo=UTC),
    ],
)
def test_every_day_of_the_calendar_has_its_months(load, new, now, alice):
    new(at=YEARS_AGO)

    months = [point.at for point in load(now).months]

    assert months == sorted(set(months))
    assert months[-1] == now
    named = [(m.year, m.month) for m in map(timezone.localtime, months)]
    assert len(set(named)) == len(named), "a month appears twice"
    assert len(named) in (12, 13)


def test_the_picture_begins_with_the_first_client(load, new):
    new(at=datetime(2025, 9, 10, tzinfo=UTC))

    assert [f"{p.at:%b}" for p in load().months] == ["Sep", "Oct", "Nov"]


# Sessions.


def test_sessions_belong_to_the_episode_in_which_they_were_held(load, new, alice):
    relationship = new(ended=MARCH + 20 * DAY)
    relationship.restart(by=alice.user, at=MARCH + 40 * DAY)
    relationship.end(by=alice.user, reason="other", at=MARCH + 80 * DAY)
    for days in (1, 2, 3, 30, 50, 51):
        session(relationship, MARCH + days * DAY)
    session(relationship, MARCH + 4 * DAY, "missed")
    session(relationship, MARCH + 5 * DAY, "cancelled")
    session(relationship, MARCH + 52 * DAY, "booked")

    assert load().sessions_per_episode == [2, 3]
    assert load().median_sessions == 2.5


def test_the_spread_covers_every_number_once(load, new):
    hours = iter(range(24, 999))
    for sessions in (0, 1, 2, 5, 6, 12, 13, 20, 21, 40):
        relationship = new(ended=MARCH + 60 * DAY)
        for _ in range(sessions):
            session(relationship, MARCH + next(hours) * HOUR)

    assert sum(number for _, number in load().sessions_spread) == 10
    assert load().sessions_spread == [
        ("0 sessions", 1),
        ("1 session", 1),
        ("2 to 5 sessions", 2),
        ("6 to 12 sessions", 2),
        ("13 to 20 sessions", 2),
        ("21 or more sessions", 2),
    ]
    assert load().median_sessions == 9


def test_a_session_recorded_from_before_the_app_belongs_to_the_first_episode(load, new, alice):
    """Added today, with the session of last week recorded afterwards, then ended."""
    relationship = new(at=NOW - HOUR)
    session(relationship, NOW - 7 * DAY, booked_at=NOW - HOUR)
    relationship.end(by=alice.user, reason="completed")

    assert load().sessions_per_episode == [1]


# Why.


def test_reasons_stand_in_their_groups_and_in_order(load, new):
    for reason in EndReason.values:
        new(ended=NOW - DAY, reason=reason)
    new(ended=NOW - DAY, reason="other")

    shown = load().reasons

    assert [(group, number) for group, number, _ in shown] == [
        ("Planned", 3),
        ("Unplanned", 6),
        ("Administrative", 3),
    ]
    assert [label for _, _, rows in shown for label, _ in rows] == [
        reason.label for group in GROUPS.values() for reason in group
    ]


@pytest.mark.parametrize(
    ("planned", "unplanned", "percent"),
    [
        (2, 2, None),
        (5, 0, 0),
        (0, 5, 100),
        (3, 2, 40),
        (2, 3, 60),
        (4, 4, 50),
        (7, 1, 13),
        (5, 3, 38),
    ],
)
def test_the_share_of_unplanned_endings_is_shown_from_five_on(
    load, new, planned, unplanned, percent
):
    for _ in range(planned):
        new(ended=NOW - DAY)
    for _ in range(unplanned):
        new(ended=NOW - DAY, reason="lost_contact")
    for _ in range(3):
        new(ended=NOW - DAY, reason="no_sessions")  # neither

    assert load().percent_unplanned == percent


def test_one_ending_is_shown_as_it_is(load, new):
    new(ended=NOW - DAY, reason="died")

    assert load().reasons == [("Unplanned", 1, [("Client died", 1)])]


def test_a_caseload_that_is_not_settled_is_five_queries(load, new, django_assert_num_queries):
    def all_of_it() -> None:
        caseload = load()
        assert caseload.months
        assert numbers(caseload)
        assert caseload.reasons is not None
        assert caseload.sessions_spread

    new(ended=NOW - DAY)
    with django_assert_num_queries(5):
        all_of_it()
    for _ in range(4):
        session(new(ended=NOW - DAY), MARCH + DAY + timedelta(minutes=load().number_ended * 60))
    with django_assert_num_queries(5):
        all_of_it()


# Against the slow truth.

INSTANTS = st.integers(0, 700).map(lambda days: NOW - days * DAY)


@settings(max_examples=100, deadline=None)
@given(st.lists(INSTANTS, min_size=1, max_size=6, unique=True), INSTANTS)
def test_an_episode_covers_its_beginning_and_not_its_end(moments, when):
    moments = sorted(moments)
    pairs = list(zip(moments[::2], [*moments[1::2], None], strict=False))

    inside = [Episode(first, last).covers(when) for first, last in pairs]

    assert sum(inside) <= 1
    passed = sum(moment <= when for moment in moments)
    assert any(inside) == (passed % 2 == 1)


def test_of_work_that_ended_before_the_year_only_the_beginning_is_read(load, new):
    session(new(at=YEARS_AGO, ended=NOW - 500 * DAY), NOW - 600 * DAY)

    with CaptureQueriesContext(connection) as asked:
        caseload = load()

    assert {point.clients for point in caseload.months} == {0}
    assert len(caseload.months) == 13
    for query in asked.captured_queries[1:4]:
        with connection.cursor() as cursor:
            cursor.execute(query["sql"])
            assert cursor.fetchall() == []
