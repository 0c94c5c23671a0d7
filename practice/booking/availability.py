"""The availability editor: weekly hours, rules and days off, as one form that needs no script.

"Add" and "Remove" are submit buttons of the same form. They answer with the form as typed, one row
more or less, and check nothing yet.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb
from practice.booking.models import BookingRules, TimeOff, WeeklyHours, rules_of
from practice.diary.models import Session
from practice.text.fields import LineField
from practice.web.typed_rows import typed_rows

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
MOST_SPANS, MOST_DAYS_OFF = len(ORDINALS), 50
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
    """Rows of one kind; `names` has the name of each."""

    def __init__(self, *args: Any, names: list[str], **kwargs: Any) -> None:
        self.names = names
        super().__init__(*args, **kwargs)

    def get_form_kwargs(self, index: int | None) -> dict:
        row = self.names[index] if index is not None and index < len(self.names) else ""
        return super().get_form_kwargs(index) | {"row": row}

    def full_clean(self) -> None:
        """Refuse, in a sentence, a form that has lost count of its rows."""
        super().full_clean()
        total = self.management_form.cleaned_data.get("TOTAL_FORMS") or 0
        if self.is_bound and (not self.management_form.is_valid() or total < 0):
            words = "This page was not sent whole. Nothing was saved. Reload it and try again"
            self._non_form_errors = self.error_class([words])

    @property
    def filled(self) -> list[RowForm]:
        return [form for form in self.forms if form.is_filled]


class DayRows(Rows):
    """The spans of one weekday; no two overlap."""

    @property
    def day(self) -> str:
        return self.names[0].partition(",")[0]

    @property
    def spans(self) -> list[SpanForm]:
        return [form for form in self.filled if isinstance(form, SpanForm)]

    def clean(self) -> None:
        seen: list[tuple[time, time]] = []
        for form in self.spans:
            if any(_overlap(form.span, other) for other in seen):
                form.add_error("starts", f"{self.day}: the times overlap")
            else:
                seen.append(form.span)


def _overlap(one: tuple[time, time], other: tuple[time, time]) -> bool:
    (a, b), (c, d) = ((s, e if e != time.min else time.max) for s, e in (one, other))
    return a < d and c < b


_RANGES = {
    "session_minutes": ("A session lasts", 15, 240, "minutes"),
    "gap_minutes": ("The gap between sessions is", 0, 120, "minutes"),
    "notice_hours": ("The shortest notice is", 2, 72, "hours"),
    "furthest_weeks": ("The furthest ahead is", 1, 26, "weeks"),
}


class RulesForm(forms.ModelForm):
    """How long, how close together, how soon and how far ahead."""

    use_required_attribute = False

    class Meta:
        model = BookingRules
        fields = list(_RANGES)
        labels = {
            "session_minutes": "Sessions last (minutes)",
            "gap_minutes": "Gap between sessions (minutes)",
            "notice_hours": "Shortest notice (hours, 2 to 72)",
            "furthest_weeks": "Furthest ahead (weeks, up to 26)",
        }
        widgets = dict.fromkeys(_RANGES, forms.NumberInput({"class": "w-short"}))
        error_messages = {
            name: dict.fromkeys(
                ("required", "invalid", "min_value", "max_value"),
                f"{what} {least} to {most} {unit}",
            )
            for name, (what, least, most, unit) in _RANGES.items()
        }


def _rows(form: type[RowForm], formset: type[Rows], most: int) -> Any:
    # One more than allowed is read, so that too many can be refused.
    return formset_factory(
        form, formset=formset, extra=0, max_num=most, absolute_max=most + 1, validate_max=True
    )


SpanRows = _rows(SpanForm, DayRows, MOST_SPANS)
DaysOffRows = _rows(DaysOffForm, Rows, MOST_DAYS_OFF)


class Availability:
    """All of it as one form; `data` is what was sent, if anything was."""

    def __init__(self, therapist: Therapist, data: Mapping[str, str] | None) -> None:
        self.therapist = therapist
        self._do = (data or {}).get("do", "")
        self._data = data
        self.is_bound = data is not None and not self._do
        hours = therapist.weekly_hours.values("weekday", "starts", "ends")
        self.days: list[DayRows] = [
            self._make(
                SpanRows,
                name[:3].lower(),
                ("starts", "ends"),
                [h for h in hours if h["weekday"] == weekday],
                [f"{name}, {ordinal} time" for ordinal in (*ORDINALS, "ninth")],
            )
            for weekday, name in enumerate(WEEKDAYS)
        ]
        self.days_off = self._make(
            DaysOffRows,
            "off",
            ("first_day", "last_day", "reason"),
            list(therapist.time_off.values("first_day", "last_day", "reason")),
            [f"Days off {number}" for number in range(1, MOST_DAYS_OFF + 2)],
        )
        self.rules = RulesForm(data if self.is_bound else None, instance=rules_of(therapist))
        if data is not None and not self.is_bound:
            self.rules.initial = dict(self.rules.initial) | {
                name: data.get(name, "") for name in _RANGES
            }

    def _make(
        self, rows: Any, prefix: str, fields: Iterable[str], saved: list, names: list[str]
    ) -> Any:
        """Return rows as sent; or as saved, or as typed with one row more or less."""
        if self.is_bound:
            return rows(self._data, prefix=prefix, names=names)
        most = len(names) - 1
        shown = saved if self._data is None else typed_rows(self._data, prefix, fields, most=most)
        if self._do == f"add-{prefix}" and len(shown) < most:
            shown.append({})
        for number in range(len(shown)):
            if self._do == f"remove-{prefix}-{number}":
                del shown[number]
                break
        made = rows(initial=shown, prefix=prefix, names=names)
        if self._do == f"add-{prefix}":
            first_field, *_ = made.forms[-1].fields.values()
            first_field.widget.attrs["autofocus"] = True
        return made

    @property
    def forms(self) -> list[forms.Form]:
        return [*(form for day in self.days for form in day), self.rules, *self.days_off]

    @property
    def general_errors(self) -> list[str]:
        """What is wrong with the form as a whole, each once."""
        every = (*self.days, self.days_off)
        found = [str(error) for rows in every for error in rows.non_form_errors()]
        return list(dict.fromkeys(found))

    @property
    def errors(self) -> bool:
        if not self.is_bound:
            return False
        return bool(self.general_errors) or any(form.errors for form in self.forms)

    def is_valid(self) -> bool:
        return self.is_bound and not self.errors

    @transaction.atomic
    def save(self) -> None:
        """Replace what was there; touches no session."""
        Therapist.lock(self.therapist.pk)
        self.therapist.weekly_hours.all().delete()
        WeeklyHours.objects.bulk_create(
            WeeklyHours(therapist=self.therapist, weekday=weekday, starts=starts, ends=ends)
            for weekday, day in enumerate(self.days)
            for starts, ends in (form.span for form in day.spans)
        )
        BookingRules.objects.update_or_create(
            therapist=self.therapist, defaults=self.rules.cleaned_data
        )
        self.therapist.time_off.all().delete()
        TimeOff.objects.bulk_create(
            TimeOff(therapist=self.therapist, **form.cleaned_data) for form in self.days_off.filled
        )
        by = self.therapist.user
        Entry.record(Verb.AVAILABILITY_CHANGED, by=by, therapist=self.therapist)

    def booked_outside(self) -> int:
        """Return how many booked sessions lie outside the hours, or on days off."""
        zone = ZoneInfo(self.therapist.time_zone)
        off = [time_off.interval(zone) for time_off in self.therapist.time_off.all()]
        hours = list(self.therapist.weekly_hours.all())

        def is_outside(session: Session) -> bool:
            if any(o.starts < session.ends_at and session.starts_at < o.ends for o in off):
                return True
            starts, ends = (
                timezone.localtime(at, zone).replace(tzinfo=None)
                for at in (session.starts_at, session.ends_at)
            )
            return not _covers(hours, starts, ends)

        return sum(map(is_outside, self.therapist.sessions.upcoming()))


def _covers(hours: list[WeeklyHours], starts: datetime, ends: datetime) -> bool:
    """Whether spans that touch each other cover a stretch of the local clock."""
    reached = starts
    for span in hours:  # in order of their starts
        if span.weekday == starts.weekday():
            begins = datetime.combine(starts, span.starts)
            over = datetime.combine(starts, span.ends) + timedelta(days=span.ends == time.min)
            if begins <= reached:
                reached = max(reached, over)
    return reached >= ends
