"""A therapist's own free times of a week, to choose one from."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Self

from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.models import opening_rules
from practice.booking.openings import openings
from practice.diary.forms import FURTHEST_AHEAD
from practice.text.spoken import week_of

WORKING_DAYS = 5
A_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class FreeTime:
    """One of them; `value` is what a form sends."""

    starts_at: datetime

    @property
    def value(self) -> str:
        return self.starts_at.astimezone(UTC).isoformat()


@dataclass(frozen=True)
class FreeWeek:
    """Free times by day: from Monday to Friday, and on the weekend where there are any.

    A therapist keeps no notice, and is not bound to how far ahead clients book.
    """

    week: list[date]
    days: list[tuple[date, list[FreeTime]]]

    @classmethod
    def of(cls, therapist: Therapist, asked: date | None) -> Self:
        """Return the week of a day, or without one the first with free times, else this one."""
        now, today = timezone.now(), timezone.localdate()
        week = week_of(asked) if asked and abs(asked - today) < FURTHEST_AHEAD else None
        if week:
            now = max(now, timezone.make_aware(datetime.combine(week[0], time.min)))
        made, off, taken = opening_rules(therapist, now)
        rules = replace(made, notice=timedelta(0))
        if not week:
            first = next(openings(rules, off, taken, now, today, today + made.horizon), None)
            week = week_of(timezone.localdate(first) if first else today)
        found = map(FreeTime, openings(rules, off, taken, now, week[0], week[-1]))
        of_day = {
            day: [*times]
            for day, times in groupby(found, key=lambda one: timezone.localdate(one.starts_at))
        }
        shown = [day for day in week if day.weekday() < WORKING_DAYS or day in of_day]
        return cls(week, [(day, of_day.get(day, [])) for day in shown])

    @property
    def values(self) -> list[str]:
        """What the form of a page with them may send."""
        return [time.value for _, times in self.days for time in times]

    @property
    def previous(self) -> date:
        return self.week[0] - A_WEEK

    @property
    def following(self) -> date:
        return self.week[0] + A_WEEK
