"""What stands in a therapist's diary, day by day: sessions, free times, blocked hours; and counts.

Sessions that were cancelled stay, and say who cancelled them. What did not take place is not there.
"""

from calendar import Calendar
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import starmap
from zoneinfo import ZoneInfo

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.dated_hours import DatedHours
from practice.booking.models import HOURS, opening_rules
from practice.booking.openings import Hours, openings
from practice.diary.models import NOT_SHOWN, Session
from practice.text.places import link_of
from practice.text.spoken import clock, in_words, span

MOST = 1000  # sessions of a stretch of days
WEEKEND = 5  # the first weekday of it
USUAL_START = time(9)  # what is filled in to open a time on a day without hours


@dataclass
class Line:
    """A session, hours that are blocked, or else a free time."""

    starts_at: datetime
    ends_at: datetime
    now: datetime
    appointment: Session | None = None
    blocked: DatedHours | None = None
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
    def is_asked(self) -> bool:
        """Whether it is to be answered who came."""
        session = self.appointment
        is_open = session and self.is_past and session.state == Session.State.BOOKED
        return bool(is_open and not self.is_continued)

    @property
    def is_cancelled(self) -> bool:
        return bool(self.appointment and self.appointment.state == Session.State.CANCELLED)

    @property
    def is_standing(self) -> bool:
        return bool(self.appointment) and not self.is_cancelled

    @property
    def can_be_restarted(self) -> bool:
        """Whether it is ahead although its relationship has ended, and that can be taken up."""
        work = self.appointment and self.appointment.relationship
        is_ahead = self.is_standing and not self.is_past
        return bool(work and is_ahead and work.is_ended and not work.is_closed)

    @property
    def cancelled_by(self) -> str:
        """Who cancelled it: "you", or the client by their first name."""
        session = self.appointment
        if session is None or session.cancelled_by_id == session.therapist.user_id:
            return "you"
        by = session.cancelled_by_id
        people = [p.first_name for p in session.relationship.people if p.account_id == by]
        return in_words(people) or "the client"

    @property
    def where(self) -> str:
        """Where a session takes place: "Online", or the place."""
        place = self.appointment.place if self.appointment else ""
        return "Online" if link_of(place) else place

    def by_day(self, days: Collection[date]) -> Iterator[tuple[date, "Line"]]:
        """Yield it on each of these days that it touches: it may last beyond midnight."""
        day = first = timezone.localtime(self.starts_at).date()
        last = timezone.localtime(self.ends_at - timedelta.resolution).date()
        if first in days:
            yield first, self
        while self.appointment and day < last:
            day += timedelta(days=1)
            if day in days:
                is_next = self.is_next and first not in days
                yield day, replace(self, is_next=is_next, is_continued=True, can_be_put_back=False)

    @property
    def is_plain(self) -> bool:
        """Whether two readings of the clock say when it is: not where the clocks change."""
        said = f"{clock(self.starts_at)} to {clock(self.ends_at)}"
        return span(self.starts_at, self.ends_at) == said


@dataclass
class Day:
    """A day of the diary, in order of time."""

    on: date
    today: date
    lines: list[Line] = field(default_factory=list)
    hours_end: list[time] = field(default_factory=list)  # of each span of the weekly hours
    is_off: bool = False

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
        """From when on its weekly hours are over, or a usual start if it has none.

        None where they last until midnight.
        """
        ends = self.hours_end or [USUAL_START]
        return None if time.min in ends else max(ends)


def midnight(day: date) -> datetime:
    """Return when a day begins, on the clock of whoever reads."""
    return timezone.make_aware(datetime.combine(day, time.min))


def days_of(therapist: Therapist, dates: Sequence[date], now: datetime) -> list[Day]:
    """Return days that follow each other, with what is on them.

    Raises OverflowError for the last day that there is.
    """
    first, after = midnight(dates[0]), midnight(dates[-1] + timedelta(days=1))
    today = timezone.localtime(now).date()
    days = {day: Day(day, today) for day in dates}
    lines = [*_sessions(therapist, first, after, now), *_blocked(therapist, dates, now)]
    if after > now:
        rules, closed, taken = opening_rules(therapist, now)
        free = openings(rules, closed, taken, now, dates[0], dates[-1])
        lines += [Line(at, at + rules.length, now) for at in free]
        hours = rules.hours
    else:
        hours = tuple(starmap(Hours, HOURS.rows(therapist=therapist.pk)))
    for line in sorted(lines, key=lambda line: line.starts_at):
        for on, part in line.by_day(days):
            days[on].lines.append(part)
    for day in days.values():
        day.hours_end = [span.ends for span in hours if span.weekday == day.on.weekday()]
    off = therapist.time_off.filter(first_day__lte=dates[-1], last_day__gte=dates[0])
    for first_day, last_day in off.values_list("first_day", "last_day"):
        for day in days.values():
            day.is_off = day.is_off or first_day <= day.on <= last_day
    return list(days.values())


def _sessions(therapist: Therapist, first: datetime, after: datetime, now: datetime) -> list[Line]:
    shown = therapist.sessions.exclude(state__in=NOT_SHOWN)
    found = shown.ending_after(first).filter(starts_at__lt=after).order_by("starts_at", "pk")
    lines = [Line(s.starts_at, s.ends_at, now, s) for s in found.with_people()[:MOST]]
    to_come = [line for line in lines if line.is_standing and not line.is_past]
    if first <= now < after and to_come:
        to_come[0].is_next = True
    for line in lines:
        cancelled = line.appointment
        if cancelled and line.is_cancelled:
            line.can_be_put_back = cancelled.can_be_put_back_by(therapist.user) and not any(
                other.starts_at < line.ends_at and other.ends_at > line.starts_at
                for other in to_come
            )
    return lines


def _blocked(therapist: Therapist, dates: Sequence[date], now: datetime) -> Iterable[Line]:
    zone = ZoneInfo(therapist.time_zone)
    hours = therapist.dated_hours.filter(kind=DatedHours.Kind.BLOCKED)
    for blocked in hours.filter(day__gte=dates[0], day__lte=dates[-1]):
        when = blocked.interval(zone)
        yield Line(when.starts, when.ends, now, blocked=blocked)


@dataclass(frozen=True)
class Month:
    """A month as whole weeks of dates, each with how many sessions stand; one query."""

    first: date
    previous: date  # the first days of the months before and after
    following: date
    weeks: list[list[tuple[date, int]]]

    @classmethod
    def of(cls, therapist: Therapist, day: date) -> "Month":
        """Return the month of a day.

        Raises ValueError or OverflowError for the first and the last month that there are.
        """
        weeks = Calendar().monthdatescalendar(day.year, day.month)
        after = midnight(weeks[-1][-1] + timedelta(days=1))
        within = therapist.sessions.standing().filter(
            starts_at__gte=midnight(weeks[0][0]), starts_at__lt=after
        )
        counted = within.annotate(day=TruncDate("starts_at")).order_by().values_list("day")
        number = Counter(dict(counted.annotate(number=Count("pk"))))
        first = day.replace(day=1)
        previous, following = first - timedelta(days=1), first + timedelta(days=31)
        return cls(
            first,
            previous.replace(day=1),
            following.replace(day=1),
            [[(day, number[day]) for day in week] for week in weeks],
        )

    @property
    def number(self) -> int:
        """How many sessions stand in the month itself."""
        return sum(n for week in self.weeks for day, n in week if day.month == self.first.month)

    def week_with(self, day: date) -> list[tuple[date, int]]:
        """Return the week of one of its days."""
        return next(week for week in self.weeks if day in dict(week))
