"""Rows of the availability editor, as changes of what its page showed."""

from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory

from practice.booking.row_changes import Row, as_text, from_text, merged
from practice.web.edits import changed_to


class RowForm(forms.Form):
    """A row that does not count while it is empty, and whose errors say which row it is."""

    def __init__(self, *args: Any, row: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"empty_permitted": True})
        self.row = row
        for field in self.fields.values():
            for code, words in field.error_messages.items():
                field.error_messages[code] = f"{row}: {words[:1].lower()}{words[1:]}"

    @property
    def is_filled(self) -> bool:
        return self.is_valid() and bool(self.cleaned_data)


class Rows(BaseFormSet):
    """Rows of one kind; `names` has the name of each, `saved` the values of what there is.

    `shown` is what the page showed, as it carries it; what was sent is a change of that, and
    `result` what comes of it, as it is to be saved (`practice.booking.row_changes`).
    """

    columns: tuple[str, ...]  # of what is saved
    what: str  # a sentence calls them so
    is_open = False  # whether all of their fields are seen on arrival

    def __init__(
        self, *args: Any, names: list[str], saved: list[dict], shown: str | None, **kwargs: Any
    ) -> None:
        self.names = names
        self.now = {self.row_of(values): values for values in saved}
        self.shown = as_text(self.now) if shown is None else shown
        self.result: set[Row] | None = None
        self.asks = ""  # in words, what was changed elsewhere, too
        super().__init__(*args, **kwargs)

    def row_of(self, values: dict) -> Row:
        return tuple(str(values[name]) for name in self.columns)

    @staticmethod
    def initial_of(saved: list[dict]) -> list[dict]:
        """Return the rows that show what is saved."""
        return saved

    def values_of(self, form: Any) -> list[dict]:
        """Return what a filled row saves."""
        return [form.cleaned_data]

    def get_form_kwargs(self, index: int | None) -> dict:
        row = self.names[index] if index is not None and index < len(self.names) else ""
        return super().get_form_kwargs(index) | {"row": row}

    def full_clean(self) -> None:
        """Refuse, in a sentence, a form that has lost count of its rows."""
        super().full_clean()
        if not self.is_bound:
            return
        total = self.management_form.cleaned_data.get("TOTAL_FORMS") or 0
        if not self.management_form.is_valid() or total < 0:
            words = "This page was not sent whole. Nothing was saved. Reload it and try again"
            self._non_form_errors = self.error_class([words])
        if not self._non_form_errors and not any(form.errors for form in self.forms):
            self._compare()

    def _compare(self) -> None:
        """Find out what comes of the changes, or ask."""
        shown, now = from_text(self.shown), {*self.now}
        self.result = merged(shown, {*self.sent}, now)
        if self.result is None or not self.is_possible(self.result):
            self.result = {*self.sent} | now - shown  # to be shown, and decided
            if not self.is_possible(self.result):
                self.result = {*self.sent}
            self.asks = changed_to(self.what, "; ".join(map(self.spoken, self.now.values())))
            self._non_form_errors = self.error_class([self.asks])

    @property
    def filled(self) -> list[RowForm]:
        return [form for form in self.forms if form.is_filled]

    @property
    def sent(self) -> dict[Row, dict]:
        """The values of everything that was sent."""
        return {
            self.row_of(values): values for form in self.filled for values in self.values_of(form)
        }

    def all_values(self, rows: set[Row] | None) -> list[dict]:
        """Return the values of some of them, in order."""
        return [(self.now | self.sent)[row] for row in sorted(rows or ())]

    def is_possible(self, rows: set[Row]) -> bool:
        """Whether these may stand beside each other."""
        return len(self.initial_of(self.all_values(rows))) <= self.max_num

    @property
    def has_errors(self) -> bool:
        return bool(self.non_form_errors()) or any(form.errors for form in self.forms)

    def spoken(self, values: dict) -> str:
        """Say what is saved, for a sentence about it."""
        raise NotImplementedError


def make_rows(form: type[RowForm], formset: type[Rows], most: int) -> Any:
    """Return the class of so many rows."""
    # One more than allowed is read, so that too many can be refused.
    return formset_factory(
        form, formset=formset, extra=0, max_num=most, absolute_max=most + 1, validate_max=True
    )
