"""Form fields for what people type or paste; every form takes its text through them."""

from django import forms

from practice.text.person_names import no_control_characters, no_control_characters_but_lines
from practice.text.plain_text import one_line, several_lines


class LineField(forms.CharField):
    """One line of text, without the invisible marks that pasting brings."""

    default_validators = [no_control_characters]

    def to_python(self, value: object) -> str:
        return super().to_python(None if value is None else one_line(str(value)))


class LinesField(forms.CharField):
    """Text of several lines; a line break counts as one character, as it does in the browser."""

    default_validators = [no_control_characters_but_lines]
    widget = forms.Textarea

    def to_python(self, value: object) -> str:
        return super().to_python(None if value is None else several_lines(str(value)))


class EmailField(forms.EmailField):
    """An e-mail address, without the invisible marks that pasting brings."""

    def to_python(self, value: object) -> str:
        return super().to_python(None if value is None else one_line(str(value)))
