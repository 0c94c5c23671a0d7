"""Openings: the times a client can book (`docs/domain.md` 4).

Hours of every week and of single dates - time off - standing sessions.

Hours are readings of the therapist's clock, and so is the timetable made from them: from the start
of each span, every `length + gap`, the same in every week. Where the clocks change, it loses the
starts that the clock skips, has those twice that the clock shows twice, and gains no other. All
else is measured in UTC, where differences are real time.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Hours:
    """A span of work in every week, in local time; a day may have several. Monday is 0.

    `ends` at 00:00 is midnight at the day's end; any other end not after the start: ValueError.
    """

    weekday: int
    starts: time
    ends: time

    def __post_init__(self) -> None:
        if self.ends <= self.starts and self.ends != time.min:
            raise ValueError("Hours end after they start, on the same day.")


@dataclass(frozen=True)
class OpenedHours:
    """Hours of one date besides those of every week, in local time; `ends` as in `Hours`."""

    day: date
    starts: time
    ends: time


@dataclass(frozen=True)
class Interval:
    """From an aware instant up to, not including, a later one (else ValueError); kept in UTC."""

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


Intervals = Sequence[Interval]


@dataclass(frozen=True)
class Rules:
    """When a therapist, whose time zone has the IANA name `zone`, can be booked.

    A session lasts `length`, with `gap` free before the next: twelve hours together at most. It is
    booked at least `notice` and at most `horizon` ahead. A duration that breaks this or is below
    zero is a ValueError. The defaults are those of `docs/domain.md` 4.
    """

    zone: str
    hours: tuple[Hours, ...]
    opened: tuple[OpenedHours, ...] = ()
    length: timedelta = timedelta(minutes=50)
    gap: timedelta = timedelta(minutes=10)
    notice: timedelta = timedelta(hours=24)
    horizon: timedelta = timedelta(weeks=8)

    def __post_init__(self) -> None:
        none, least = timedelta(0), min(self.gap, self.notice, self.horizon)
        if least < none or not none < self.length <= timedelta(hours=12) - self.gap:
            raise ValueError("These durations are out of range.")

    def hours_on(self, day: date) -> tuple[list[Hours], list[OpenedHours]]:
        """Return the hours of every week on a date, and those of this date alone."""
        weekly = [hours for hours in self.hours if hours.weekday == day.weekday()]
        return weekly, [hours for hours in self.opened if hours.day == day]

    def slot(self, start: datetime) -> Interval:
        """Return the session that starts then: `length` of real time, whatever the clock does."""
        return Interval(start, _utc(start) + self.length)


def openings(
    rules: Rules, time_off: Intervals, standing: Intervals, now: datetime, first: date, last: date
) -> Iterator[datetime]:
    """Return the starts, in UTC and in order, that can be booked on the days `first` to `last`.

    The days are the therapist's, both included; those out of reach of `now` cost nothing, nor do
    those that nobody gets to: each is worked out when its turn comes. A slot keeps clear of time
    off, and `gap` away from every standing session. Raises ValueError if `now` has no time zone,
    and ZoneInfoNotFoundError if there is no zone as in `rules`.
    """
    zone = ZoneInfo(rules.zone)
    earliest, latest = _utc(now) + rules.notice, _utc(now) + rules.horizon
    first = max(first, earliest.astimezone(zone).date())
    last = min(last, latest.astimezone(zone).date())
    begun, over = _merged(
        [(off.starts, off.ends) for off in time_off]
        + [(session.starts - rules.gap, session.ends + rules.gap) for session in standing]
    )
    days = map(date.fromordinal, range(first.toordinal() - 1, last.toordinal() + 1))
    free = (
        [
            start
            for start in day
            if earliest <= start <= latest
            and all(abs(start - other) >= rules.length + rules.gap for other in eve)
            and not _is_taken(start, start + rules.length, begun, over)
        ]
        for eve, day in pairwise(_timetable(rules, zone, day) for day in days)
    )
    return _in_order(free, first)


def _in_order(days: Iterable[list[datetime]], first: date) -> Iterator[datetime]:
    """Yield the starts of days that follow each other, each as soon as no earlier one can come.

    Where a clock goes back over midnight, a day may begin before the day before it has ended.
    """
    waiting: list[datetime] = []
    day = datetime.combine(first, time.min, UTC)
    for starts in days:
        waiting = sorted([*waiting, *starts])
        # The days to come begin later: no clock is a whole day ahead of UTC.
        while waiting and waiting[0] < day:
            yield waiting.pop(0)
        day += timedelta(days=1)
    yield from waiting


def _merged(times: list[tuple[datetime, datetime]]) -> tuple[list[datetime], list[datetime]]:
    """Return when the same time begins and is over, in order, in pieces of which no two touch."""
    begun: list[datetime] = []
    over: list[datetime] = []
    for starts, ends in sorted(times):
        if over and starts <= over[-1]:
            over[-1] = max(over[-1], ends)
        else:
            begun.append(starts)
            over.append(ends)
    return begun, over


def _is_taken(
    starts: datetime, ends: datetime, begun: list[datetime], over: list[datetime]
) -> bool:
    """Whether a slot overlaps one of the pieces that `_merged` has put in order."""
    next_one = bisect_right(over, starts)
    return next_one < len(over) and begun[next_one] < ends


def is_open(
    rules: Rules, time_off: Intervals, standing: Intervals, now: datetime, start: datetime
) -> bool:
    """Whether this very instant is one of the openings. Raises what `openings` raises."""
    day = _utc(start).astimezone(ZoneInfo(rules.zone)).date()
    return _utc(start) in openings(rules, time_off, standing, now, day, day)


def _timetable(rules: Rules, zone: ZoneInfo, day: date) -> list[datetime]:
    """Return the starts of a day, whoever has booked; of two too close, the earlier.

    What is opened takes no start away from the hours of every week.
    """
    step = rules.length + rules.gap
    weekly, opened = rules.hours_on(day)
    kept: list[datetime] = []
    for start in sorted(_starts(rules, zone, day, weekly)):
        if not kept or start - kept[-1] >= step:
            kept.append(start)
    for start in sorted(_starts(rules, zone, day, opened)):
        if all(abs(start - other) >= step for other in kept):
            kept.append(start)
    return sorted(kept)


def _starts(
    rules: Rules, zone: ZoneInfo, day: date, spans: Iterable[Hours | OpenedHours]
) -> set[datetime]:
    starts: set[datetime] = set()
    for hours in spans:
        reading, ends = datetime.combine(day, hours.starts), datetime.combine(day, hours.ends)
        ends += timedelta(days=hours.ends == time.min)
        while reading + rules.length <= ends:
            # Hours whose end the clock skips are over by then: what counts is its last reading.
            starts |= {
                start
                for start in instants(reading, zone)
                if _reading(start + rules.length - timedelta.resolution, zone) < ends
            }
            reading += rules.length + rules.gap
    return starts


def instants(reading: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return when the clock reads so, in UTC and in order.

    Once; twice where it goes back over it; never where it skips it.
    """
    first, second = (reading.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:  # the clock neither goes back over it nor skips it
        return [first]
    return sorted(it for it in (first, second) if _reading(it, zone) == reading)


def _reading(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return what the local clock reads at an instant."""
    return instant.astimezone(zone).replace(tzinfo=None)


def _utc(instant: datetime) -> datetime:
    """Return an aware instant in UTC; a naive one is a ValueError."""
    if instant.tzinfo is UTC:  # as the database gives it
        return instant
    if instant.utcoffset() is None:
        raise ValueError("An instant has a time zone.")
    return instant.astimezone(UTC)
