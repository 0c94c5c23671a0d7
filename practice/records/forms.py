"""What somebody says before a client is erased."""

from django import forms


class EraseForm(forms.Form):
    """That it is meant, and whether private notes of shared work go, too."""

    use_required_attribute = False
    blank_notes = forms.BooleanField(
        label="Blank my private notes of these relationships, too", required=False
    )
    sure = forms.BooleanField(
        label="I understand that this cannot be undone",
        error_messages={"required": "Tick the box if you are sure: this cannot be undone"},
    )
