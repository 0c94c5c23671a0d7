"""The times a client can book: hours kept through every change of clocks, nothing in the way."""

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from time import process_time as time_spent
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from practice.booking import openings as lazily
from practice.booking.openings import Hours, Interval, OpenedHours, Rules, is_open

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MIDNIGHT, EPOCH = time(0), datetime(1970, 1, 1, tzinfo=UTC)
ALWAYS = tuple(Hours(weekday, MIDNIGHT, MIDNIGHT) for weekday in range(7))


def every_day(*spans: str) -> tuple[Hours, ...]:
    """ "09:00-17:00" on each day of the week."""
    return tuple(
        Hours(weekday, *map(time.fromisoformat, span.split("-")))
        for weekday in range(7)
        for span in spans
    )


def openings(*asked: object) -> list[datetime]:
    """All of them; the first few alone are those of test_first_openings.py."""
    return list(lazily.openings(*asked))


def make_rules(zone="Europe/London", hours=ALWAYS, length=50, gap=10, **others) -> Rules:
    """Rules with whole minutes; booked from now on unless told otherwise."""
    others = {"notice": timedelta(0)} | others
    return Rules(zone, hours, length=length * MINUTE, gap=gap * MINUTE, **others)


def on(rules: Rules, first: date, last: date | None = None, taken=(), off=()) -> list[datetime]:
    """The openings of some days, asked for a week before."""
    now = datetime.combine(first, MIDNIGHT, UTC) - 7 * DAY
    return openings(rules, off, taken, now, first, last or first)


def clock(rules: Rules, starts: list[datetime]) -> list[str]:
    """What the therapist's clock reads then: "01:00+0100"."""
    return [f"{start.astimezone(ZoneInfo(rules.zone)):%H:%M%z}" for start in starts]


# --- The days on which clocks change, as people would write them down ---

GOLDEN = {
    "Europe/London, spring": (
        make_rules("Europe/London", every_day("00:00-06:00")),
        date(2026, 3, 29),
        ["00:00+0000", "02:00+0100", "03:00+0100", "04:00+0100", "05:00+0100"],
    ),
    "Europe/London, autumn": (
        make_rules("Europe/London", every_day("00:00-04:00")),
        date(2026, 10, 25),
        ["00:00+0100", "01:00+0100", "01:00+0000", "02:00+0000", "03:00+0000"],
    ),
    "Europe/Stockholm, spring": (
        make_rules("Europe/Stockholm", every_day("01:00-05:00")),
        date(2026, 3, 29),
        ["01:00+0100", "03:00+0200", "04:00+0200"],
    ),
    "Europe/Stockholm, autumn": (
        make_rules("Europe/Stockholm", every_day("01:00-05:00")),
        date(2026, 10, 25),
        ["01:00+0200", "02:00+0200", "02:00+0100", "03:00+0100", "04:00+0100"],
    ),
    "Pacific/Auckland, spring": (
        make_rules("Pacific/Auckland", every_day("01:00-05:00")),
        date(2026, 9, 27),
        ["01:00+1200", "03:00+1300", "04:00+1300"],
    ),
    "Pacific/Auckland, autumn": (
        make_rules("Pacific/Auckland", every_day("01:00-04:00")),
        date(2026, 4, 5),
        ["01:00+1300", "02:00+1300", "02:00+1200", "03:00+1200"],
    ),
    # Half an hour: 02:00 becomes 02:30, and 02:00 becomes 01:30.
    "Australia/Lord_Howe, spring": (
        make_rules("Australia/Lord_Howe", every_day("01:00-04:00"), length=25, gap=5),
        date(2026, 10, 4),
        ["01:00+1030", "01:30+1030", "02:30+1100", "03:00+1100", "03:30+1100"],
    ),
    "Australia/Lord_Howe, autumn": (
        make_rules("Australia/Lord_Howe", every_day("01:00-03:00"), length=25, gap=5),
        date(2026, 4, 5),
        ["01:00+1100", "01:30+1100", "01:30+1030", "02:00+1030", "02:30+1030"],
    ),
    "Australia/Lord_Howe, autumn, whole hours": (
        make_rules("Australia/Lord_Howe", every_day("00:00-04:00")),
        date(2026, 4, 5),
        ["00:00+1100", "01:00+1100", "02:00+1030", "03:00+1030"],
    ),
    # Two hours, at 01:00 UTC.
    "Antarctica/Troll, spring": (
        make_rules("Antarctica/Troll", every_day("00:00-05:00")),
        date(2026, 3, 29),
        ["00:00+0000", "03:00+0200", "04:00+0200"],
    ),
    # For Ramadan the clocks go back, and forward after it.
    "Africa/Casablanca, Ramadan begins": (
        make_rules("Africa/Casablanca", every_day("01:00-04:00")),
        date(2026, 2, 15),
        ["01:00+0100", "02:00+0100", "02:00+0000", "03:00+0000"],
    ),
    # The first hour of the day does not exist.
    "Africa/Cairo, spring": (
        make_rules("Africa/Cairo", every_day("00:00-03:00")),
        date(2026, 4, 24),
        ["01:00+0300", "02:00+0300"],
    ),
    # The last hour of the day is there twice.
    "Africa/Cairo, autumn": (
        make_rules("Africa/Cairo", every_day("22:00-00:00")),
        date(2026, 10, 29),
        ["22:00+0300", "23:00+0300", "23:00+0200"],
    ),
    # A span that starts, and one that ends, where no time is.
    "from inside the gap": (
        make_rules("Europe/London", every_day("01:30-04:00")),
        date(2026, 3, 29),
        ["02:30+0100"],
    ),
    "up to inside the gap": (
        make_rules("Europe/London", every_day("00:00-01:30"), length=30, gap=0),
        date(2026, 3, 29),
        ["00:00+0000", "00:30+0000"],
    ),
    "past the end, had the clock not jumped": (
        make_rules("Europe/London", every_day("00:00-01:30"), length=45, gap=0),
        date(2026, 3, 29),
        ["00:00+0000"],
    ),
    # A span that starts, and one that ends, at a time that is there twice.
    "from inside the fold": (
        make_rules("Europe/London", every_day("01:30-03:30")),
        date(2026, 10, 25),
        ["01:30+0100", "01:30+0000", "02:30+0000"],
    ),
    "up to inside the fold": (
        make_rules("Europe/London", every_day("00:30-01:30"), length=20, gap=10),
        date(2026, 10, 25),
        ["00:30+0100", "01:00+0100", "01:00+0000"],
    ),
    # 45 minutes do not divide an hour: what would be too close to the start before it is left
    # out, and the clock reads for the rest of the day as it always does.
    "three quarters, spring": (
        make_rules("Europe/London", every_day("00:00-05:00"), length=40, gap=5),
        date(2026, 3, 29),
        ["00:00+0000", "00:45+0000", "03:00+0100", "03:45+0100"],
    ),
    "three quarters, autumn": (
        make_rules("Europe/London", every_day("00:15-04:00"), length=40, gap=5),
        date(2026, 10, 25),
        ["00:15+0100", "01:00+0100", "01:45+0100", "01:45+0000", "02:30+0000", "03:15+0000"],
    ),
}


@pytest.mark.parametrize(("rules", "day", "expected"), GOLDEN.values(), ids=GOLDEN)
def test_on_a_day_when_the_clocks_change_the_times_are_these(rules, day, expected):
    assert clock(rules, on(rules, day)) == expected


def test_a_time_that_does_not_exist_is_never_offered():
    rules = make_rules(hours=every_day("01:00-02:00"))

    assert on(rules, date(2026, 3, 29)) == []


def test_an_hour_that_exists_twice_is_offered_twice():
    rules = make_rules(hours=every_day("01:00-02:00"))

    assert on(rules, date(2026, 10, 25)) == [
        datetime(2026, 10, 25, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 1, tzinfo=UTC),
    ]


def test_a_session_over_the_change_lasts_its_length_in_real_time():
    rules = make_rules(length=60)

    slot = rules.slot(datetime(2026, 10, 25, 1, 0, tzinfo=ZoneInfo("Europe/London")))

    assert slot == Interval(
        datetime(2026, 10, 25, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)
    )


def test_a_day_that_a_zone_left_out_has_no_openings():
    rules = make_rules("Pacific/Apia")

    starts = [len(on(rules, date(2011, 12, day))) for day in (29, 30, 31)]

    assert starts == [24, 0, 24]


def test_nine_in_the_morning_is_nine_all_year():
    rules = make_rules(hours=every_day("09:00-10:00"), horizon=400 * DAY)

    year = on(rules, date(2026, 1, 1), date(2026, 12, 31))

    assert len(year) == 365
    assert {reading[:5] for reading in clock(rules, year)} == {"09:00"}
    assert {start.hour for start in year} == {8, 9}


# --- Every zone, every change of clocks, 2024 to 2034 ---


def offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset()


@cache
def changes() -> dict[tuple, str]:
    """Each (instant, offset before, offset after) there is, and a zone that has it.

    Most zones change together with others, for which one of them can stand.
    """
    step = 5 * DAY  # no zone changes twice within it
    days = [datetime(2024, 1, 1, tzinfo=UTC) + n * step for n in range(11 * 366 // 5)]
    found = {}
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        offsets = [offset(zone, day) for day in days]
        for (day, before), (_, after) in pairwise(zip(days, offsets, strict=True)):
            if before != after:
                low, high = day, day + step
                while high - low > MINUTE:
                    middle = low + (high - low) // MINUTE // 2 * MINUTE
                    low, high = (middle, high) if offset(zone, middle) == before else (low, middle)
                found.setdefault((high, before, after), name)
    return found


def test_there_are_changes_to_speak_of():
    sizes = {after - before for _, before, after in changes()}

    assert len(changes()) > 600
    assert {-HOUR, HOUR, -HOUR / 2, HOUR / 2, -2 * HOUR, 2 * HOUR} <= sizes


TIMETABLES = [
    (*hours, *lengths)
    for hours in [("00:00", "00:00"), ("00:30", "23:30")]
    for lengths in [(50, 10), (60, 0), (20, 10), (40, 5), (90, 15)]
]


def changes_for(timetable: tuple) -> Iterator[tuple]:
    """Yield changes so that each kind meets every timetable, and each single one some timetable.

    Those of a kind move a clock from the same reading by the same, in another year. With
    CLOCKS=whole every change meets every timetable.
    """
    nth, kinds = TIMETABLES.index(timetable), set()
    whole = os.environ.get("CLOCKS") == "whole"
    for number, ((change, before, after), name) in enumerate(changes().items()):
        kind = (before, after, (change + before).time())
        if whole or kind not in kinds or number % len(TIMETABLES) == nth:
            yield change, before, after, name
        kinds.add(kind)


@pytest.mark.parametrize("timetable", TIMETABLES, ids="{0[0]}-{0[1]} {0[2]}+{0[3]}".format)
def test_at_every_change_in_every_zone_the_times_are_right(timetable):
    opens, closes, session, gap = timetable
    hours = every_day(f"{opens}-{closes}")
    opens, closes = (datetime.fromisoformat(f"1970-01-01T{at}Z") - EPOCH for at in (opens, closes))
    closes, length, step = closes or DAY, session * MINUTE, (session + gap) * MINUTE
    usual = [opens + n * step for n in range((closes - opens - length) // step + 1)]

    for change, before, after, name in changes_for(timetable):
        where = f"{name}, {change}"
        day = (change + after).date()
        offered = on(make_rules(name, hours, session, gap), day - DAY, day + DAY)

        # Without a zone: up to the change the one offset holds, from then on the other.
        possible = []
        for n in (-1, 0, 1):
            midnight = datetime.combine(day + n * DAY, MIDNIGHT, UTC)
            old, new = midnight - before, midnight - after
            ends = new + closes if new + closes >= change else min(old + closes, change)
            starts = [old + at for at in usual if old + at < change]
            starts += [new + at for at in usual if new + at >= change]
            possible += [start for start in starts if start + length <= ends]

        assert all(b - a >= step for a, b in pairwise(offered)), f"too close: {where}"
        assert not set(offered) - set(possible), f"a time that is not on the timetable: {where}"
        for lost in set(possible) - set(offered):
            assert any(abs(lost - other) < step for other in offered), f"lost {lost}: {where}"
        if (after - before) % step == timedelta(0):
            assert offered == sorted(possible), f"lost: {where}"


def test_a_zone_without_changes_has_the_same_times_every_day():
    rules = make_rules("Asia/Kolkata", every_day("09:00-12:00"))

    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        assert clock(rules, on(rules, day)) == ["09:00+0530", "10:00+0530", "11:00+0530"]


# --- Hours ---

MONDAY = date(2026, 6, 1)


def test_slots_follow_each_other_from_the_start_of_each_span():
    rules = make_rules("UTC", (Hours(0, time(9), time(12)), Hours(0, time(13, 30), time(15, 20))))

    assert clock(rules, on(rules, MONDAY)) == [
        "09:00+0000",
        "10:00+0000",
        "11:00+0000",
        "13:30+0000",
        "14:30+0000",
    ]


def test_the_last_slot_may_end_with_the_hours_and_not_after_them():
    just = make_rules("UTC", every_day("09:00-10:50"))
    short = make_rules("UTC", every_day("09:00-10:49"))

    assert clock(just, on(just, MONDAY)) == ["09:00+0000", "10:00+0000"]
    assert clock(short, on(short, MONDAY)) == ["09:00+0000"]


def test_hours_can_end_at_midnight():
    rules = make_rules("UTC", every_day("22:00-00:00"))

    assert clock(rules, on(rules, MONDAY)) == ["22:00+0000", "23:00+0000"]


def test_a_weekday_without_hours_has_no_openings():
    rules = make_rules("UTC", (Hours(0, time(9), time(10)), Hours(2, time(9), time(10))))

    week = on(rules, MONDAY, MONDAY + 6 * DAY)

    assert [start.date() for start in week] == [MONDAY, MONDAY + 2 * DAY]


def test_the_days_are_the_therapists():
    rules = make_rules("Pacific/Auckland", every_day("08:00-09:00"))

    assert on(rules, MONDAY) == [datetime(2026, 5, 31, 20, tzinfo=UTC)]


def test_hours_entered_twice_or_overlapping_give_no_slots_that_overlap():
    rules = make_rules("UTC", every_day("09:00-11:00", "09:00-11:00", "09:30-12:30"))

    assert clock(rules, on(rules, MONDAY)) == ["09:00+0000", "10:00+0000", "11:30+0000"]


def test_the_gap_is_kept_over_midnight():
    rules = make_rules("UTC", every_day("00:00-02:00", "23:00-00:00"), length=60, gap=15)

    assert clock(rules, on(rules, MONDAY)) == ["23:00+0000"]


def test_the_answer_for_a_day_does_not_depend_on_the_days_asked_for_with_it():
    rules = make_rules("Europe/London", length=60, gap=45)
    days = [date(2026, 10, 23) + n * DAY for n in range(5)]
    now = datetime(2026, 10, 20, tzinfo=UTC)

    one_by_one = [start for day in days for start in openings(rules, [], [], now, day, day)]

    assert one_by_one == openings(rules, [], [], now, days[0], days[-1])


# --- What is in the way ---


def at(hour: int, minute: int = 0) -> datetime:
    return datetime.combine(MONDAY, time(hour, minute), UTC)


MORNING = make_rules("UTC", every_day("09:00-12:00"))  # 9:00, 10:00, 11:00; 50 minutes each


def test_a_slot_that_touches_time_off_is_offered():
    off = [Interval(at(9, 50), at(11))]

    assert on(MORNING, MONDAY, off=off) == [at(9), at(11)]


@pytest.mark.parametrize(
    "off",
    [
        Interval(at(9, 49), at(10)),
        Interval(at(8), at(9, 1)),
        Interval(at(9, 20), at(9, 21)),
        Interval(at(8), at(9, 55)),
    ],
)
def test_a_slot_that_shares_a_minute_with_time_off_is_not_offered(off):
    assert on(MORNING, MONDAY, off=[off]) == [at(10), at(11)]


def test_a_standing_session_keeps_the_gap_on_either_side():
    exactly = [Interval(at(10), at(10, 50))]
    before, after = [Interval(at(9, 59), at(10, 40))], [Interval(at(10, 10), at(10, 51))]

    assert on(MORNING, MONDAY, taken=exactly) == [at(9), at(11)]
    assert on(MORNING, MONDAY, taken=before) == [at(11)]
    assert on(MORNING, MONDAY, taken=after) == [at(9)]


def test_a_taken_first_hour_is_taken_and_its_twin_is_free():
    rules = make_rules(hours=every_day("01:00-02:00"))
    first = datetime(2026, 10, 25, 1, tzinfo=ZoneInfo("Europe/London"))

    free = on(rules, date(2026, 10, 25), taken=[rules.slot(first)])

    assert free == [datetime(2026, 10, 25, 1, tzinfo=UTC)]


def test_time_off_in_local_time_is_measured_in_real_time():
    london = ZoneInfo("Europe/London")
    off = Interval(
        datetime(2026, 10, 25, 1, tzinfo=london), datetime(2026, 10, 25, 1, fold=1, tzinfo=london)
    )
    rules = make_rules(hours=every_day("00:00-03:00"))

    free = on(rules, date(2026, 10, 25), off=[off])

    assert clock(rules, free) == ["00:00+0100", "01:00+0000", "02:00+0000"]


# --- Notice and horizon ---


def test_the_shortest_notice_and_the_furthest_instant_are_themselves_open():
    rules = make_rules("UTC", every_day("09:00-12:00"), notice=24 * HOUR, horizon=48 * HOUR)

    starts = openings(rules, [], [], at(10), MONDAY, MONDAY + 7 * DAY)

    assert starts == [at(10) + DAY, at(11) + DAY, at(9) + 2 * DAY, at(10) + 2 * DAY]


def test_a_minute_later_the_first_is_too_soon():
    rules = make_rules("UTC", every_day("09:00-12:00"), notice=24 * HOUR, horizon=48 * HOUR)

    starts = openings(rules, [], [], at(10, 1), MONDAY, MONDAY + 7 * DAY)

    assert starts[0] == at(11) + DAY


def test_notice_is_real_time_over_a_change_of_clocks():
    rules = make_rules(hours=every_day("09:00-12:00"), notice=24 * HOUR)
    now = datetime(2026, 3, 28, 9, tzinfo=ZoneInfo("Europe/London"))

    starts = openings(rules, [], [], now, date(2026, 3, 29), date(2026, 3, 29))

    assert clock(rules, starts) == ["10:00+0100", "11:00+0100"]


def test_days_out_of_reach_have_no_openings_and_cost_nothing():
    began = time_spent()
    assert openings(MORNING, [], [], at(9), date.max, date.max) == []
    assert openings(MORNING, [], [], at(9), date.min, date.min) == []
    assert openings(MORNING, [], [], at(9), MONDAY, MONDAY - DAY) == []
    assert len(openings(MORNING, [], [], at(8), date.min, date.max)) == 8 * 7 * 3
    assert time_spent() - began < 1  # seconds; all the days there are would take minutes


# --- What is refused ---


@pytest.mark.parametrize(
    ("starts", "ends"), [(time(9), time(9)), (time(17), time(9)), (time(9), time(0, 1))]
)
def test_hours_that_end_before_they_start_are_refused(starts, ends):
    with pytest.raises(ValueError, match="Hours end after they start"):
        Hours(0, starts, ends)


@pytest.mark.parametrize(
    "durations",
    [
        {"length": timedelta(0)},
        {"length": -MINUTE},
        {"gap": -MINUTE},
        {"notice": -MINUTE},
        {"horizon": -MINUTE},
        {"length": 11 * HOUR, "gap": 61 * MINUTE},
    ],
)
def test_durations_that_make_no_sense_are_refused(durations):
    with pytest.raises(ValueError, match="out of range"):
        Rules("UTC", ALWAYS, **durations)


def test_an_interval_that_ends_before_it_starts_is_refused():
    with pytest.raises(ValueError, match="An interval ends after it starts"):
        Interval(at(10), at(10))


def test_an_instant_without_a_zone_is_refused():
    naive = at(10).replace(tzinfo=None)

    with pytest.raises(ValueError, match="has a time zone"):
        Interval(naive, at(11))
    with pytest.raises(ValueError, match="has a time zone"):
        openings(MORNING, [], [], naive, MONDAY, MONDAY)
    with pytest.raises(ValueError, match="has a time zone"):
        is_open(MORNING, [], [], at(9), naive)


def test_an_unknown_zone_is_refused():
    with pytest.raises(ZoneInfoNotFoundError):
        on(make_rules("Europe/Atlantis"), MONDAY)


# --- Against a slow answer, found minute by minute ---

CHANGING = [
    ("Europe/London", date(2026, 3, 29)),
    ("Europe/London", date(2026, 10, 25)),
    ("America/New_York", date(2026, 11, 1)),
    ("Pacific/Auckland", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("Antarctica/Troll", date(2026, 3, 29)),
    ("Antarctica/Troll", date(2026, 10, 25)),
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("Africa/Cairo", date(2026, 4, 24)),
    ("Africa/Cairo", date(2026, 10, 29)),
    ("America/Santiago", date(2026, 9, 6)),
    ("Asia/Kathmandu", date(2026, 6, 1)),
]


@cache
def minutes(zone: str, day: date) -> list[tuple[datetime, datetime]]:
    """Every minute from two days before to two days after, and what the clock reads at it."""
    start = datetime.combine(day, MIDNIGHT, UTC) - 3 * DAY
    instants = [start + n * MINUTE for n in range(6 * 24 * 60)]
    return [(i, i.astimezone(ZoneInfo(zone)).replace(tzinfo=None)) for i in instants]


def slow_starts(rules, day, centre, spans):
    length, step = rules.length, rules.length + rules.gap
    starts = set()
    for hours in spans:
        opens = datetime.combine(day, hours.starts)
        closes = datetime.combine(day + DAY * (hours.ends == MIDNIGHT), hours.ends)
        within = [(i, reads) for i, reads in minutes(rules.zone, centre) if opens <= reads < closes]
        for i, reads in within:
            on_the_grid = (reads - opens) % step == timedelta(0)
            usually_ends_in_time = reads + length <= closes
            ends_in_time = i + length <= within[-1][0] + MINUTE
            if on_the_grid and usually_ends_in_time and ends_in_time:
                starts.add(i)
    return starts


def slow_openings(rules, off, standing, now, first, last, centre):
    """The same by looking at each minute; nothing is worked out from a local time."""
    length, step = rules.length, rules.length + rules.gap
    kept: dict[date, list[datetime]] = {}
    for n in range((last - first).days + 2):
        day = first + (n - 1) * DAY
        weekly = [hours for hours in rules.hours if hours.weekday == day.weekday()]
        opened = [hours for hours in rules.opened if hours.day == day]
        kept[day] = []
        for spans in (weekly, opened):
            for start in sorted(slow_starts(rules, day, centre, spans)):
                if not any(abs(start - other) < step for other in kept[day]):
                    kept[day].append(start)
    free = []
    for day, starts in kept.items():
        for start in starts:
            if day < first or any(abs(start - s) < step for s in kept[day - DAY]):
                continue
            if not now + rules.notice <= start <= now + rules.horizon:
                continue
            each = [start + n * MINUTE for n in range(length // MINUTE)]
            if any(o.starts <= minute < o.ends for minute in each for o in off):
                continue
            around = [start + n * MINUTE for n in range(-(rules.gap // MINUTE), step // MINUTE)]
            if any(s.starts <= minute < s.ends for minute in around for s in standing):
                continue
            free.append(start)
    return sorted(free)


@st.composite
def spans(draw) -> Hours:
    starts = draw(st.integers(0, 95)) * 15
    ends = draw(st.integers(starts // 15 + 1, 96)) * 15
    return Hours(draw(st.integers(0, 6)), time(*divmod(starts, 60)), time(*divmod(ends % 1440, 60)))


@st.composite
def intervals(draw, day: date) -> Interval:
    start = datetime.combine(day, MIDNIGHT, UTC) + draw(st.integers(-1440, 2880)) * MINUTE
    return Interval(start, start + draw(st.integers(1, 240)) * MINUTE)


@st.composite
def questions(draw):
    zone, day = draw(st.sampled_from(CHANGING))
    own = draw(st.lists(spans(), max_size=4))
    some = st.sampled_from([ALWAYS, every_day("00:00-04:30"), every_day("20:00-00:00"), ()])
    opened = [
        OpenedHours(day + draw(st.integers(-1, 2)) * DAY, span.starts, span.ends)
        for span in draw(st.lists(spans(), max_size=3))
    ]
    rules = Rules(
        zone,
        (*own, *draw(some)),
        tuple(opened),
        length=draw(st.integers(3, 30)) * 5 * MINUTE,
        gap=draw(st.integers(0, 12)) * 5 * MINUTE,
        notice=draw(st.sampled_from([0, 2, 24, 36, 72])) * HOUR,
        horizon=draw(st.sampled_from([56, 5, 4, 3])) * DAY,
    )
    off = draw(st.lists(intervals(day), max_size=3))
    standing = draw(st.lists(intervals(day), max_size=3))
    now = datetime.combine(day, MIDNIGHT, UTC) - draw(st.integers(-600, 5 * 1440)) * MINUTE
    first = day - draw(st.integers(0, 1)) * DAY
    return rules, off, standing, now, first, day + draw(st.integers(0, 1)) * DAY, day


QUIET = settings(deadline=None, database=None, max_examples=120)
CALM = (make_rules("Asia/Kathmandu", ALWAYS), [], [], at(0), MONDAY, MONDAY + DAY, MONDAY)


@QUIET
@given(questions())
@example(CALM)
def test_the_openings_are_those_that_a_look_at_every_minute_finds(question):
    *asked, _ = question

    assert openings(*asked) == slow_openings(*question)


@QUIET
@given(questions())
def test_no_two_openings_are_closer_than_a_session_and_its_gap(question):
    rules, *asked, _ = question

    starts = openings(rules, *asked)

    assert all(b - a >= rules.length + rules.gap for a, b in pairwise(starts))


@settings(QUIET, max_examples=60)
@given(questions(), st.data())
@example(CALM, None)
def test_an_instant_is_open_exactly_when_it_is_one_of_the_openings(question, data):
    rules, off, standing, now, first, last, _ = question
    offered = openings(rules, off, standing, now, first, last)
    zone = ZoneInfo(rules.zone)

    assert all(is_open(rules, off, standing, now, start.astimezone(zone)) for start in offered)
    if data:
        tried = datetime.combine(first, MIDNIGHT, UTC) + data.draw(st.integers(0, 288)) * 5 * MINUTE
        if first <= tried.astimezone(zone).date() <= last:
            assert is_open(rules, off, standing, now, tried) == (tried in offered)


def test_an_instant_a_little_beside_an_opening_is_not_open():
    assert is_open(MORNING, [], [], at(8), at(9))
    assert not is_open(MORNING, [], [], at(8), at(9, 1))
    assert not is_open(MORNING, [], [], at(8), at(9) + timedelta.resolution)


@QUIET
@given(questions())
def test_once_booked_an_opening_is_closed_and_opens_no_other(question):
    rules, off, standing, now, first, last, _ = question
    before = openings(rules, off, standing, now, first, last)
    if not before:
        return

    after = openings(rules, off, [*standing, rules.slot(before[0])], now, first, last)

    assert after == before[1:]
