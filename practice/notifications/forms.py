"""What people choose of the messages that they, and a therapist's clients, get."""

from typing import Any

from django import forms
from django.utils import timezone

from clients.models import Reminders
from practice.notifications.models import MessageSettings
from practice.text.spoken import zone_name
from practice.web.edits import EditMixin


class MessageSettingsForm(EditMixin, forms.ModelForm):
    """A therapist's choice."""

    use_required_attribute = False

    class Meta:
        model = MessageSettings
        fields = ["reminders", "way", "tells_booked", "tells_moved", "tells_cancelled"]
        labels = {"reminders": "Reminder", "way": "What a client does"}
        help_texts = {"reminders": "Unless they choose otherwise themselves. Never at night."}
        widgets = {"way": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        way: Any = self.fields["way"]
        at_six = f"{MessageSettings.Way.DAILY.label} ({zone_here()})"
        way.choices = [
            (key, at_six if key == MessageSettings.Way.DAILY else label)
            for key, label in MessageSettings.Way.choices
        ]


class MyMessagesForm(EditMixin, forms.Form):
    """A client's choice, the same at all their therapists."""

    use_required_attribute = False

    reminders = forms.ChoiceField(
        label="Reminder",
        choices=Reminders.choices,
        required=False,
    )
    calendar_names_therapist = forms.BooleanField(
        label="Your calendar names your therapist",
        required=False,
        help_text="Without it an invitation puts “Appointment” into your calendar.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reminders"].help_text = f"Never between 9pm and 8am ({zone_here()})"


def zone_here() -> str:
    """Return the reader's time zone in words."""
    return zone_name(timezone.get_current_timezone_name())
