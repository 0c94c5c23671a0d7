"""The availability editor: weekly hours, rules and days off, as one form that needs no script.

"Add" and "Remove" are submit buttons of the same form. They answer with the form as typed, one row
more or less, and check nothing yet.
"""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb
from practice.booking.forms import (
    MOST_DAYS_OFF,
    RANGES,
    DayRows,
    DaysOffRows,
    Rows,
    RulesForm,
    SpanRows,
)
from practice.booking.models import BookingRules, WeeklyHours, rules_of
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
        hours: list[Any] = list(therapist.weekly_hours.values("weekday", "starts", "ends"))
        self.days: list[DayRows] = [
            self._make(
                SpanRows,
                name[:3].lower(),
                [h for h in hours if h["weekday"] == weekday],
                [f"{name}, {ordinal} time" for ordinal in ORDINALS],
            )
            for weekday, name in enumerate(WEEKDAYS)
        ]
        self.days_off = self._make(
            DaysOffRows,
            "off",
            list(therapist.time_off.values("first_day", "last_day", "reason")),
            [f"Days off {number}" for number in range(1, MOST_DAYS_OFF + 2)],
        )
        self.rules = RulesForm(data if self.is_bound else None, instance=rules_of(therapist))
        if data is not None and not self.is_bound:
            self.rules.data = data  # which has what was shown
            self.rules.initial = dict(self.rules.initial) | {
                name: data.get(name, "") for name in RANGES
            }

    def _make(self, rows: Any, prefix: str, saved: list[Any], names: list[str]) -> Any:
        """Return rows as sent; or as saved, or as typed with one row more or less."""
        data, fields = self._data, rows.form.base_fields
        more: dict[str, Any] = {"prefix": prefix, "names": names, "saved": saved}
        more["shown"] = data.get(f"{prefix}-shown") if data else None
        if self.is_bound:
            return rows(data, **more)
        most = len(names) - 1
        shown = saved if data is None else typed_rows(data, prefix, fields, most=most)
        if self._do == f"add-{prefix}" and len(shown) < most:
            shown.append({})
        for number in range(len(shown)):
            if self._do == f"remove-{prefix}-{number}":
                del shown[number]
                break
        made = rows(initial=shown, **more)
        if self._do == f"add-{prefix}":
            first_field, *_ = made.forms[-1].fields.values()
            first_field.widget.attrs["autofocus"] = True
        return made

    def _again(self, rows: Any) -> Any:
        """Return rows that are in order as they are now with what was changed, to be sent again."""
        if rows.result is None:
            return rows
        known = {"names": rows.names, "saved": [*rows.now.values()], "shown": None}
        again = type(rows)(initial=rows.result_values, prefix=rows.prefix, **known)
        again.asks = rows.asks
        return again

    @property
    def forms(self) -> list[forms.Form]:
        return [*(form for day in self.days for form in day), self.rules, *self.days_off]

    @property
    def general_errors(self) -> list[str]:
        """What is wrong with the form as a whole, each once."""
        every = (*self.days, self.days_off)
        found = [str(error) for rows in every for error in rows.non_form_errors()]
        return list(dict.fromkeys([*found, *(rows.asks for rows in every if rows.asks)]))

    @property
    def errors(self) -> bool:
        if not self.is_bound:
            return False
        return bool(self.general_errors) or any(form.errors for form in self.forms)

    def is_valid(self) -> bool:
        return self.is_bound and not self.errors

    @property
    def was_changed_meanwhile(self) -> bool:
        rows = any(rows.asks for rows in (*self.days, self.days_off))
        return self.is_bound and (rows or self.rules.was_changed_meanwhile)

    @classmethod
    @transaction.atomic
    def save(cls, therapist: Therapist, data: Mapping[str, str]) -> Self:
        """Save what was changed, if it may be; return the form. Touches no session."""
        Therapist.lock(therapist.pk)
        form = cls(therapist, data)
        if form.is_valid():
            form._save()
        else:
            form.days = [form._again(day) for day in form.days]
            form.days_off = form._again(form.days_off)
        return form

    def _save(self) -> None:
        therapist, its = self.therapist, {"therapist": self.therapist}
        changes = [
            _change(therapist.weekly_hours.filter(weekday=weekday), day, {"weekday": weekday} | its)
            for weekday, day in enumerate(self.days)
        ]
        changes.append(_change(therapist.time_off.all(), self.days_off, its))
        if self.rules.has_changed() or not self.rules.instance.pk:
            changed = {name: self.rules.cleaned_data[name] for name in self.rules.changed_data}
            BookingRules.objects.update_or_create(therapist=therapist, defaults=changed)
            changes.append(True)
        if any(changes):
            Entry.record(Verb.AVAILABILITY_CHANGED, by=therapist.user, therapist=therapist)

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


def _change(there: QuerySet, rows: Rows, more: dict) -> bool:
    """Make `there` what comes of the rows, and say whether anything had to be changed."""
    result, fields = rows.result or set(), rows.form.base_fields
    gone, new = rows.now.keys() - result, result - rows.now.keys()
    for row in gone:
        there.filter(**{name: rows.now[row][name] for name in fields}).delete()
    for row in sorted(new):
        there.create(**rows.sent[row] | more)
    return bool(gone or new)


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
