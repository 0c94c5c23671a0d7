"""What somebody says before a client is erased, or two records of one person are merged."""

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from clients.models import Client
from practice.text.fields import LineField
from practice.text.spoken import day


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


class OtherRecordForm(forms.Form):
    """Under which name the other record of a person may be found."""

    use_required_attribute = False
    name = LineField(
        label="Name in the other record",
        max_length=120,
        error_messages={"required": "Enter the name in the other record"},
        widget=forms.TextInput({"autocomplete": "off"}),
    )


class WhichStaysForm(forms.Form):
    """Which of two records stands for the person. Where both may, neither is preselected."""

    use_required_attribute = False
    stays = forms.ChoiceField(
        label="Which record stays?",
        help_text="Its name and contact details are the ones in use. "
        "Those of the other stay readable on the client’s page.",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose which record stays",
            "invalid_choice": "Choose which record stays",
        },
    )

    def __init__(self, may_stay: Iterable[Client], *args: Any) -> None:
        super().__init__(*args)
        choices = [(record.public_id, self._describe(record)) for record in may_stay]
        field = cast(forms.ChoiceField, self.fields["stays"])
        field.choices = choices
        if len(choices) == 1:
            field.initial = choices[0][0]

    @staticmethod
    def _describe(record: Client) -> str:
        return ", ".join(filter(None, [record.name, record.email, f"added {day(record.added_at)}"]))
