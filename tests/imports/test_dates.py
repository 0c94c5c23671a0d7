"""Dates and times as exports write them, and what is no moment."""

from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from practice.imports.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    NoDate,
    order_of,
    read_moment,
    read_time,
)
from practice.imports.zones import zone_named

pytestmark = pytest.mark.pure
LONDON, UTC = ZoneInfo("Europe/London"), ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2025-10-30", "", (date(2025, 10, 30), None)),
        ("2025-10-30 16:00:00 UTC", "", (date(2025, 10, 30), time(16))),
        ("2024-06-30T23:30:00Z", "", (date(2024, 6, 30), time(23, 30))),
        ("2024-06-30T23:30:00.123+02:00", "", (date(2024, 6, 30), time(23, 30, 0, 123_000))),
        ("19880229", "", (date(1988, 2, 29), None)),
        ("12/02/2020 14:05", MONTH_FIRST, (date(2020, 12, 2), time(14, 5))),
        ("12/02/2020 2:05 PM", DAY_FIRST, (date(2020, 2, 12), time(14, 5))),
        ("01.02.1975", DAY_FIRST, (date(1975, 2, 1), None)),
        ("1-2-75", DAY_FIRST, (date(1975, 2, 1), None)),
        ("December 2, 2020 9:00 am", "", (date(2020, 12, 2), time(9))),
        ("Wed, 2 December 2020 at 12:30am", "", (date(2020, 12, 2), time(0, 30))),
        ("2-Dec-2020", "", (date(2020, 12, 2), None)),
        ("2. März 2020", "", (date(2020, 3, 2), None)),
        ("2025-03-03 11:00 am", "", (date(2025, 3, 3), time(11))),
    ],
)
def test_every_way_of_writing_a_date(text, order, expected):
    moment = read_moment(text, order)

    assert (moment.day, moment.at) == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("31/02/2024", "There is no 31 February 2024."),
        ("2024-13-01", "There is no 13th month."),
        ("02/03/2024 29:00", "There is no 29:00 on a clock."),
        ("--07-20", "“--07-20” has no year."),
        ("Unit 5, May Road", "“Unit 5, May Road” is no date."),
        ("2024-01-01 soon", "“2024-01-01 soon” is no date with a time."),
        ("", "“” is no date."),
    ],
)
def test_what_is_no_date_says_why(text, why):
    with pytest.raises(NoDate) as refused:
        read_moment(text, DAY_FIRST)

    assert str(refused.value) == why


def test_a_time_in_the_gap_of_a_clock_change_does_not_exist():
    with pytest.raises(NoDate, match="the clocks went forward"):
        read_moment("29/03/2026 01:30", DAY_FIRST).instant(LONDON)
    assert read_moment("29/03/2026 02:30", DAY_FIRST).instant(LONDON).hour == 1
    assert read_time("9:05 pm") == time(21, 5)


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/04/2020", "29/02/2020"], DAY_FIRST),
        (["03/04/2020", "02/29/2020 10:00"], MONTH_FIRST),
        (["03/04/2020", "05/06/2021"], None),
        (["03/03/2020", "2020-01-02", "x"], ""),
        ([], ""),
    ],
)
def test_a_column_tells_whether_the_day_comes_first_or_it_does_not(texts, order):
    assert order_of(texts) == order


@pytest.mark.parametrize(
    ("named", "zone"),
    [
        ("Europe/London", "Europe/London"),
        ("US/Eastern", "America/New_York"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Central Time - US & Canada", "America/Chicago"),
        ("UK, Ireland, Lisbon Time", "Europe/London"),
        ("UTC", "UTC"),
    ],
)
def test_zones_are_known_as_iana_windows_and_calendly_name_them(named, zone):
    assert zone_named(named).key == zone


def test_a_zone_that_nobody_has_is_refused():
    with pytest.raises(NoDate, match="no time zone"):
        zone_named("Middle Earth Time")


@settings(max_examples=150, deadline=500)
@given(st.text(max_size=40) | st.from_regex(r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4} ?[0-9:apmZ+]*"))
def test_anything_is_a_moment_or_is_refused(text):
    try:
        read_moment(text, MONTH_FIRST).instant(LONDON)
    except (NoDate, OverflowError):
        return
