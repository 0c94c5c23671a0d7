"""What is to become of the dates of a series that cannot be as they were planned."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.models import LONGEST_BOOKED, opening_rules, rules_of
from practice.booking.openings import Interval, openings
from practice.diary.forms import TAKEN, TimeForm
from practice.diary.series import Plan, PlannedDate, sessions_at
from practice.text.spoken import soon, time_of_day

AT = "at "  # before the instant of a free time that is chosen
AROUND = timedelta(days=3)


class ObstacleForm(TimeForm):
    """What is to become of a date of a series that cannot be booked as it is.

    It offers free times that are near, of which one is answered as "at", its instant.
    """

    planned: PlannedDate
    do = forms.ChoiceField(
        label="For this date",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what to do", "invalid_choice": "Choose what to do"},
    )

    @classmethod
    def of(cls, planned: PlannedDate, near: list[datetime], data: QueryDict) -> Self:
        """Return the form of a date, with what was answered if it was."""
        prefix = planned.key
        start = {"do": "skip", "day": planned.day}
        form = cls(data if f"{prefix}-do" in data else None, prefix=prefix, initial=start)
        form.planned = planned
        keep, skip = "Book it all the same", "Leave this date out"
        if planned.moving:
            keep, skip = "Move it all the same", "Leave it where it is"
        choices = [("skip", skip), *([("keep", keep)] if planned.can_be_kept else [])]
        answered = _instant(data.get(f"{prefix}-do", ""))
        if answered and answered not in near:  # it was free when the page was made
            near = [*near, answered]
        choices += [(f"{AT}{start.isoformat()}", _move_to(start, planned.day)) for start in near]
        field: Any = form.fields["do"]
        field.choices = [*choices, ("move", "Another time")]
        return form

    def clean(self) -> dict:
        if self.is_moved:
            return super().clean()
        for name in ("day", "time", "which"):
            self.errors.pop(name, None)
        return self.cleaned_data

    @property
    def is_moved(self) -> bool:
        return self.cleaned_data.get("do") == "move"

    @property
    def suggested(self) -> datetime | None:
        """The free time that was chosen, if one was."""
        return _instant(self.cleaned_data.get("do", ""))

    @property
    def starts_at(self) -> datetime | None:
        """When the session is: where the date is left out as before, or not at all (None)."""
        if self.cleaned_data["do"] == "keep":
            return self.planned.starts_at
        if self.is_moved:
            return self.cleaned_data["starts_at"]
        if self.suggested:
            return self.suggested
        return self.planned.moving.starts_at if self.planned.moving else None


def _instant(answer: str) -> datetime | None:
    """Return the free time that an answer names; None where it names none."""
    try:
        start = datetime.fromisoformat(answer.removeprefix(AT)) if answer.startswith(AT) else None
        return start.astimezone(UTC) if start and timezone.localtime(start) else None
    except (ValueError, OverflowError):
        return None


def _move_to(start: datetime, day: date) -> str:
    if timezone.localdate(start) == day:
        return f"Move to {time_of_day(start)}, the same day"
    return f"Move to {soon(start)}"


def answers_to(therapist: Therapist, plan: Plan, data: QueryDict) -> list[ObstacleForm]:
    """Return a form for each date that cannot be as it was planned, with what was answered."""
    near = _near(therapist, plan)
    return [ObstacleForm.of(planned, near[planned.key], data) for planned in plan.obstructed]


def _near(therapist: Therapist, plan: Plan) -> dict[str, list[datetime]]:
    """Return a free time of the same day and one of the days around, the nearest, for each date.

    By one look at the whole stretch, however many dates there are.
    """
    obstructed = plan.obstructed
    if not obstructed:
        return {}
    days = [one.day for one in obstructed]
    first, last = max(min(days) - AROUND, timezone.localdate()), max(days) + AROUND
    now = max(timezone.now(), timezone.make_aware(datetime.combine(first, time.min)))
    rules = rules_of(therapist)
    rules.furthest_weeks = max((last - first).days // 7 + 2, 1)  # as far as the plan goes
    made, off, taken = opening_rules(therapist, now, rules)
    length = min(obstructed[0].length, LONGEST_BOOKED)
    made = replace(made, notice=timedelta(0), length=length)
    others = [Interval(s, s + one.length) for one in plan.dates if (s := one.starts_at)]
    of_day: defaultdict[date, list[datetime]] = defaultdict(list)
    for start in openings(made, off, taken, now, first, last):
        if not any(made.slot(start).overlaps(other) for other in others):
            of_day[timezone.localdate(start)].append(start)
    return {one.key: _nearest(one, of_day) for one in obstructed}


def _nearest(planned: PlannedDate, of_day: Mapping[date, list[datetime]]) -> list[datetime]:
    """Return a free time of the same day, and one of the days around: nearest by the clock."""
    noon = timezone.make_aware(datetime.combine(planned.day, time(12)))
    at = planned.starts_at or noon
    around = [planned.day + timedelta(days=n) for n in range(-AROUND.days, AROUND.days + 1) if n]
    groups = (of_day[planned.day], [start for day in around for start in of_day[day]])

    def away(start: datetime) -> tuple[timedelta, int]:
        days = timezone.localdate(start) - planned.day
        return abs(start - at - days), abs(days.days)

    return [min(group, key=away) for group in groups if group]


def settled(
    therapist: Therapist, plan: Plan, answers: list[ObstacleForm], form: TimeForm
) -> list[tuple[PlannedDate, datetime]]:
    """Return when each session is, by what was answered; say on the forms what cannot be."""
    found = [(one, one.starts_at) for one in plan.dates if one.starts_at and not one.obstacle]
    for answer in answers:
        planned, start = answer.planned, answer.starts_at if answer.is_valid() else None
        if start is None:
            continue
        span = (start, start + planned.length)
        others = sessions_at(therapist, [span]) if answer.is_moved or answer.suggested else []
        is_taken = any(other not in plan.moving for other in others)
        if is_taken or any(s < span[1] and span[0] < s + one.length for one, s in found):
            answer.add_error("time" if answer.is_moved else "do", TAKEN)
        else:
            found.append((planned, start))
    if not all(answer.is_valid() for answer in answers):
        what = "moved" if plan.moving else "booked"
        form.add_error(None, f"Look at the dates that cannot be {what} as they are")
    return sorted(found, key=lambda one: one[1])
