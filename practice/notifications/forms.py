"""What people choose of the messages that they, and a therapist's clients, get."""

from django import forms

from clients.models import Reminders
from practice.notifications.models import MessageSettings
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


class MyMessagesForm(EditMixin, forms.Form):
    """A client's choice, the same at all their therapists."""

    use_required_attribute = False

    reminders = forms.ChoiceField(
        label="Reminder",
        choices=Reminders.choices,
        required=False,
        help_text="Never between 9pm and 8am",
    )
    calendar_names_therapist = forms.BooleanField(
        label="Your calendar names your therapist",
        required=False,
        help_text="Without it an invitation puts “Appointment” into your calendar.",
    )
