"""Free times of a therapist, as the person who looks at them sees them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking import openings
from practice.booking.models import opening_rules
from practice.booking.openings import Interval
from practice.database import current_account
from practice.text.spoken_times import monday

A_WEEK = timedelta(days=7)
LONGEST = timedelta(days=1)


def free_times(therapist: Therapist, now: datetime) -> list[datetime]:
    """Return every start that a client can book from now on, in UTC and in order."""
    rules, off, standing = _facts(therapist, now)
    today = timezone.localtime(now, ZoneInfo(rules.zone)).date()
    last = today + rules.horizon + timedelta(days=1)
    return openings.openings(rules, off, standing, now, today, last)


def is_free(therapist: Therapist, start: datetime, now: datetime) -> bool:
    """Whether a client can book this very start; agrees with `free_times`."""
    rules, off, standing = _facts(therapist, now)
    return openings.is_open(rules, off, standing, now, start)


def _facts(therapist: Therapist, now: datetime) -> tuple:
    rules = opening_rules(therapist)
    near = therapist.sessions.standing().filter(
        ends_at__gt=now - LONGEST, starts_at__lt=now + rules.horizon + LONGEST
    )
    with current_account.purpose("openings"):
        off = [time_off.interval(ZoneInfo(rules.zone)) for time_off in therapist.time_off.all()]
        standing = [Interval(*times) for times in near.values_list("starts_at", "ends_at")]
    return rules, off, standing


@dataclass(frozen=True)
class Day:
    """A day of the reader's calendar with what is on it, in order of time."""

    date: date
    lines: list


def by_day(moments: Iterable[tuple[datetime, object]]) -> dict[date, list]:
    """Return things by the reader's day on which their moment falls."""
    days: dict[date, list] = {}
    for moment, thing in moments:
        days.setdefault(timezone.localtime(moment).date(), []).append(thing)
    return days


def week_of(day: date) -> list[date]:
    """Return the seven days of a week, from Monday."""
    return [monday(day) + timedelta(days=i) for i in range(7)]
