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
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb
from practice.booking.forms import (
    MOST_DAYS_OFF,
    RANGES,
    DayRows,
    DaysOffRows,
    RulesForm,
    SpanRows,
)
from practice.booking.models import BookingRules, TimeOff, WeeklyHours, rules_of
from practice.diary.models import Session
from practice.web.typed_rows import typed_rows

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# One more than may be saved, so that too many can be refused.
ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


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
                [f"{name}, {ordinal} time" for ordinal in ORDINALS],
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
                name: data.get(name, "") for name in RANGES
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
