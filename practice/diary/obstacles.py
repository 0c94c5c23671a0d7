"""What is to become of the dates of a series that cannot be as they were planned."""

from datetime import datetime
from typing import Any, Self

from django import forms
from django.http import QueryDict

from practice.accounts.models import Therapist
from practice.diary.forms import TAKEN, TimeForm
from practice.diary.series import Plan, PlannedDate, sessions_at


class ObstacleForm(TimeForm):
    """What is to become of a date of a series that cannot be booked as it is."""

    planned: PlannedDate
    do = forms.ChoiceField(
        label="For this date",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what to do", "invalid_choice": "Choose what to do"},
    )

    @classmethod
    def of(cls, planned: PlannedDate, data: QueryDict) -> Self:
        """Return the form of a date, with what was answered if it was."""
        prefix = planned.key
        start = {"do": "skip", "day": planned.day}
        form = cls(data if f"{prefix}-do" in data else None, prefix=prefix, initial=start)
        form.planned = planned
        keep, skip = "Book it all the same", "Leave this date out"
        if planned.moving:
            keep, skip = "Move it all the same", "Leave it where it is"
        choices = [("skip", skip), ("keep", keep), ("move", "Another time")]
        field: Any = form.fields["do"]
        field.choices = [one for one in choices if planned.can_be_kept or one[0] != "keep"]
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
    def starts_at(self) -> datetime | None:
        """When the session is: where the date is left out as before, or not at all (None)."""
        if self.cleaned_data["do"] == "keep":
            return self.planned.starts_at
        if self.is_moved:
            return self.cleaned_data["starts_at"]
        return self.planned.moving.starts_at if self.planned.moving else None


def answers_to(plan: Plan, data: QueryDict) -> list[ObstacleForm]:
    """Return a form for each date that cannot be as it was planned, with what was answered."""
    return [ObstacleForm.of(planned, data) for planned in plan.obstructed]


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
        others = sessions_at(therapist, [span]) if answer.is_moved else []
        is_taken = any(other not in plan.moving for other in others)
        if is_taken or any(s < span[1] and span[0] < s + one.length for one, s in found):
            answer.add_error("time" if answer.is_moved else "do", TAKEN)
        else:
            found.append((planned, start))
    if not all(answer.is_valid() for answer in answers):
        what = "moved" if plan.moving else "booked"
        form.add_error(None, f"Look at the dates that cannot be {what} as they are")
    return sorted(found, key=lambda one: one[1])
