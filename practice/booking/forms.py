"""The rows of the availability editor: times of a weekday, days off; and the rules."""

from datetime import time, timedelta
from itertools import combinations
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.template.defaultfilters import date
from django.utils import timezone

from practice.booking.models import BookingRules
from practice.booking.row_changes import Row, as_text, from_text, merged
from practice.text.fields import LineField
from practice.web.edits import EditMixin, changed_to

MOST_SPANS, MOST_DAYS_OFF = 8, 50  # of a weekday, and in all
FURTHEST_DAY_OFF = timedelta(days=3653)
_TIME, _DAY = {"type": "time", "step": "900"}, {"type": "date"}


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


class SpanForm(RowForm):
    """From when to when, on one weekday."""

    starts = forms.TimeField(
        label="From",
        widget=forms.TimeInput(_TIME, format="%H:%M"),
        error_messages={"required": "Enter a start", "invalid": "Enter a time like 09:00"},
    )
    ends = forms.TimeField(
        label="To",
        widget=forms.TimeInput(_TIME, format="%H:%M"),
        error_messages={"required": "Enter an end", "invalid": "Enter a time like 17:00"},
    )

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        starts, ends = cleaned_data.get("starts"), cleaned_data.get("ends")
        if starts is not None and ends is not None and time.min != ends <= starts:
            self.add_error("ends", f"{self.row}: the end must be after the start")
        return cleaned_data

    @property
    def span(self) -> tuple[time, time]:
        return self.cleaned_data["starts"], self.cleaned_data["ends"]


class DaysOffForm(RowForm):
    """Days on which nobody can book."""

    first_day = forms.DateField(
        label="From",
        widget=forms.DateInput(_DAY, format="%Y-%m-%d"),
        error_messages={"required": "Enter the first day off", "invalid": "Enter a date"},
    )
    last_day = forms.DateField(
        label="To",
        widget=forms.DateInput(_DAY, format="%Y-%m-%d"),
        error_messages={"required": "Enter the last day off", "invalid": "Enter a date"},
    )
    reason = LineField(
        label="Reason (optional, only you)",
        max_length=120,
        required=False,
    )

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        first, last = cleaned_data.get("first_day"), cleaned_data.get("last_day")
        for name, day in (("first_day", first), ("last_day", last)):
            if day and abs(day - timezone.localdate()) > FURTHEST_DAY_OFF:
                self.add_error(name, f"{self.row}: enter a date within ten years")
        if first and last and last < first:
            self.add_error("last_day", f"{self.row}: the last day must not be before the first")
        return cleaned_data


class Rows(BaseFormSet):
    """Rows of one kind; `names` has the name of each, `saved` the values of those there are.

    `shown` is what the page showed, as it carries it; what was sent is a change of that, and
    `result` what comes of it: the rows as they are to be (`practice.booking.row_changes`).
    """

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
        return tuple(str(values[name]) for name in self.form.base_fields)

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
        """The values of each row that was sent."""
        return {self.row_of(form.cleaned_data): form.cleaned_data for form in self.filled}

    @property
    def result_values(self) -> list[dict]:
        """The values of the rows of `result`, in order."""
        return [(self.now | self.sent)[row] for row in sorted(self.result or ())]

    @property
    def what(self) -> str:
        """What a sentence calls them."""
        return "Days off"

    def is_possible(self, rows: set[Row]) -> bool:
        """Whether these rows may stand beside each other."""
        return len(rows) <= self.max_num

    def spoken(self, values: dict) -> str:
        first, last = (date(values[name], "j F Y") for name in ("first_day", "last_day"))
        days = first if first == last else f"{first} to {last}"
        return f"{days} ({values['reason']})" if values["reason"] else days


class DayRows(Rows):
    """The spans of one weekday; no two overlap."""

    @property
    def day(self) -> str:
        return self.names[0].partition(",")[0]

    @property
    def what(self) -> str:
        return self.day

    def is_possible(self, rows: set[Row]) -> bool:
        values = [(self.now | self.sent)[row] for row in rows]
        pairs = combinations([(each["starts"], each["ends"]) for each in values], 2)
        return super().is_possible(rows) and not any(overlap(*pair) for pair in pairs)

    def spoken(self, values: dict) -> str:
        return f"{values['starts']:%H:%M} to {values['ends']:%H:%M}"

    @property
    def spans(self) -> list[SpanForm]:
        return [form for form in self.filled if isinstance(form, SpanForm)]

    def clean(self) -> None:
        seen: list[tuple[time, time]] = []
        for form in self.spans:
            if any(overlap(form.span, other) for other in seen):
                form.add_error("starts", f"{self.day}: the times overlap")
            else:
                seen.append(form.span)


def overlap(one: tuple[time, time], other: tuple[time, time]) -> bool:
    """Whether two times of one day share any; 00:00 ends at the day's end."""
    (a, b), (c, d) = ((s, e if e != time.min else time.max) for s, e in (one, other))
    return a < d and c < b


RANGES = {
    "session_minutes": ("A session lasts", 15, 240, "minutes"),
    "gap_minutes": ("The gap between sessions is", 0, 120, "minutes"),
    "notice_hours": ("The shortest notice is", 2, 72, "hours"),
    "furthest_weeks": ("The furthest ahead is", 1, 26, "weeks"),
    "most_booked": ("Booked at once, per client, are", 1, 20, "sessions"),
}


class RulesForm(EditMixin, forms.ModelForm):
    """How long, how close together, how soon and how far ahead."""

    use_required_attribute = False

    class Meta:
        model = BookingRules
        fields = list(RANGES)
        labels = {
            "session_minutes": "Session length, minutes",
            "gap_minutes": "Gap between, minutes",
            "notice_hours": "Shortest notice, hours",
            "furthest_weeks": "Furthest ahead, weeks",
            "most_booked": "Booked at once, per client",
        }
        widgets = dict.fromkeys(RANGES, forms.NumberInput({"class": "w-short"}))
        error_messages = {
            name: dict.fromkeys(
                ("required", "invalid", "min_value", "max_value"),
                f"{what} {least} to {most} {unit}",
            )
            for name, (what, least, most, unit) in RANGES.items()
        }


def _rows(form: type[RowForm], formset: type[Rows], most: int) -> Any:
    # One more than allowed is read, so that too many can be refused.
    return formset_factory(
        form, formset=formset, extra=0, max_num=most, absolute_max=most + 1, validate_max=True
    )


SpanRows = _rows(SpanForm, DayRows, MOST_SPANS)
DaysOffRows = _rows(DaysOffForm, Rows, MOST_DAYS_OFF)
