"""A month of the diary: how many sessions each of its days has."""

from calendar import Calendar
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, CompiledQuery, Given
from practice.diary.models import Session


def midnight(day: date) -> datetime:
    """Return when a day begins, on the clock of whoever reads."""
    return timezone.make_aware(datetime.combine(day, time.min))


def _a_day(given: Given, zone: str) -> QuerySet:
    """Ask how many sessions stand on each day, by the clock of a zone."""
    own = Session.objects.filter(therapist=given("therapist")).standing().order_by()
    within = own.filter(starts_at__gte=given("first", MOMENT), starts_at__lt=given("after", MOMENT))
    days = within.annotate(day=TruncDate("starts_at", tzinfo=ZoneInfo(zone))).values_list("day")
    return days.annotate(number=Count("pk"))


A_DAY = CompiledQuery(_a_day)


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
        zone = timezone.get_current_timezone_name()
        counted = A_DAY.rows(
            form=(zone,), therapist=therapist.pk, first=midnight(weeks[0][0]), after=after
        )
        number = Counter(dict(counted))
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
