"""What a therapist says to add a session, or several that repeat."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone

from practice.accounts.models import User
from practice.diary.forms import (
    EARLIER,
    FURTHEST_AHEAD,
    FURTHEST_PAST,
    LATER,
    PLACE_HELP,
    LengthForm,
)
from practice.diary.models import Session
from practice.diary.series import MOST, days_of
from practice.text.fields import DayField, PlaceField
from practice.text.spoken import soon, weekday
from relationships.models import Relationship

BOOKED_WITH = ("starts_at", "complimentary", "place", "key")


LENGTH_OF_INSTANT = 40  # characters
OTHER = "other"  # than a time that the page offers
BOTH = (
    "You have chosen {} above, too. Choose “Another day or time” to mean this one, "
    "or leave these empty"
)


class SlotField(forms.Field):
    """A free time that the page offers, as an instant; None for another day or time."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> datetime | None:
        text = str(value or "")
        if text in ("", OTHER):
            return None
        try:
            if len(text) > LENGTH_OF_INSTANT:
                raise ValueError
            start = datetime.fromisoformat(text)
            timezone.localtime(start)
        except (ValueError, OverflowError):
            raise forms.ValidationError("Choose a time") from None
        return start.astimezone(UTC)


class SessionForm(LengthForm):
    """A session to be booked, or to be recorded in retrospect.

    At a free time of the page (`slot`), or at a day and a time that are typed.
    """

    slot = SlotField(label="Free time", required=False)
    place = PlaceField(help_text=PLACE_HELP)
    complimentary = forms.BooleanField(label="Complimentary (no fee)", required=False)
    came = forms.ChoiceField(
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
    until = DayField(
        label="Or until",
        required=False,
    )
    key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    @property
    def repeats(self) -> bool:
        return bool(self.cleaned_data.get("every"))

    @property
    def chosen(self) -> datetime | None:
        """The free time that is chosen on the page, wherever it comes from."""
        try:
            return SlotField(required=False).to_python(self["slot"].value() or "")
        except forms.ValidationError:
            return None

    @property
    def is_other(self) -> bool:
        """Whether the page shows the fields for another day or time."""
        is_said = self["slot"].value() == OTHER or self["day"].value() or self["time"].value()
        return bool(is_said or self["came"].value() or self._has_error_of_other)

    @property
    def _has_error_of_other(self) -> bool:
        others = ("day", "time", "which", "came")
        return self.is_bound and any(name in self.errors for name in others)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("day", "time"):  # so that it is known whether they were typed
            self.fields[name].show_hidden_initial = True

    def _clean_slot(self, slot: datetime) -> None:
        """Take the free time that was chosen for day and time, unless others are typed, too."""
        local = timezone.localtime(slot)
        typed = [name for name in ("day", "time") if name in self.changed_data]
        for name in ("day", "time", "which"):
            self.errors.pop(name, None)
        if typed:
            self.add_error(typed[0], BOTH.format(soon(slot)))
        else:  # what a link had filled in
            self.data = {**dict(self.data.items()), "day": "", "time": ""}
        self.cleaned_data["day"], self.cleaned_data["time"] = local.date(), local.time()
        self.cleaned_data["which"] = LATER if local.fold else EARLIER

    def clean(self) -> dict:
        if slot := self.cleaned_data.get("slot"):
            self._clean_slot(slot)
        cleaned_data = super().clean()
        if self.repeats and cleaned_data.get("day") and not self.has_error("day"):
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
        if number is None and until is None:
            self.add_error("number", "Enter how many sessions, or until which date")
        elif number is not None and until is not None:
            self.add_error("number", "Enter how many sessions or until when, not both")
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
