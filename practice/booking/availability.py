"""The availability editor: weekly hours, rules and days off, as one form that needs no script.

"Add", "Remove", "Copy" and "Not available" are submit buttons of the same form. They answer with
the form as typed but for what they do, and check nothing yet.
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
from practice.booking.forms import MOST_DAYS_OFF, RANGES, DaysOffRows, RulesForm
from practice.booking.models import BookingRules, WeeklyHours, rules_of
from practice.booking.rows import Rows
from practice.booking.weekly_hours import (
    KEYS,
    MOST_TIMES,
    WEEKDAYS,
    WORKDAYS,
    DayRows,
    SpanRows,
)
from practice.diary.models import Session
from practice.web.typed_rows import typed_rows


class Availability:
    """All of it as one form; `data` is what was sent, if anything was."""

    def __init__(self, therapist: Therapist, data: Mapping[str, str] | None) -> None:
        self.therapist = therapist
        pressed = (data or {}).get("do", "")
        self._do, _, self._where = pressed.partition("-")
        self._data = data
        self.is_bound = data is not None and not pressed
        self.is_unsaved = data is not None
        self.days = self._make_days()
        # One name more than may be saved, so that too many can be refused.
        self.days_off = self._make(
            DaysOffRows,
            "off",
            [f"Days off {number}" for number in range(1, MOST_DAYS_OFF + 2)],
            list(therapist.time_off.values(*DaysOffRows.columns)),
        )
        self.rules = RulesForm(data if self.is_bound else None, instance=rules_of(therapist))
        if data is not None and not self.is_bound:
            self.rules.data = data  # which has what was shown
            self.rules.initial = dict(self.rules.initial) | {
                name: data.get(name, "") for name in RANGES
            }

    @property
    def copied(self) -> str:
        """The key of the day that has just been copied to all weekdays, "mon"; or nothing."""
        return self._where if self._do == "copy" and self._where in WORKDAYS else ""

    def _make_days(self) -> list[DayRows]:
        hours: list[Any] = list(self.therapist.weekly_hours.values("weekday", *DayRows.columns))
        is_new = self._data is None and not hours
        days: list[DayRows] = []
        above: list[dict] = []
        for weekday, (key, name) in enumerate(zip(KEYS, WEEKDAYS, strict=True)):
            names = [f"{name}, time {number}" for number in range(1, MOST_TIMES + 2)]
            saved = [each for each in hours if each["weekday"] == weekday]
            begins_here = is_new and key == KEYS[0]
            day = self._make(SpanRows, key, names, saved, above, [{}] if begins_here else None)
            day.is_open = day.is_open or begins_here
            above = _typed(day.initial or []) or above
            days.append(day)
        return days

    def _make(  # long for its arguments: what the rows are, and what they begin with
        self,
        rows: Any,
        prefix: str,
        names: list[str],
        saved: list[dict],
        above: list[dict] | None = None,
        initial: list[dict] | None = None,
    ) -> Any:
        """Return rows as sent; or as saved; or as typed and then changed by a button."""
        more: dict[str, Any] = {"prefix": prefix, "names": names, "saved": saved}
        more["shown"] = self._data.get(f"{prefix}-shown") if self._data else None
        if self.is_bound:
            made = rows(self._data, **more)
            made.is_open = made.has_errors
        elif self._data is None:
            made = rows(initial=initial or rows.initial_of(saved), **more)
        else:
            made = rows(initial=self._changed(rows, prefix, len(names) - 1, above), **more)
            made.is_open = self._where.partition("-")[0] == prefix
        if (self._do, self._where) == ("add", prefix) and made.forms:
            first_field, *_ = made.forms[-1].fields.values()
            first_field.widget.attrs["autofocus"] = True
        return made

    def _changed(
        self, rows: Any, prefix: str, most: int, above: list[dict] | None
    ) -> list[dict[str, Any]]:
        """Return what was typed in some rows, with what the button that was pressed does to it."""
        data, fields = self._data or {}, rows.form.base_fields
        shown: list[dict[str, Any]] = typed_rows(data, prefix, fields, most=most)
        if self.copied and prefix in WORKDAYS:
            return _typed(typed_rows(data, self.copied, fields, most=most))
        if (self._do, self._where) == ("clear", prefix):
            return []
        if (self._do, self._where) == ("add", prefix):
            if above and not _typed(shown):
                return above  # a day begins like the one above it
            return [*shown, {}][: max(most, len(shown))]
        for number in range(len(shown)):
            if (self._do, self._where) == ("remove", f"{prefix}-{number}"):
                del shown[number]
                break
        return shown

    def _again(self, rows: Any) -> Any:
        """Return rows that are in order as they are now with what was changed, to be sent again."""
        if rows.result is None:
            return rows
        known = {"names": rows.names, "saved": [*rows.now.values()], "shown": None}
        initial = rows.initial_of(rows.all_values(rows.result))
        again = type(rows)(initial=initial, prefix=rows.prefix, **known)
        again.asks = rows.asks
        again.is_open = bool(rows.asks)
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


def _typed(rows: list[dict]) -> list[dict]:
    """Return the rows in which something stands."""
    return [row for row in rows if any(row.values())]


def _change(there: QuerySet, rows: Rows, more: dict) -> bool:
    """Make `there` what comes of the rows, and say whether anything had to be changed."""
    result, fields = rows.result or set(), rows.columns
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
