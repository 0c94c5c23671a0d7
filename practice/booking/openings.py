"""Openings: the times a client can book. Hours - time off - standing sessions (`domain.md` 4).

A therapist's hours are readings of the local clock, and so is the timetable made from them: one
start after another from the beginning of each span, `length + gap` apart, the same week after
week. Where the clocks change, the timetable of that day loses the starts that the clock skips and
has those that it shows twice twice; it gains no other. From there on everything is measured
between instants in UTC: what a slot lasts, whether it ends in time, what it is in the way of
(`security.md` 5, "Time").
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hours:
    """A span of work in every week, in the therapist's local time; a day may have several.

    `weekday` counts from Monday, 0. `ends` at 00:00 is midnight at the end of the day.

    Raises:
        ValueError: there is no such weekday, or the span ends before it starts.
    """

    weekday: int
    starts: time
    ends: time

    def __post_init__(self) -> None:
        if self.weekday not in range(7):
            raise ValueError("A weekday is a number from 0 (Monday) to 6 (Sunday).")
        if self.ends <= self.starts and self.ends != time.min:
            raise ValueError("Hours end after they start, on the same day.")

    def on(self, day: date) -> tuple[datetime, datetime]:
        """Return what the clock reads when the span of that day starts and ends."""
        starts, ends = (datetime.combine(day, reading) for reading in (self.starts, self.ends))
        return starts, ends if ends > starts else ends + ONE_DAY


@dataclass(frozen=True)
class Interval:
    """The time from one instant up to, and not including, another; kept in UTC.

    Raises:
        ValueError: an instant has no time zone, or the end is not after the start.
    """

    starts: datetime
    ends: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts", _utc(self.starts))
        object.__setattr__(self, "ends", _utc(self.ends))
        if self.ends <= self.starts:
            raise ValueError("An interval ends after it starts.")

    def overlaps(self, other: "Interval") -> bool:
        """Whether the two share any time; one may start as the other ends."""
        return self.starts < other.ends and other.starts < self.ends

    def widened(self, by: timedelta) -> "Interval":
        """Return the interval with so much more on either side."""
        return Interval(self.starts - by, self.ends + by)


@dataclass(frozen=True)
class Rules:
    """When a therapist can be booked. `zone` is an IANA name; the defaults are `domain.md` 4's.

    `length` is a session's; `gap` stays free between two. A client books at least `notice` and at
    most `horizon` ahead.

    Raises:
        ValueError: a duration is negative, `length` is nothing, or both exceed twelve hours.
    """

    zone: str
    hours: tuple[Hours, ...]
    length: timedelta = timedelta(minutes=50)
    gap: timedelta = timedelta(minutes=10)
    notice: timedelta = timedelta(hours=24)
    horizon: timedelta = timedelta(weeks=8)

    def __post_init__(self) -> None:
        if self.length <= timedelta(0) or min(self.gap, self.notice, self.horizon) < timedelta(0):
            raise ValueError("A session takes time, and nothing takes less than none.")
        if self.step > ONE_DAY / 2:
            raise ValueError("A session and the gap after it fit into twelve hours.")

    @property
    def step(self) -> timedelta:
        """From one start to the next."""
        return self.length + self.gap

    def slot(self, start: datetime) -> Interval:
        """Return the session that starts then: `length` of real time, whatever the clocks do."""
        return Interval(start, _utc(start) + self.length)


def openings(
    rules: Rules,
    time_off: Sequence[Interval],
    standing: Sequence[Interval],
    now: datetime,
    first: date,
    last: date,
) -> list[datetime]:
    """Return the starts, in UTC and in order, that can be booked on the days `first` to `last`.

    The days are the therapist's, both included; those out of reach of `now` cost nothing. A slot
    keeps clear of time off, and `gap` away from each of the `standing` sessions.

    Raises:
        ValueError: `now` has no time zone.
        ZoneInfoNotFoundError: the zone of the rules is unknown here.
    """
    zone = ZoneInfo(rules.zone)
    earliest, latest = _utc(now) + rules.notice, _utc(now) + rules.horizon
    first = max(first, earliest.astimezone(zone).date())
    last = min(last, latest.astimezone(zone).date())
    taken = [*time_off, *(session.widened(rules.gap) for session in standing)]
    return sorted(
        start
        for start in _timetable(rules, zone, first, last)
        if earliest <= start <= latest
        and not any(rules.slot(start).overlaps(interval) for interval in taken)
    )


def is_open(
    rules: Rules,
    time_off: Sequence[Interval],
    standing: Sequence[Interval],
    now: datetime,
    start: datetime,
) -> bool:
    """Whether a session can be booked from this very instant: it is one of the openings.

    Raises:
        ValueError, ZoneInfoNotFoundError: as `openings`; `start` has no time zone.
    """
    day = _utc(start).astimezone(ZoneInfo(rules.zone)).date()
    return _utc(start) in openings(rules, time_off, standing, now, day, day)


def _timetable(rules: Rules, zone: ZoneInfo, first: date, last: date) -> Iterator[datetime]:
    """Yield the starts of these days; the first of a day gives way to the last of its eve."""
    eve = _starts(rules, zone, first - ONE_DAY)
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        starts = _starts(rules, zone, date.fromordinal(ordinal))
        yield from (s for s in starts if all(abs(s - other) >= rules.step for other in eve))
        eve = starts


def _starts(rules: Rules, zone: ZoneInfo, day: date) -> list[datetime]:
    """Return the starts of one day by itself. Of two that are too close, the earlier stays."""
    candidates = set()
    for hours in rules.hours:
        reading, ends = hours.on(day)
        while hours.weekday == day.weekday() and reading + rules.length <= ends:
            candidates.update(
                start
                for start in _instants(reading, zone)
                # Where the clock skips the end of the hours, they end as it does so: what counts
                # is the last it reads before the session is over.
                if _reading(start + rules.length - timedelta.resolution, zone) < ends
            )
            reading += rules.step
    starts: list[datetime] = []
    for start in sorted(candidates):
        if not starts or start - starts[-1] >= rules.step:
            starts.append(start)
    return starts


def _instants(reading: datetime, zone: ZoneInfo) -> set[datetime]:
    """Return when the clock reads so: once, twice (it goes back over it), never (it skips it)."""
    folds = (reading.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return {instant for instant in folds if _reading(instant, zone) == reading}


def _reading(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the local clock reads at an instant."""
    return instant.astimezone(zone).replace(tzinfo=None)


def _utc(instant: datetime) -> datetime:
    """Return the instant in UTC, in which alone differences are real time."""
    if instant.utcoffset() is None:
        raise ValueError("An instant has a time zone.")
    return instant.astimezone(UTC)
