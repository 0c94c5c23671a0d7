"""When work ended, where that was a guess or was written down wrongly."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from practice.text.fields import DayField
from practice.text.spoken import day
from relationships.models import Relationship


class EndDateForm(forms.Form):
    """The day and the time of an ending, on the reader's clock."""

    use_required_attribute = False
    day = DayField(
        label="Last day",
    )
    time = forms.TimeField(
        widget=forms.TimeInput({"type": "time", "class": "w-medium"}, format="%H:%M"),
        error_messages={"required": "Enter the time", "invalid": "Enter a time"},
    )

    def __init__(self, *args: Any, relationship: Relationship, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.relationship = relationship

    def clean(self) -> dict:
        """Look whether the work was going on then."""
        super().clean()
        cleaned_data = self.cleaned_data
        if not {"day", "time"} <= cleaned_data.keys():
            return cleaned_data
        try:
            at = timezone.make_aware(datetime.combine(cleaned_data["day"], cleaned_data["time"]))
        except (ValueError, OverflowError):
            raise ValidationError("Enter a date and a time that there are") from None
        if at > timezone.now():
            self.add_error("day", "Enter a moment that is over")
        elif at < (begun := self.relationship.last_start):
            self.add_error("day", f"The work began on {day(begun)}: enter no earlier moment")
        return cleaned_data | {"at": at}
