"""When work began, if that was earlier than is recorded."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from practice.text.fields import DayField
from practice.text.spoken import day
from relationships.models import Relationship

FURTHEST = timedelta(days=36525)  # a hundred years


class StartDateForm(forms.Form):
    """The day on which work began: earlier than the one that is recorded."""

    use_required_attribute = False
    day = DayField(
        label="First day",
        help_text="The first session must not be before it.",
    )

    def __init__(
        self, *args: Any, relationship: Relationship, first_session: datetime | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.relationship, self.first_session = relationship, first_session

    def clean_day(self) -> date:
        """Return the day, if it is earlier than the recorded one and no session is before it."""
        typed = self.cleaned_data["day"]
        recorded = timezone.localdate(self.relationship.started_at)
        if typed >= recorded:
            raise forms.ValidationError(f"Enter a day before {day(recorded)}")
        if typed < timezone.localdate() - FURTHEST:
            raise forms.ValidationError("Enter a day within the last hundred years")
        if self.first_session and typed > (first := timezone.localdate(self.first_session)):
            raise forms.ValidationError(
                f"The first session was on {day(first)}: enter no later day"
            )
        return typed

    @property
    def at(self) -> datetime:
        """The first instant of that day."""
        return timezone.make_aware(datetime.combine(self.cleaned_data["day"], time.min))
