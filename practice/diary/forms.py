"""When a session is: a reading of the therapist's clock, made into an instant."""

from datetime import datetime, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone

from practice.accounts.models import User
from practice.booking.openings import instants
from practice.diary.models import Session
from practice.diary.models.queryset import LONGEST
from practice.text.fields import DayField, PlaceField
from practice.text.spoken import clock, day, weekday
from practice.web.edits import EditMixin

EARLIER, LATER = "earlier", "later"
TAKEN = "You have another session at that time"
PLACE_HELP = "A place, or an https link for an online session. The client sees it."
FURTHEST_PAST, FURTHEST_AHEAD = timedelta(days=3653), timedelta(days=731)


def _zone() -> ZoneInfo:
    return ZoneInfo(timezone.get_current_timezone_name())


class TimeForm(forms.Form):
    """A day and a time of day; `cleaned_data["starts_at"]` is the instant."""

    use_required_attribute = False
    day = DayField(
        label="Date",
    )
    time = forms.TimeField(
        label="Starts at",
        widget=forms.TimeInput({"type": "time", "class": "w-short"}, format="%H:%M"),
        error_messages={"required": "Enter the time", "invalid": "Enter a time like 14:30"},
    )
    which = forms.ChoiceField(
        label="Which of the two?",
        required=False,
        choices=[(EARLIER, "The earlier, before the clocks go back"), (LATER, "The later")],
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose the earlier or the later"},
    )

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        if cleaned_data.get("day") and cleaned_data.get("time") is not None:
            cleaned_data["starts_at"] = self._instant(cleaned_data)
        return cleaned_data

    @property
    def is_twice(self) -> bool:
        """Whether the page has to ask which of two times is meant."""
        return "which" in self.errors or bool(self["which"].value())

    def _instant(self, cleaned_data: dict) -> datetime | None:
        reading = datetime.combine(cleaned_data["day"], cleaned_data["time"])
        try:
            found = instants(reading, _zone())
        except OverflowError:
            found = []
        if not found:
            self.add_error("time", "That time does not exist on that day: the clocks go forward")
            return None
        now = timezone.now()
        if not now - FURTHEST_PAST < found[0] < now + FURTHEST_AHEAD:
            self.add_error("day", "Enter a date within the last ten years or the next two")
            return None
        if len(found) == 1:
            return found[0]
        if not cleaned_data.get("which"):
            self.add_error("which", f"{clock(found[0])} comes twice on {day(found[0])}. Choose one")
        return found[cleaned_data.get("which") == LATER]


class LengthForm(TimeForm):
    """When a session is, and how long it lasts."""

    minutes = forms.IntegerField(
        label="Length in minutes",
        min_value=15,
        max_value=LONGEST // timedelta(minutes=1),
        initial=50,
        widget=forms.NumberInput({"class": "w-short"}),
        error_messages={
            "required": "Enter the length in minutes",
            "invalid": "Enter the length in minutes",
            "min_value": "A session lasts 15 minutes or more",
            "max_value": "A session lasts 1,440 minutes (24 hours) or less",
        },
    )

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.cleaned_data["minutes"])


class CorrectForm(LengthForm):
    """When a session that has begun really was."""

    @classmethod
    def of(cls, session: Session, data: QueryDict | None) -> Self:
        """Return the form of a session, filled in with what is recorded."""
        local = timezone.localtime(session.starts_at)
        present: dict[str, object] = {"day": local.date(), "time": local.time()}
        if len(instants(local.replace(tzinfo=None), _zone())) > 1:
            present["which"] = LATER if local.fold else EARLIER
        minutes = session.length // timedelta(minutes=1)
        return cls(data, initial=present | {"minutes": minutes})

    def clean(self) -> dict:
        cleaned_data = super().clean()
        starts_at = cleaned_data.get("starts_at")
        if starts_at and starts_at > timezone.now():
            self.add_error("day", "Enter when it was: this is still to come")
        return cleaned_data


class WhoAskedForm(forms.Form):
    """For whose sake a session is moved or cancelled."""

    use_required_attribute = False
    asked = forms.ChoiceField(
        label="Who asked for this?",
        help_text="What you do without being asked counts against Smooth Schedule for 60 days; "
        "what the client asks for does not. You can correct this later.",
        choices=[("client", "The client"), ("therapist", "Me")],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose who asked for this",
            "invalid_choice": "Choose who asked for this",
        },
    )

    @property
    def for_client(self) -> bool:
        return self.cleaned_data["asked"] == "client"


class MoveForm(TimeForm, WhoAskedForm):
    """Another time for a session, and for whose sake."""

    @property
    def move(self) -> dict:
        """What `Session.move` is asked for."""
        return {"starts_at": self.cleaned_data["starts_at"], "for_client": self.for_client}

    def is_done_to(self, session: Session, by: User) -> bool:
        """Whether the session has been moved just so by the same person: by a double click."""
        columns = (session.starts_at, session.moved_for_client, session.moved_by_id)
        return columns == (*self.move.values(), by.pk)


class SeriesForm(forms.Form):
    """Whether those after a session in its series are meant, too; asked where there are any."""

    use_required_attribute = False
    sessions = forms.ChoiceField(
        label="Which sessions?",
        initial="this",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose which sessions",
            "invalid_choice": "Choose which sessions",
        },
    )

    @classmethod
    def of(cls, later: list[Session], *args: Any, **kwargs: Any) -> Self:
        """Return the form for a session with these after it; without any nothing is asked."""
        form = cls(*args, **kwargs)
        field: Any = form.fields["sessions"]
        if later:
            after = f"This one and the {len(later)} after it, to {weekday(later[-1].starts_at)}"
            field.choices = [("this", "Only this one"), ("later", after)]
        else:
            del form.fields["sessions"]
        return form

    @property
    def with_later(self) -> bool:
        return self.cleaned_data.get("sessions") == "later"


class SeriesMoveForm(SeriesForm, MoveForm):
    """Another time for a session, or for it and those after it in its series."""

    field_order = ["sessions", "day", "time", "which", "asked"]


class SeriesCancelForm(SeriesForm, WhoAskedForm):
    """Whether those after it in a series are cancelled, too, and for whose sake."""

    field_order = ["asked", "sessions"]


class PlaceForm(EditMixin, forms.Form):
    """Where a session, or those of a relationship, takes place."""

    use_required_attribute = False
    place = PlaceField(help_text=PLACE_HELP)


class SeriesPlaceForm(SeriesForm, PlaceForm):
    """Where a session takes place, or it and those after it in its series."""

    field_order = ["place", "sessions"]
