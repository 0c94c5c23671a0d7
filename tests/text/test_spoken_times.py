"""Dates and times in words."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone

from practice.text import spoken

BEFORE, AFTER = "before the clocks go back", "after the clocks go back"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("hour", "minute", "words"),
    [
        (0, 0, "midnight"),
        (0, 1, "12:01am"),
        (0, 59, "12:59am"),
        (1, 0, "1am"),
        (9, 5, "9:05am"),
        (11, 59, "11:59am"),
        (12, 0, "midday"),
        (12, 30, "12:30pm"),
        (13, 0, "1pm"),
        (16, 12, "4:12pm"),
        (17, 0, "5pm"),
        (23, 59, "11:59pm"),
    ],
)
def test_the_time_of_day(hour, minute, words):
    with timezone.override("UTC"):
        assert spoken.clock(utc(2025, 11, 20, hour, minute, 59)) == words


def test_a_day_is_the_readers():
    late = utc(2025, 11, 20, 23, 30)

    with timezone.override("Europe/London"):
        assert spoken.day(late) == "20 November 2025"
    with timezone.override("Europe/Stockholm"):
        assert spoken.day(late) == "21 November 2025"
        assert spoken.weekday(late) == "Friday 21 November 2025"
        assert spoken.instant(late) == "Friday 21 November 2025 at 12:30am"


def test_a_date_is_the_same_everywhere():
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles"):
        with timezone.override(zone):
            assert spoken.day(date(2025, 11, 20)) == "20 November 2025"
            assert spoken.weekday(date(2024, 2, 29)) == "Thursday 29 February 2024"


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (utc(2025, 3, 30, 0, 59), "Sunday 30 March 2025 at 12:59am"),
        (utc(2025, 3, 30, 1, 0), "Sunday 30 March 2025 at 2am"),
        (utc(2025, 10, 25, 23, 59), "Sunday 26 October 2025 at 12:59am"),
        (utc(2025, 10, 26, 0, 30), f"Sunday 26 October 2025 at 1:30am, {BEFORE}"),
        (utc(2025, 10, 26, 1, 30), f"Sunday 26 October 2025 at 1:30am, {AFTER}"),
        (utc(2025, 10, 26, 2, 0), "Sunday 26 October 2025 at 2am"),
        (utc(2025, 6, 30, 11, 0), "Monday 30 June 2025 at midday"),
        (utc(2025, 6, 30, 23, 0), "Tuesday 1 July 2025 at midnight"),
    ],
)
def test_the_clocks_change_in_london(moment, words):
    with timezone.override("Europe/London"), time_machine.travel(utc(2025, 1, 1), tick=False):
        assert spoken.instant(moment) == words


def test_of_a_change_that_is_over_it_says_so():
    with timezone.override("Europe/London"), time_machine.travel(utc(2026, 1, 1), tick=False):
        assert spoken.instant(utc(2025, 10, 26, 1, 30)) == (
            "Sunday 26 October 2025 at 1:30am, after the clocks went back"
        )


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ("25 16:00", "25 16:50", "5pm to 5:50pm"),
        ("25 23:10", "26 00:00", f"12:10am to 1am, {BEFORE}"),
        ("25 23:30", "26 01:20", f"12:30am to 1:20am, {AFTER}"),
        ("26 00:00", "26 00:50", f"1am to 1:50am, {BEFORE}"),
        ("26 00:30", "26 01:20", f"1:30am to 1:20am, {AFTER}"),
        ("26 00:30", "26 01:30", f"1:30am to 1:30am, {AFTER}"),
        ("26 00:30", "26 02:20", f"1:30am, {BEFORE}, to 2:20am"),
        ("26 01:00", "26 01:50", f"1am to 1:50am, {AFTER}"),
        ("26 01:30", "26 02:20", f"1:30am to 2:20am, {AFTER}"),
        ("26 02:00", "26 02:50", "2am to 2:50am"),
    ],
)
def test_a_span_over_the_night_of_the_change_says_which(starts, ends, words):
    def moment(text: str) -> datetime:
        day, hour = text.split()
        return utc(2025, 10, int(day), *map(int, hour.split(":")))

    with timezone.override("Europe/London"), time_machine.travel(utc(2025, 10, 1), tick=False):
        assert spoken.span(moment(starts), moment(ends)) == words


@pytest.mark.parametrize(
    ("zone", "moment", "words"),
    [
        ("Pacific/Auckland", utc(2026, 4, 4, 14, 30), f"Sunday 5 April, 2:30am, {AFTER}"),
        ("Australia/Lord_Howe", utc(2026, 4, 4, 14, 45), f"Sunday 5 April, 1:45am, {BEFORE}"),
        ("Asia/Kolkata", utc(2026, 4, 4, 14, 45), "Saturday 4 April, 8:15pm"),
    ],
)
def test_other_clocks_go_back_at_other_times(zone, moment, words):
    with timezone.override(zone), time_machine.travel(utc(2026, 4, 1), tick=False):
        assert spoken.soon(moment) == words


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (utc(2025, 11, 27, 17), "Thursday 27 November, 5pm"),
        (utc(2026, 2, 26, 17), "Thursday 26 February, 5pm"),
        (utc(2025, 9, 4, 16), "Thursday 4 September, 5pm"),
        (utc(2026, 5, 28, 16), "Thursday 28 May 2026, 5pm"),
        (utc(2026, 11, 26, 17), "Thursday 26 November 2026, 5pm"),
        (utc(2025, 6, 26, 16), "Thursday 26 June 2025, 5pm"),
        (utc(2019, 11, 28, 17), "Thursday 28 November 2019, 5pm"),
    ],
)
def test_a_day_more_than_a_few_months_away_carries_its_year(moment, words):
    now = utc(2025, 11, 20, 10)
    with timezone.override("Europe/London"), time_machine.travel(now, tick=False):
        assert spoken.soon(moment) == words


@pytest.mark.parametrize(
    ("zone", "at", "words"),
    [
        ("Europe/London", utc(2025, 1, 1), "London time (GMT)"),
        ("Europe/London", utc(2025, 7, 1), "London time (BST)"),
        ("America/New_York", utc(2025, 7, 1), "New York time (EDT)"),
        ("America/Argentina/Buenos_Aires", utc(2025, 7, 1), "Buenos Aires time (UTC-03)"),
        ("Asia/Kathmandu", utc(2025, 7, 1), "Kathmandu time (UTC+0545)"),
        ("UTC", utc(2025, 7, 1), "UTC time (UTC)"),
    ],
)
def test_a_zone_in_words(zone, at, words):
    assert spoken.zone_words(zone, at) == words
