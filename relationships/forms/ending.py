"""What the therapist says when work ends."""

from django import forms

from practice.text.fields import LinesField
from relationships.models.choices import REASON_CHOICES, EndReason
from relationships.models.history import NOTE_LENGTH

WHICH = "Select a reason for ending the relationship"


class EndForm(forms.Form):
    """Why, in the therapist's own and private words."""

    use_required_attribute = False
    reason = forms.ChoiceField(
        label="Reason for ending",
        help_text="Only you can see this",
        choices=REASON_CHOICES,
        error_messages={"required": WHICH, "invalid_choice": WHICH},
    )
    note = LinesField(
        label="Private note (optional)",
        help_text="Only you can see this",
        required=False,
        max_length=NOTE_LENGTH,
        widget=forms.Textarea({"rows": 4}),
        error_messages={
            "max_length": "The note must be %(limit_value)d characters or fewer. "
            "It has %(show_value)d"
        },
    )

    def clean_reason(self) -> EndReason:
        return EndReason(self.cleaned_data["reason"])


class ReasonForm(EndForm):
    """A correction of the ending that the page showed, and of no other."""

    ended_at = forms.DateTimeField(widget=forms.HiddenInput, input_formats=["iso8601"])
