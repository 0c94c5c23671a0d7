"""What the therapist says when work ends."""

from typing import Self

from django import forms
from django.http import QueryDict

from practice.text.fields import LinesField
from practice.web.edits import EditMixin
from relationships.models import Relationship
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


class ReasonForm(EditMixin, EndForm):
    """A correction of the ending that the page showed, and of no other."""

    ended_at = forms.DateTimeField(widget=forms.HiddenInput, input_formats=["iso8601"])

    @classmethod
    def of(cls, relationship: Relationship, data: QueryDict | None = None) -> Self:
        """Return the form with the present reason, and with what was sent, if anything was."""
        present = {
            "reason": relationship.end_reason,
            "note": relationship.end_note,
            "ended_at": relationship.ended_at.isoformat() if relationship.ended_at else "",
        }
        return cls(data, initial=present)
