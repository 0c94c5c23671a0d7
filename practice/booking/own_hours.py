"""Hours of single dates and days off as their therapist sees them: with what for."""

from datetime import date, time
from itertools import starmap
from typing import NamedTuple

from django.db.models import F, QuerySet, TimeField, Value

from practice.accounts.models import Therapist
from practice.booking.dated_hours import DatedHours, OpenOrBlocked
from practice.booking.models import DATED_COLUMNS, TimeOff
from practice.database.compiled import DAY, CompiledQuery, Given


class Own(NamedTuple):
    """Hours of a date or days off, as `OpenOrBlocked`, with what for."""

    kind: str
    first_day: date
    last_day: date
    starts: time | None
    ends: time | None
    public_id: str  # empty for days off
    note: str

    @property
    def is_day_off(self) -> bool:
        return not self.public_id

    def opens(self, day: date) -> bool:
        return self.kind == DatedHours.Kind.OPEN and self.first_day == day

    @property
    def as_others_see_it(self) -> OpenOrBlocked:
        return OpenOrBlocked(**dict(zip(DATED_COLUMNS, self[: len(DATED_COLUMNS)], strict=True)))


def own_hours(therapist: Therapist, first: date, last: date) -> list[Own]:
    """Return those of some days, by one query."""
    return list(starmap(Own, DATED.rows(therapist=therapist.pk, first=first, last=last)))


def _dated(given: Given) -> QuerySet:
    """Ask for hours of dates and for days off, with what for."""
    own, first, last = given("therapist"), given("first", DAY), given("last", DAY)
    hours = DatedHours.objects.filter(therapist=own, day__gte=first, day__lte=last).order_by()
    off = TimeOff.objects.filter(therapist=own, first_day__lte=last, last_day__gte=first)
    no_hours = Value(None, output_field=TimeField())
    return hours.values_list(
        *("kind", "day", F("day"), "starts", "ends", "public_id", "note")
    ).union(
        off.order_by().values_list(
            *(Value(DatedHours.Kind.BLOCKED.value), "first_day", "last_day", no_hours, no_hours),
            *(Value(""), Value("")),
        ),
        all=True,
    )


DATED = CompiledQuery(_dated)
