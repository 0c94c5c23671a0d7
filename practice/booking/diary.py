"""What stands in a therapist's diary, day by day: sessions, free times, blocked hours.

Sessions that were cancelled stay, and say who cancelled them. What did not take place is not there.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from practice.accounts.models import Therapist
from practice.booking.dated_hours import DatedHours
from practice.booking.models import opening_rules, weekly_hours
from practice.booking.month import midnight
from practice.booking.openings import openings
from practice.booking.own_hours import Own, own_hours
from practice.database.compiled import MOMENT, CompiledQuery, Given
from practice.diary.lines import Appointment, appointments, lines_of
from practice.diary.models import NOT_SHOWN, Session

MOST = 1000  # rows: of sessions and whoever takes part in them
WEEKEND = 5  # the first weekday of it
USUAL_START = time(9)  # what is filled in to open a time on a day without hours


@dataclass
class Line:
    """A session, hours that are blocked, or else a free time."""

    starts_at: datetime
    ends_at: datetime
    now: datetime
    appointment: Appointment | None = None
    blocked: Own | None = None
    is_next: bool = False
    can_be_put_back: bool = False
    is_continued: bool = False  # it began on a day before, where it is counted and asked about

    @property
    def is_past(self) -> bool:
        return self.ends_at <= self.now

    @property
    def is_free(self) -> bool:
        return not self.appointment and not self.blocked

    @property
    def state(self) -> str:
        """That of a session; of whatever else nothing."""
        return self.appointment.line.state if self.appointment else ""

    @property
    def is_asked(self) -> bool:
        """Whether it is to be answered who came."""
        is_open = self.is_past and self.state == Session.State.BOOKED
        return is_open and not self.is_continued

    @property
    def is_cancelled(self) -> bool:
        return self.state == Session.State.CANCELLED

    @property
    def is_standing(self) -> bool:
        return bool(self.appointment) and not self.is_cancelled

    @property
    def can_be_restarted(self) -> bool:
        """Whether it is ahead although its relationship has ended, and that can be taken up."""
        if self.is_past or not self.appointment or self.is_cancelled:
            return False
        return self.appointment.line.ended_at is not None and not self.appointment.line.is_closed

    def by_day(self, days: Collection[date]) -> Iterator[tuple[date, "Line"]]:
        """Yield it on each of these days that it touches: it may last beyond midnight."""
        day = first = timezone.localtime(self.starts_at).date()
        if first in days:
            yield first, self
        if not self.appointment:
            return
        last = timezone.localtime(self.ends_at - timedelta.resolution).date()
        while day < last:
            day += timedelta(days=1)
            if day in days:
                is_next = self.is_next and first not in days
                yield day, replace(self, is_next=is_next, is_continued=True, can_be_put_back=False)


@dataclass
class Day:
    """A day of the diary, in order of time."""

    on: date
    today: date
    lines: list[Line] = field(default_factory=list)
    hours_end: list[time] = field(default_factory=list)  # weekly ones, and those of its date
    is_off: bool = False
    html: SafeString | str = ""  # its lines, by `diary_lines.py`

    @property
    def is_today(self) -> bool:
        return self.on == self.today

    @property
    def is_past(self) -> bool:
        return self.on < self.today

    @property
    def is_worked(self) -> bool:
        """Whether it has a place in the week: at the weekend only if there is a reason."""
        return self.on.weekday() < WEEKEND or bool(self.lines or self.hours_end)

    @property
    def number(self) -> int:
        """How many sessions stand."""
        return sum(line.is_standing and not line.is_continued for line in self.lines)

    @property
    def first_to_come(self) -> Line | None:
        """What the present moment stands before: the first that is not over."""
        return next((line for line in self.lines if not line.is_past), None)

    @property
    def outside_from(self) -> time | None:
        """From when on its hours are over, or a usual start if it has none.

        None where they last until midnight.
        """
        ends = self.hours_end or [USUAL_START]
        return None if time.min in ends else max(ends)


def days_of(therapist: Therapist, dates: Sequence[date], now: datetime) -> list[Day]:
    """Return days that follow each other, with what is on them.

    Raises OverflowError for the last day that there is.
    """
    first, after = midnight(dates[0]), midnight(dates[-1] + timedelta(days=1))
    today = timezone.localtime(now).date()
    # As far around as free times depend on it: longer than one of them.
    around = timedelta(days=1) if after > now else timedelta()
    sessions = _sessions(therapist, first, after, now)
    own = own_hours(therapist, dates[0] - around, dates[-1] + around)
    lines = [*sessions, *_blocked(therapist, own, dates, now)]
    if after > now:
        dated = [one.as_others_see_it for one in own]
        rules, closed, taken = opening_rules(therapist, now, dated=dated, within=(first, after))
        free = openings(rules, closed, taken, now, dates[0], dates[-1])
        lines += [Line(at, at + rules.length, now) for at in free]
        hours = rules.hours
    else:
        hours = weekly_hours(therapist)
    days = {day: Day(day, today) for day in dates}
    for line in sorted(lines, key=lambda line: line.starts_at):
        for on, part in line.by_day(days):
            days[on].lines.append(part)
    for day in days.values():
        day.hours_end = [span.ends for span in hours if span.weekday == day.on.weekday()]
        day.hours_end += [o.ends for o in own if o.opens(day.on) and o.ends is not None]
        day.is_off = any(o.is_day_off and o.first_day <= day.on <= o.last_day for o in own)
    return list(days.values())


def first_unanswered(therapist: Therapist, before: date, now: datetime) -> datetime | None:
    """Return when the first session before a day was of which nobody has said who came."""
    rows = UNANSWERED.rows(therapist=therapist.pk, first=midnight(before), now=now)
    return rows[0][0] if rows else None


def _unanswered(given: Given) -> QuerySet:
    own = Session.objects.filter(therapist=given("therapist")).booked()
    over = own.filter(starts_at__lt=given("first", MOMENT), ends_at__lte=given("now", MOMENT))
    return over.order_by("starts_at").values_list("starts_at")[:1]


def _between(given: Given) -> QuerySet:
    own = Session.objects.filter(therapist=given("therapist"))
    shown = own.ending_after(given("first", MOMENT)).filter(starts_at__lt=given("after", MOMENT))
    return lines_of(shown.exclude(state__in=NOT_SHOWN))


BETWEEN, UNANSWERED = CompiledQuery(_between), CompiledQuery(_unanswered)


def _sessions(therapist: Therapist, first: datetime, after: datetime, now: datetime) -> list[Line]:
    rows = BETWEEN.rows(therapist=therapist.pk, first=first, after=after, limits=(0, MOST))
    found = appointments(rows, now)
    lines = [Line(one.line.starts_at, one.line.ends_at, now, one) for one in found]
    to_come = [line for line in lines if line.is_standing and not line.is_past]
    if first <= now < after and to_come:
        to_come[0].is_next = True
    for line in lines:
        if line.is_cancelled and line.appointment:
            line.can_be_put_back = (
                line.starts_at > now
                and not line.appointment.line.is_closed
                and not any(
                    other.starts_at < line.ends_at and other.ends_at > line.starts_at
                    for other in to_come
                )
            )
    return lines


def _blocked(
    therapist: Therapist, own: Iterable[Own], dates: Sequence[date], now: datetime
) -> Iterable[Line]:
    zone = ZoneInfo(therapist.time_zone)
    for hours in own:
        is_shown = dates[0] <= hours.first_day <= dates[-1]
        if is_shown and hours.kind == DatedHours.Kind.BLOCKED and not hours.is_day_off:
            when = hours.as_others_see_it.interval(zone)
            yield Line(when.starts, when.ends, now, blocked=hours)
