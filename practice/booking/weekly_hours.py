"""The hours of one weekday: times, each with a break or without, as its page shows and takes them.

A time with a break is saved as two spans. Spans that follow each other after a break are shown as
one time.
"""

from collections.abc import Iterable
from datetime import time
from itertools import combinations
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from practice.booking.row_changes import Row
from practice.booking.rows import RowForm, Rows, make_rows
from practice.text.spoken import hours_between

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
KEYS = [name[:3].lower() for name in WEEKDAYS]
WORKDAYS = KEYS[:5]  # to which hours are copied
MOST_TIMES = 8  # of a weekday
LONGEST_BREAK = 90  # minutes; what is longer parts two times

Span = tuple[time, time]


def overlap(one: Span, other: Span) -> bool:
    """Whether two times of one day share any; 00:00 ends at the day's end."""
    (a, b), (c, d) = ((s, e if e != time.min else time.max) for s, e in (one, other))
    return a < d and c < b


def _time_field(missing: str, example: str, **kwargs: Any) -> forms.TimeField:
    return forms.TimeField(
        widget=forms.TimeInput({"type": "time", "step": "900"}, format="%H:%M"),
        error_messages={"required": missing, "invalid": f"Enter a time like {example}"},
        **kwargs,
    )


class SpanForm(RowForm):
    """From when to when, on one weekday, and perhaps a break."""

    starts = _time_field("Enter when it starts", "09:00", label="From")
    ends = _time_field("Enter when it ends", "17:00", label="To")
    break_starts = _time_field("", "13:00", label="Break from", required=False)
    break_ends = _time_field("", "14:00", label="Break to", required=False)

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        starts, ends = cleaned_data.get("starts"), cleaned_data.get("ends")
        if starts is None or ends is None:
            return cleaned_data
        if time.min != ends <= starts:
            self.add_error("ends", f"{self.row}: the end must be after the start")
        elif not self.errors:
            self._clean_break(starts, ends)
        return cleaned_data

    def _clean_break(self, starts: time, ends: time) -> None:
        first, last = self.cleaned_data["break_starts"], self.cleaned_data["break_ends"]
        if first is None and last is None:
            return
        if first is None:
            self.add_error("break_starts", f"{self.row}: enter when the break starts")
        elif last is None:
            self.add_error("break_ends", f"{self.row}: enter when the break ends")
        elif last <= first:
            self.add_error("break_ends", f"{self.row}: the break must end after it starts")
        elif not (starts < first and last < (ends if ends != time.min else time.max)):
            words = f"the break must be within {hours_between(starts, ends)}"
            self.add_error("break_starts", f"{self.row}: {words}")

    @property
    def spans(self) -> list[Span]:
        """What it saves: one span, or one before and one after the break."""
        values = self.cleaned_data
        starts, ends, first, last = (values[name] for name in self.base_fields)
        return [(starts, ends)] if first is None else [(starts, first), (last, ends)]

    @property
    def typed(self) -> list[time | str | None]:
        """What stands in its fields: times, None where nothing does, text that is no time."""
        found: list[time | str | None] = []
        for name, field in self.base_fields.items():
            value = self[name].value()
            try:
                found.append(field.to_python(value))
            except ValidationError:
                found.append(str(value))
        return found

    @property
    def words(self) -> str:
        """What stands in it: "9am to 5pm, break 1pm to 2pm"; nothing, if nothing does."""
        starts, ends, first, last = self.typed
        if {starts, ends, first, last} == {None}:
            return ""
        if not (isinstance(starts, time) and isinstance(ends, time)):
            return "Not complete"
        has_break = isinstance(first, time) and isinstance(last, time)
        return _words(starts, ends, (first, last) if has_break else None)


class DayRows(Rows):
    """The times of one weekday; no two overlap."""

    columns = ("starts", "ends")

    @property
    def can_be_copied(self) -> bool:
        return self.prefix in WORKDAYS

    @property
    def day(self) -> str:
        return self.names[0].partition(",")[0]

    @property
    def what(self) -> str:  # type: ignore[override]
        return self.day

    @staticmethod
    def initial_of(saved: list[dict]) -> list[dict]:
        rows: list[dict] = []
        for span in sorted(saved, key=lambda values: values["starts"]):
            if rows and "break_starts" not in rows[-1] and _is_break(rows[-1]["ends"], span):
                before = rows.pop()
                its = {"break_starts": before["ends"], "break_ends": span["starts"]}
                rows.append(before | its | {"ends": span["ends"]})
            else:
                rows.append({"starts": span["starts"], "ends": span["ends"]})
        return rows

    def values_of(self, form: SpanForm) -> list[dict]:
        return [{"starts": starts, "ends": ends} for starts, ends in form.spans]

    def is_possible(self, rows: set[Row]) -> bool:
        spans = [(values["starts"], values["ends"]) for values in self.all_values(rows)]
        do_overlap = any(overlap(*two) for two in combinations(spans, 2))
        return super().is_possible(rows) and not do_overlap

    def spoken(self, values: dict) -> str:
        return f"{values['starts']:%H:%M} to {values['ends']:%H:%M}"

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in its rows."""
        return not any(form.words for form in self.forms)

    @property
    def words(self) -> str:
        """What stands in its rows, in one line."""
        return _line(form.words for form in self.forms if form.words) or "Not available"

    def clean(self) -> None:
        seen: list[Span] = []
        for form in self.filled:
            spans = form.spans if isinstance(form, SpanForm) else []
            if any(overlap(span, other) for span in spans for other in seen):
                form.add_error("starts", f"{self.day}: the times overlap")
            else:
                seen += spans


def words_of(rows: Iterable[dict]) -> str:
    """Return rows of a day in one line: "9am to 5pm, break 1pm to 2pm"."""
    return _line(
        _words(
            row["starts"],
            row["ends"],
            (row["break_starts"], row["break_ends"]) if "break_starts" in row else None,
        )
        for row in rows
    )


def _words(starts: time, ends: time, its_break: Any) -> str:
    words = hours_between(starts, ends)
    return f"{words}, break {hours_between(*its_break)}" if its_break else words


def _line(times: Iterable[str]) -> str:
    words = [*times]
    return ("; " if ", break" in "".join(words) else " and ").join(words)


def _is_break(ends: time, after: dict) -> bool:
    minutes = [at.hour * 60 + at.minute for at in (ends, after["starts"])]
    return ends != time.min and 0 < minutes[1] - minutes[0] <= LONGEST_BREAK


SpanRows = make_rows(SpanForm, DayRows, MOST_TIMES)
