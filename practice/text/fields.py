"""Form fields for what people type, paste and choose; every form takes it through them."""

from typing import Any

from django import forms

from practice.text import time_zones
from practice.text.person_names import no_control_characters, no_control_characters_but_lines
from practice.text.phone_numbers import dialled
from practice.text.places import LENGTH, validate_place
from practice.text.plain_text import one_line, several_lines


class DayField(forms.DateField):
    """A day, which browsers let people pick."""

    widget = forms.DateInput({"type": "date", "class": "w-medium"}, format="%Y-%m-%d")
    default_error_messages = {"required": "Enter the date", "invalid": "Enter a date"}


class LineField(forms.CharField):
    """One line of text, without the invisible marks that pasting brings."""

    default_validators = [no_control_characters]

    def to_python(self, value: object) -> str | None:
        return super().to_python(None if value is None else one_line(str(value)))


class LinesField(forms.CharField):
    """Text of several lines; a line break counts as one character, as it does in the browser."""

    default_validators = [no_control_characters_but_lines]
    widget = forms.Textarea

    def to_python(self, value: object) -> str | None:
        return super().to_python(None if value is None else several_lines(str(value)))


class EmailField(forms.EmailField):
    """An e-mail address, without the invisible marks that pasting brings."""

    def to_python(self, value: object) -> str | None:
        return super().to_python(None if value is None else one_line(str(value)))


class PhoneField(LineField):
    """A phone number that can be dialled, as it was written."""

    widget = forms.TextInput({"type": "tel"})

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and not dialled(value):
            raise forms.ValidationError("Enter a phone number like 020 7946 0018")


class PlaceField(LineField):
    """Where a session takes place: a place in one line, or the https link of an online meeting."""

    default_validators = [*LineField.default_validators, validate_place]

    def __init__(self, **kwargs: Any) -> None:
        label: dict[str, Any] = {"label": "Where (optional)"}
        super().__init__(**label | {"required": False, "max_length": LENGTH} | kwargs)


class TimeZoneField(forms.ChoiceField):
    """A time zone of the list; one that is known under another name is found on it, too."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=time_zones.choices, **{"label": "Time zone"} | kwargs)
        choose = "Choose a time zone from the list"
        self.error_messages |= {"required": choose, "invalid_choice": choose}

    def prepare_value(self, value: Any) -> Any:
        return _on_the_list(value)

    def to_python(self, value: object) -> str:
        return _on_the_list(str(super().to_python(value)))


def _on_the_list(zone: str) -> str:
    try:
        return time_zones.canonical(zone)
    except forms.ValidationError:
        return zone
