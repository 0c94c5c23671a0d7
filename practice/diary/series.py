"""Sessions that repeat: when each would be, and what stands in its way; nothing is booked here.

They keep the time of day of the therapist's clock, also where that goes forward or back.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import reduce
from operator import or_
from typing import Self
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.dated_hours import DatedHours
from practice.booking.models import TimeOff
from practice.booking.openings import instants
from practice.diary.models import Session
from practice.text.spoken import clock, weekday
from practice.text.spoken import reading as spoken

MOST = 52  # sessions of a series: a year of weeks
A_DAY = timedelta(days=1)
NIGHT_ENDS, NIGHT_BEGINS = time(6), time(22)


Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class PlannedDate:
    """One date of a series. `starts_at` is None where the clock does not show that time then.

    `obstacle` says in words what stands in its way; `can_be_kept` that the therapist may book it
    all the same. `clock_change` says that the clocks change since the date before it. `moving` is
    the session that would be moved there, if there is one already.
    """

    day: date
    starts_at: datetime | None
    length: timedelta
    obstacle: str = ""
    can_be_kept: bool = False
    clock_change: str = ""
    moving: Session | None = None

    @property
    def key(self) -> str:
        """What its fields are called by."""
        return self.moving.public_id if self.moving else self.day.isoformat()


@dataclass(frozen=True)
class Plan:
    """The dates of a series in order, as they are at present."""

    dates: list[PlannedDate]

    @classmethod
    def of(
        cls, therapist: Therapist, days: list[date], at: time, length: timedelta, *, later: bool
    ) -> Self:
        """Look at dates to be booked; of a time that a day has twice the first, or the `later`."""
        readings = [datetime.combine(day, at) for day in days]
        return cls(_looked_at(therapist, [(one, length, None) for one in readings], later=later))

    @classmethod
    def of_moves(
        cls, therapist: Therapist, moving: list[Session], to: datetime, *, later: bool
    ) -> Self:
        """Look at sessions to be moved by as much of the clock as the first, which it shows `to`.

        They give up the times that they have.
        """
        shift = to - reading_of(moving[0])
        moves = [(reading_of(one) + shift, one.length, one) for one in moving]
        return cls(_looked_at(therapist, moves, later=later))

    @property
    def obstructed(self) -> list[PlannedDate]:
        return [one for one in self.dates if one.obstacle]

    @property
    def moving(self) -> list[Session]:
        return [one.moving for one in self.dates if one.moving]

    @property
    def shown(self) -> str:
        """What a page says of it, as a digest."""
        said = [
            (str(one.starts_at), one.day.isoformat(), one.obstacle, one.length, _as_it_is(one))
            for one in self.dates
        ]
        return hashlib.sha256(repr(said).encode()).hexdigest()


def _as_it_is(planned: PlannedDate) -> str:
    moving = planned.moving
    return f"{moving.public_id} {moving.starts_at} {moving.shown}" if moving else ""


def reading_of(session: Session) -> datetime:
    """Return what the reader's clock shows when a session starts."""
    return timezone.localtime(session.starts_at).replace(tzinfo=None)


def _looked_at(
    therapist: Therapist,
    asked: Sequence[tuple[datetime, timedelta, Session | None]],
    *,
    later: bool,
) -> list[PlannedDate]:
    """Return what is planned for readings of the clock, with what stands in the way of each."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    found = [instants(reading, zone) for reading, _, _ in asked]
    starts = [times[-1 if later else 0] if times else None for times in found]
    spans = [(s, s + length) for s, (_, length, _) in zip(starts, asked, strict=True) if s]
    moving = {one.pk for _, _, one in asked if one}
    taken = [one for one in sessions_at(therapist, spans) if one.pk not in moving]
    days = [reading.date() for reading, _, _ in asked]
    off = list(therapist.time_off.filter(first_day__lte=max(days), last_day__gte=min(days)))
    blocked = list(therapist.dated_hours.filter(kind="blocked", day__in=days))
    dates = []
    for before, start, (reading, length, one) in zip([None, *days], starts, asked, strict=False):
        day, at = reading.date(), reading.time()
        clash = next((s for s in taken if start and _overlap(s, start, length)), None)
        away = "" if clash else _away(day, at, length, off, blocked)
        obstacle = away if start else f"The clocks go forward: there is no {spoken(at)}."
        if clash:
            obstacle = f"{clash.relationship.with_whom}: booked at {clock(clash.starts_at)}."
        change = clock_change(before, day, at, zone) if before else ""
        can_be_kept = bool(start and away)
        dates.append(PlannedDate(day, start, length, obstacle, can_be_kept, change, one))
    return dates


def sessions_at(therapist: Therapist, spans: list[Span]) -> list[Session]:
    """Return the standing sessions that share time with any of these."""
    if not spans:
        return []
    near = therapist.sessions.standing().filter(
        starts_at__gt=min(spans)[0] - A_DAY,
        starts_at__lt=max(ends for _, ends in spans),
        passed_on=False,  # what another therapist held takes no time of this one's
    )
    sharing = (Q(starts_at__lt=ends, ends_at__gt=starts) for starts, ends in spans)
    return list(near.filter(reduce(or_, sharing)).with_people().order_by("starts_at"))


def days_of(first: date, weeks: int, *, number: int | None, until: date | None) -> list[date]:
    """Return the dates of a series of so many, or up to a date; one more than `MOST` at most."""
    every = range(number or MOST + 1)
    days = [first + n * timedelta(weeks=weeks) for n in every if n <= MOST]
    return [day for day in days if until is None or day <= until]


def clock_change(before: date, day: date, at: time, zone: ZoneInfo) -> str:
    """Say that the clocks change between two dates, and on which day; empty where they do not."""

    def offset(on: date) -> timedelta:
        return datetime.combine(on, time(12), zone).utcoffset() or timedelta(0)

    change = offset(day) - offset(before)
    if not change:
        return ""
    on = before + A_DAY
    while offset(on) == offset(before):
        on += A_DAY
    goes, place = "forward" if change > timedelta(0) else "back", zone.key.rsplit("/", 1)[-1]
    stays = f"It stays {spoken(at)} in {place.replace('_', ' ')}."
    return f"The clocks go {goes} on {weekday(on)}. {stays}"


def unusual(therapist: Therapist, start: datetime, length: timedelta) -> str:
    """Return "night" or "outside" where a time is at night or outside working hours, else "".

    Who has not said when they work is outside of nothing.
    """
    local = timezone.localtime(start, ZoneInfo(therapist.time_zone))
    if not NIGHT_ENDS <= local.time() < NIGHT_BEGINS:
        return "night"
    hours = list(therapist.weekly_hours.all())
    opened = therapist.dated_hours.filter(kind="open", day=local.date())
    spans = [(h.starts, h.ends) for h in hours if h.weekday == local.weekday()]
    spans += [(h.starts, h.ends) for h in opened]
    is_inside = any(_is_within(local.time(), length, *span) for span in spans)
    return "outside" if hours and not is_inside else ""


def _away(
    day: date,
    at: time,
    length: timedelta,
    off: Iterable[TimeOff],
    blocked: Iterable[DatedHours],
) -> str:
    """Say why the therapist is away then; empty where they are not."""
    if any(one.first_day <= day <= one.last_day for one in off):
        return "You have this day off."
    first, last = _minutes(at), _minutes(at) + length.total_seconds() / 60
    spans: Iterator[tuple[int, int]] = (
        (_minutes(one.starts), _minutes(one.ends) or 24 * 60) for one in blocked if one.day == day
    )
    return "You have blocked this time." if any(s < last and first < e for s, e in spans) else ""


def _is_within(at: time, length: timedelta, starts: time, ends: time) -> bool:
    last = _minutes(at) + length.total_seconds() / 60
    return starts <= at and last <= (_minutes(ends) or 24 * 60)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _overlap(session: Session, start: datetime, length: timedelta) -> bool:
    return session.starts_at < start + length and start < session.ends_at
