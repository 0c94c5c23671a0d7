"""What people choose of the messages that they, and a therapist's clients, get."""

from collections.abc import Sequence
from typing import Any, Self

from django import forms
from django.http import QueryDict
from django.utils import timezone

from clients.models import Client, Reminders
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
        error_messages = {
            "reminders": {"required": "Choose a reminder"},
            "way": {"required": "Choose how you hear of it"},
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        way: Any = self.fields["way"]
        at_six = f"{MessageSettings.Way.DAILY.label} ({zone_here()})"
        way.choices = [
            (key, at_six if key == MessageSettings.Way.DAILY else label)
            for key, label in MessageSettings.Way.choices
        ]


class MyMessagesForm(EditMixin, forms.Form):
    """A client's choice, the same at all their therapists.

    Where reminders differ between them, the form says so and leaves them, unless one is chosen.
    """

    use_required_attribute = False
    DIFFER = ("differ", "Not the same for each of your therapists")

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
        reminders: Any = self.fields["reminders"]
        reminders.help_text = f"Never between 9pm and 8am ({zone_here()})"
        if self.initial.get("reminders") == self.DIFFER[0]:
            reminders.choices = [self.DIFFER, *reminders.choices]

    @classmethod
    def of(cls, records: Sequence[Client], sent: QueryDict | None = None) -> Self:
        """Return the form of somebody's records, at one therapist or several."""
        reminders = {record.reminders for record in records}
        names = any(record.calendar_names_therapist for record in records)
        shown = reminders.pop() if len(reminders) == 1 else cls.DIFFER[0]
        return cls(sent, initial={"reminders": shown, "calendar_names_therapist": names})

    @property
    def chosen(self) -> dict[str, Any]:
        """What was changed, by its column."""
        values = {name: self.cleaned_data[name] for name in self.changed_data}
        return {name: value for name, value in values.items() if value != self.DIFFER[0]}


def zone_here() -> str:
    """Return the reader's time zone in words."""
    return zone_name(timezone.get_current_timezone_name())
