"""What a therapist says to add a session, or several that repeat."""

from datetime import datetime, timedelta
from typing import Any, Self

from django import forms
from django.db import transaction
from django.http import QueryDict
from django.utils import timezone

from practice.accounts.models import Therapist, User
from practice.diary.forms import FURTHEST_AHEAD, FURTHEST_PAST, PLACE_HELP, TAKEN, TimeForm
from practice.diary.models import Session
from practice.diary.series import MOST, Plan, PlannedDate, days_of, sessions_at
from practice.text.fields import PlaceField
from practice.text.spoken import weekday
from relationships.models import Relationship

BOOKED_WITH = ("starts_at", "complimentary", "place", "key")


class SessionForm(TimeForm):
    """A session to be booked, or to be recorded in retrospect."""

    minutes = forms.IntegerField(
        label="Length in minutes",
        min_value=15,
        max_value=240,
        initial=50,
        widget=forms.NumberInput({"class": "w-short"}),
        error_messages={
            "required": "Enter the length in minutes",
            "invalid": "Enter the length in minutes",
            "min_value": "A session lasts 15 minutes or more",
            "max_value": "A session lasts 240 minutes or less",
        },
    )
    place = PlaceField(help_text=PLACE_HELP)
    complimentary = forms.BooleanField(label="Complimentary (no fee)", required=False)
    came = forms.ChoiceField(
        label="Did they come?",
        help_text="Only of a session that has taken place. Left open, you are asked later.",
        required=False,
        choices=[("yes", "Came"), ("no", "Missed")],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose Came or Missed"},
    )
    every = forms.TypedChoiceField(
        label="Repeat",
        coerce=int,
        empty_value=None,
        required=False,
        choices=[(0, "Only once"), (1, "Weekly"), (2, "Fortnightly"), (4, "Every four weeks")],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose how often it repeats"},
    )
    number = forms.IntegerField(
        label="How many sessions",
        required=False,
        min_value=2,
        max_value=MOST,
        widget=forms.NumberInput({"class": "w-short"}),
        error_messages={
            "invalid": "Enter how many sessions, as a number",
            "min_value": "A series has 2 sessions or more",
            "max_value": f"A series has {MOST} sessions or fewer",
        },
    )
    until = forms.DateField(
        label="Or until",
        required=False,
        widget=forms.DateInput({"type": "date", "class": "w-medium"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a date"},
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    @property
    def repeats(self) -> bool:
        return bool(self.cleaned_data.get("every"))

    def clean(self) -> dict:
        cleaned_data = super().clean()
        if self.repeats and cleaned_data.get("day"):
            self._clean_series(cleaned_data)
        starts_at, minutes = cleaned_data.get("starts_at"), cleaned_data.get("minutes", 0)
        is_over = starts_at and starts_at + timedelta(minutes=minutes) <= timezone.now()
        if cleaned_data.get("came") and starts_at and not is_over:
            self.add_error("came", "This session has not taken place yet: leave this open")
        return cleaned_data

    def _clean_series(self, cleaned_data: dict) -> None:
        """Work out the `days` of a series, or say why there are none."""
        first, number = cleaned_data["day"], cleaned_data.get("number")
        until = cleaned_data.get("until")
        if self.has_error("number") or self.has_error("until"):
            return
        if cleaned_data.get("came"):
            self.add_error("came", "Of sessions that repeat, say later who came: leave this open")
        if (number is None) == (until is None):
            self.add_error("number", "Enter how many sessions, or until which date")
        elif until and until < first:
            self.add_error("until", "The last date must not be before the first")
        elif abs(first - timezone.localdate()) > FURTHEST_PAST:
            return  # which the day says
        else:
            days = days_of(first, cleaned_data["every"], number=number, until=until)
            name = "until" if until else "number"
            if len(days) > MOST:
                self.add_error(name, f"A series has {MOST} sessions or fewer: end it earlier")
            elif days[-1] - timezone.localdate() > FURTHEST_AHEAD:
                said = f"The last session would be on {weekday(days[-1])}"
                self.add_error(name, f"{said}: choose dates within the next two years")
            cleaned_data["days"] = days

    @transaction.atomic
    def book(self, relationship: Relationship, by: User) -> Session:
        """Book the session, and note whether the client came if that was said.

        Raises what `Session.book` does.
        """
        added = Session.book(relationship, by=by, **self.booking)
        if self.cleaned_data["came"] and added.state == Session.State.BOOKED:
            added.set_attendance(attended=self.cleaned_data["came"] == "yes", by=by)
        return added

    @property
    def booking(self) -> dict:
        """What `Session.book` is asked for."""
        columns = {name: self.cleaned_data[name] for name in BOOKED_WITH}
        return columns | {"length": timedelta(minutes=self.cleaned_data["minutes"])}

    @property
    def of_each(self) -> dict:
        """What each session of a series has alike."""
        return {name: self.booking[name] for name in ("length", "complimentary", "place")}


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
