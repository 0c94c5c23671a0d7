"""The first free times cost little, however many there are: the work is counted, not the time."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

import pytest
from django.test import Client as Browser

from practice.booking.models import BookingRules, WeeklyHours
from practice.booking.openings import Hours, Interval, Rules, openings
from practice.profiles.models import Profile
from tests.reading import read

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
LAST = date(2026, 9, 1)
QUARTER = timedelta(minutes=15)
# As many free times as rules can make: a quarter of an hour each, day and night, for 26 weeks.
BUSIEST = Rules(
    "Europe/London",
    tuple(Hours(weekday, time.min, time.min) for weekday in range(7)),
    length=QUARTER,
    gap=timedelta(0),
    notice=timedelta(hours=2),
    horizon=timedelta(weeks=26),
)


def work_of(act: Callable[[], object]) -> int:
    """Return how many functions are called while something is done."""
    calls = 0

    def count(frame: object, event: str, _: object) -> None:
        nonlocal calls
        calls += event == "call"

    former = sys.getprofile()
    sys.setprofile(count)
    try:
        act()
    finally:
        sys.setprofile(former)
    return calls


def first(number: int, standing: list[Interval] = []) -> list[datetime]:  # noqa: B006
    return list(islice(openings(BUSIEST, [], standing, NOW, NOW.date(), LAST), number))


def booked(weeks: int) -> list[Interval]:
    """Sessions without a pause for so many weeks, from now on."""
    return [Interval(at := NOW + n * QUARTER, at + QUARTER) for n in range(weeks * 7 * 24 * 4)]


def test_the_first_three_are_those_of_all():
    assert first(3) == first(100_000)[:3]
    assert len(first(100_000)) > 17_000


def test_the_first_three_cost_a_fiftieth_of_all():
    assert work_of(lambda: first(3)) * 50 < work_of(lambda: first(100_000))


def test_they_cost_as_little_however_far_ahead_one_can_book():
    short = Rules(**{**BUSIEST.__dict__, "horizon": timedelta(weeks=2)})
    ask = lambda rules: list(islice(openings(rules, [], [], NOW, NOW.date(), LAST), 3))  # noqa: E731

    assert work_of(lambda: ask(BUSIEST)) == work_of(lambda: ask(short))


def test_what_is_booked_is_not_looked_through_for_each_of_them():
    """Twice as many sessions are twice the work, not four times."""
    two, four = booked(2), booked(4)

    assert first(1, two) == [NOW + timedelta(weeks=2)]
    assert work_of(lambda: first(1, four)) < 2.5 * work_of(lambda: first(1, two))


@pytest.fixture
def public(alice) -> str:
    """Alice's public page; she can be booked day and night."""
    Profile.objects.create(therapist=alice, is_published=True)
    for weekday in range(7):
        WeeklyHours.objects.create(therapist=alice, weekday=weekday, starts="00:00", ends="00:00")
    return "/therapists/alice/"


def set_rules(therapist, minutes: int, weeks: int) -> None:
    rules = {"session_minutes": minutes, "gap_minutes": 0, "notice_hours": 2}
    BookingRules.objects.update_or_create(
        therapist=therapist, defaults=rules | {"furthest_weeks": weeks}
    )


def test_a_public_profile_makes_no_more_of_them_than_it_shows(public, alice, time_machine):
    time_machine.move_to(NOW, tick=False)
    work = {}
    for weeks in (1, 26):
        set_rules(alice, 15, weeks)
        Browser().get(public)  # what is loaded once
        work[weeks] = work_of(lambda: Browser().get(public))

    assert work[26] < 1.1 * work[1]
    assert "11am" in read(Browser().get(public)).text
