"""Forms of what exists already: of two who change it at once, nobody's change is lost unasked."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.template.defaultfilters import date, yesno
from django.utils.choices import flatten_choices

CHANGED_MEANWHILE = "changed_meanwhile"  # the code of the error that asks


class EditMixin(forms.BaseForm):
    """A form of something that exists, and may change elsewhere while the form's page is open.

    With each field the page carries, hidden, the value that it showed (`show_hidden_initial`).
    What was not changed on the page is taken as it is now, and is not in `changed_data`. What was
    changed elsewhere, too, and to something else, is an error that says so; the page that shows
    it, sent again, decides. A field that comes without what was shown is taken as it was sent.

    To be made and saved while what it changes is locked.
    """

    data: Any  # a copy of what was sent, which is changed

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            is_shown = not (field.widget.is_hidden or isinstance(field, forms.FileField))
            field.show_hidden_initial = is_shown

    def full_clean(self) -> None:
        asked: dict[str, str] = {}
        if self.is_bound:
            self.data = self.data.copy()
            for bound in self:
                if bound.field.show_hidden_initial and self._is_asked(bound):
                    asked[bound.name] = _words(bound)
        super().full_clean()
        for name, words in asked.items():
            self.add_error(name, ValidationError(words, CHANGED_MEANWHILE))

    def _is_asked(self, bound: BoundField) -> bool:
        """Take the field as it is now, but for what was changed on the page; say if both did."""
        field, shown = bound.field, self.data.get(bound.html_initial_name)
        text = field.hidden_widget().format_value(field.prepare_value(bound.initial)) or ""
        now = _value(field, text)
        was_changed_here = shown is None or bound._has_changed()  # type: ignore[attr-defined]
        was_changed_elsewhere = shown is not None and _value(field, shown) != now
        self.data[bound.html_initial_name] = text
        if not was_changed_here:
            self.data[bound.html_name] = text
        return was_changed_here and was_changed_elsewhere and field.has_changed(now, bound.data)

    @property
    def was_changed_meanwhile(self) -> bool:
        """Whether the form was refused, also, because it asks about a change made elsewhere."""
        return any(self.has_error(name, CHANGED_MEANWHILE) for name in self.fields)


def _value(field: forms.Field, text: str) -> object:
    try:
        return field.to_python(text)
    except ValidationError:
        return text


def _words(bound: BoundField) -> str:
    """Say what a field was changed to elsewhere."""
    return changed_to(bound.label.partition(" (")[0], _spoken(bound.field, bound.initial))


def changed_to(what: str, value: str) -> str:
    """Say what something was changed to elsewhere, and what a second press does."""
    changed = f"changed meanwhile to “{value}”" if value else "emptied meanwhile"
    return f"{what}: {changed}. Save again to keep what stands here"


def _spoken(field: Any, value: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return str(yesno(bool(value), "yes,no"))
    if isinstance(field, forms.ChoiceField):
        choices: Any = field.choices
        labels = dict(flatten_choices(choices))
        return str(labels.get(field.prepare_value(value), value or ""))
    if isinstance(field, forms.DateField):
        return date(value, "j F Y") if value else ""
    return "" if value is None else str(value).strip()
