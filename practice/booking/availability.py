"""The availability editor: weekly hours, rules and days off, as one form that needs no script.

"Add" and "Remove" are submit buttons of the same form. They answer with the form as typed, one row
more or less, and check nothing yet.
"""

from collections.abc import Iterable
from datetime import time
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.models import BookingRules, TimeOff, WeeklyHours, rules_of
from practice.names import no_control_characters
from practice.rows import typed_rows

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
MOST_SPANS, MOST_DAYS_OFF = len(ORDINALS), 50
_TIME = {"type": "time", "step": "900"}


class SpanForm(forms.Form):
    """From when to when, on one weekday. A row left empty does not count."""

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

    @property
    def is_filled(self) -> bool:
        return self.is_valid() and bool(self.cleaned_data)


class DayForms(BaseFormSet):
    """The spans of one weekday."""

    weekday: int

    @property
    def day(self) -> str:
        return WEEKDAYS[self.weekday]

    @property
    def key(self) -> str:
        return self.prefix

    @property
    def spans(self) -> list[tuple[time, time]]:
        facts = [form.cleaned_data for form in self.forms if form.is_filled]
        return [(fact["starts"], fact["ends"]) for fact in facts]

    def clean(self) -> None:
        for number, form in enumerate(self.forms):
            if form.is_filled:
                starts, ends = form.cleaned_data["starts"], form.cleaned_data["ends"]
                if ends <= starts and ends != time.min:
                    words = f"{self.day}, {ORDINALS[number]} time: the end must be after the start"
                    form.add_error("ends", words)
        for number, form in enumerate(self.forms):
            if form.is_filled and any(
                _overlap((form.cleaned_data["starts"], form.cleaned_data["ends"]), other)
                for other in self._before(number)
            ):
                form.add_error("starts", f"{self.day}: the times overlap")

    def _before(self, number: int) -> Iterable[tuple[time, time]]:
        for form in self.forms[:number]:
            if form.is_filled:
                yield form.cleaned_data["starts"], form.cleaned_data["ends"]


def _overlap(one: tuple[time, time], other: tuple[time, time]) -> bool:
    (a, b), (c, d) = ((s, e if e != time.min else time.max) for s, e in (one, other))
    return a < d and c < b


class DaysOffForm(forms.Form):
    """Days on which nobody can book. A row left empty does not count."""

    _DAY = {"type": "date"}
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
    reason = forms.CharField(
        label="Reason (optional, only you)",
        max_length=120,
        required=False,
        validators=[no_control_characters],
    )

    def clean(self) -> dict:
        facts = super().clean()
        first, last = facts.get("first_day"), facts.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", "The last day off must not be before the first")
        return facts


class RulesForm(forms.ModelForm):
    """How long, how close together, how soon and how far ahead."""

    use_required_attribute = False

    class Meta:
        model = BookingRules
        fields = ["session_minutes", "gap_minutes", "notice_hours", "furthest_weeks"]
        labels = {
            "session_minutes": "Sessions last (minutes)",
            "gap_minutes": "Gap between sessions (minutes)",
            "notice_hours": "Shortest notice (hours, 2 to 72)",
            "furthest_weeks": "Furthest ahead (weeks, up to 26)",
        }
        widgets = dict.fromkeys(fields, forms.NumberInput({"class": "w-short"}))


SpanForms = formset_factory(
    SpanForm, formset=DayForms, extra=0, max_num=MOST_SPANS, absolute_max=MOST_SPANS
)
DaysOffForms = formset_factory(
    DaysOffForm, extra=0, max_num=MOST_DAYS_OFF, absolute_max=MOST_DAYS_OFF
)


class Availability:
    """All of it as one form."""

    def __init__(self, therapist: Therapist, data: dict | None) -> None:
        self.therapist = therapist
        do = (data or {}).get("do", "")
        self.is_bound = data is not None and not do
        self.focus = do.partition("-")[2] if do.startswith("add-") else ""
        self.days = [self._day(i, name[:3].lower(), data, do) for i, name in enumerate(WEEKDAYS)]
        saved_off = list(therapist.time_off.values("first_day", "last_day", "reason"))
        fields = ("first_day", "last_day", "reason")
        self.days_off = self._forms(DaysOffForms, "off", fields, saved_off, data, do)
        typed = data if data is not None else None
        self.rules = RulesForm(typed if self.is_bound else None, instance=rules_of(therapist))
        if data is not None and not self.is_bound:
            self.rules.initial |= {f: data.get(f, "") for f in self.rules.fields}

    def _day(self, weekday: int, key: str, data: dict | None, do: str) -> DayForms:
        saved = list(self.therapist.weekly_hours.filter(weekday=weekday).values("starts", "ends"))
        forms_ = self._forms(SpanForms, key, ("starts", "ends"), saved, data, do)
        forms_.weekday = weekday
        return forms_

    def _forms(self, factory, prefix: str, fields, saved: list[dict], data, do: str) -> BaseFormSet:
        kwargs = {"prefix": prefix, "form_kwargs": {"empty_permitted": True}}
        if self.is_bound:
            return factory(data, **kwargs)
        rows = saved if data is None else typed_rows(data, prefix, fields, most=MOST_DAYS_OFF)
        if do == f"add-{prefix}":
            rows.append({})
        verb, _, which = do.partition("-")
        key, _, number = which.rpartition("-")
        if verb == "remove" and key == prefix and number.isdigit() and int(number) < len(rows):
            del rows[int(number)]
        return factory(initial=rows, **kwargs)

    @property
    def forms(self) -> list[forms.Form]:
        everything = [form for day in self.days for form in day.forms]
        return [*everything, self.rules, *self.days_off.forms]

    @property
    def errors(self) -> bool:
        return self.is_bound and any(form.errors for form in self.forms)

    def is_valid(self) -> bool:
        valid = [day.is_valid() for day in self.days]
        return all([*valid, self.rules.is_valid(), self.days_off.is_valid()]) and not self.errors

    @transaction.atomic
    def save(self) -> None:
        """Replace what was there; touches no session."""
        Therapist.objects.select_for_update(no_key=True).get(pk=self.therapist.pk)
        self.therapist.weekly_hours.all().delete()
        WeeklyHours.objects.bulk_create(
            WeeklyHours(therapist=self.therapist, weekday=day.weekday, starts=starts, ends=ends)
            for day in self.days
            for starts, ends in day.spans
        )
        self.rules.save()
        self.therapist.time_off.all().delete()
        TimeOff.objects.bulk_create(
            TimeOff(therapist=self.therapist, **form.cleaned_data)
            for form in self.days_off.forms
            if form.cleaned_data
        )

    def booked_outside(self) -> int:
        """Return how many booked sessions lie outside the hours, or on days off."""
        zone = ZoneInfo(self.therapist.time_zone)
        off = [time_off.interval(zone) for time_off in self.therapist.time_off.all()]
        hours = list(self.therapist.weekly_hours.all())

        def is_outside(session) -> bool:
            starts, ends = (
                timezone.localtime(at, zone) for at in (session.starts_at, session.ends_at)
            )
            inside = any(
                h.weekday == starts.weekday()
                and h.starts <= starts.time()
                and (h.ends == time.min or ends.time() <= h.ends)
                for h in hours
            )
            taken = any(o.starts < session.ends_at and session.starts_at < o.ends for o in off)
            return taken or not inside

        return sum(map(is_outside, self.therapist.sessions.upcoming()))
