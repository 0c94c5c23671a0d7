"""Open this time, Block this time: hours of one date besides, or out of, the weekly ones."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Self
from zoneinfo import ZoneInfo

from django import forms
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_therapists
from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb
from practice.booking.dated_hours import DatedHours
from practice.booking.models import BookingRules, each_free_time, rules_of
from practice.booking.openings import instants
from practice.booking.weekly_hours import overlap
from practice.diary.asked_for import AskedFor
from practice.text.fields import DayField, LineField
from practice.text.spoken import hours_between, monday
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown

FURTHEST = timedelta(days=731)
MOST_TO_COME = 200  # of a therapist
_TIME = {"type": "time", "step": "900", "class": "w-short"}
SKIPPED = "That time does not exist on that day: the clocks go forward"


@dataclass(frozen=True)
class Outcome:
    """What comes of hours that were opened or blocked: times to book, sessions that stay booked."""

    free: int
    booked: int
    rules: BookingRules

    @classmethod
    def of(cls, hours: DatedHours, now: datetime) -> Self:
        """Find out as of an instant."""
        therapist = hours.therapist
        within = hours.interval(ZoneInfo(therapist.time_zone))
        rules = rules_of(therapist)
        free = [
            start
            for start in each_free_time(therapist, now, (hours.day, hours.day))
            if within.starts <= start and start + rules.length <= within.ends
        ]
        booked = therapist.sessions.booked().ending_after(within.starts)
        return cls(len(free), booked.filter(starts_at__lt=within.ends).count(), rules)


class DatedHoursForm(forms.Form):
    """A date and from when to when; to be made and saved while the therapist is locked."""

    use_required_attribute = False
    day = DayField(
        label="Date",
    )
    starts = forms.TimeField(
        label="From",
        widget=forms.TimeInput(_TIME, format="%H:%M"),
        error_messages={"required": "Enter when it starts", "invalid": "Enter a time like 09:00"},
    )
    ends = forms.TimeField(
        label="To",
        widget=forms.TimeInput(_TIME, format="%H:%M"),
        error_messages={"required": "Enter when it ends", "invalid": "Enter a time like 17:00"},
    )
    note = LineField(label="What for (optional, only you)", max_length=120, required=False)

    def __init__(self, *args: Any, therapist: Therapist, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.therapist, self.kind = therapist, kind
        self.made: DatedHours | None = None  # by the first of two clicks

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        if not self.errors:
            self.made = self.therapist.dated_hours.filter(kind=self.kind, **cleaned_data).first()
        if not self.errors and not self.made:
            self._clean_times(**cleaned_data)
        if not self.errors and not self.made:
            self._clean_beside_others(**cleaned_data)
        return cleaned_data

    def _clean_times(self, day: date, starts: time, ends: time, note: str) -> None:
        zone, now = ZoneInfo(self.therapist.time_zone), timezone.now()
        today = timezone.localtime(now, zone).date()
        if day > today + FURTHEST:
            self.add_error("day", "Enter a date within the next two years")
        elif day < today:
            self.add_error("day", "That day has passed. Enter one that is still to come")
        elif time.min != ends <= starts:
            self.add_error("ends", "The end must be after the start")
        elif not (begins := instants(datetime.combine(day, starts), zone)):
            self.add_error("starts", SKIPPED)
        elif ends != time.min and not instants(datetime.combine(day, ends), zone):
            self.add_error("ends", SKIPPED)
        elif begins[0] <= now:
            self.add_error("starts", "That time has passed. Enter one that is still to come")

    def _clean_beside_others(self, day: date, starts: time, ends: time, note: str) -> None:
        """Refuse what overlaps, and hours to open that are open, or would stay closed."""
        therapist = self.therapist
        for other in therapist.dated_hours.filter(day=day):
            if overlap((starts, ends), other.span):
                done = "opened" if other.is_open else "blocked"
                words = f"You have {done} {other.words} on that day. Remove that first"
                self.add_error("starts", words)
        if therapist.dated_hours.filter(day__gte=timezone.localdate()).count() >= MOST_TO_COME:
            self.add_error(None, f"You have {MOST_TO_COME} such times to come. Remove some first")
        if self.kind != DatedHours.Kind.OPEN:
            return
        if therapist.time_off.filter(first_day__lte=day, last_day__gte=day).exists():
            self.add_error("day", "You have days off then, on which nobody can book")
        for weekly in therapist.weekly_hours.filter(weekday=day.weekday()):
            if overlap((starts, ends), (weekly.starts, weekly.ends)):
                usual = hours_between(weekly.starts, weekly.ends)
                self.add_error("starts", f"Your weekly hours are {usual} on that day already")
        length = rules_of(therapist).length
        after = datetime.combine(day, ends) + timedelta(days=ends == time.min)
        if after - datetime.combine(day, starts) < length:
            minutes = length // timedelta(minutes=1)
            self.add_error("ends", f"A session lasts {minutes} minutes: open at least as long")

    def save(self) -> DatedHours:
        """Save what is valid; return it, or what the same form has made before."""
        if self.made:
            return self.made
        therapist = self.therapist
        Entry.record(Verb.AVAILABILITY_CHANGED, by=therapist.user, therapist=therapist)
        return therapist.dated_hours.create(kind=self.kind, **self.cleaned_data)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def open_time(request: TherapistRequest) -> HttpResponse:
    """Open hours of a date for booking; `?day=2026-12-04&time=1800` fills in the form."""
    return _add(request, DatedHours.Kind.OPEN, "booking/open_time.html")


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def block_time(request: TherapistRequest) -> HttpResponse:
    """Block hours of a date; the address fills in the form, as for opening."""
    return _add(request, DatedHours.Kind.BLOCKED, "booking/block_time.html")


@transaction.atomic
def _add(request: TherapistRequest, kind: str, template: str) -> HttpResponse:
    therapist = request.therapist
    data = request.POST if request.method == "POST" else None
    if data is not None:
        Therapist.lock(therapist.pk)
    form = DatedHoursForm(data, therapist=therapist, kind=kind, initial=_asked_for(request))
    changed, zone = "", timezone.get_current_timezone_name()
    if form.is_bound and not was_shown(request, zone):
        changed = f"Nothing was saved. {LOOK}"
    elif form.is_valid():
        hours = form.save()
        banner(request, "time_opened" if hours.is_open else "time_blocked", hours=hours)
        return see_other("diary_week", monday(hours.day).isoformat())
    context = {"form": form, "shown": zone, "changed": changed}
    return render_form(request, template, context)


def _asked_for(request: TherapistRequest) -> dict[str, Any]:
    """Return what the address says: a day, a time, and a session's length after it."""
    day, at = AskedFor.of(request.GET)
    if day is None or at is None:
        return {}
    starts = datetime.combine(date.min, at)  # on any day, and the last there is has none after it
    ends = starts + rules_of(request.therapist).length
    is_same_day = ends.date() == starts.date()
    return {"day": day, "starts": at, "ends": ends.time() if is_same_day else time.min}


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def dated_time(request: TherapistRequest, datedhours_id: str) -> HttpResponse:
    """Show hours of a date that were opened or blocked, and remove them.

    Whoever presses where they are gone reads so; as of hours of others, and of none, it is a 404.
    """
    with transaction.atomic():
        if request.method == "POST":
            Therapist.lock(request.therapist.pk)
        hours = request.therapist.dated_hours.filter(public_id=datedhours_id).first()
        if hours is None and request.method == "POST":
            return render(request, "booking/time_gone.html", status=404)
        if hours is None:
            raise Http404
        if request.method != "POST":
            return render_form(request, "booking/dated_time.html", {"hours": hours})
        hours.delete()
        Entry.record(Verb.AVAILABILITY_CHANGED, by=request.user, therapist=request.therapist)
    banner(request, "opened_time_removed" if hours.is_open else "blocked_time_removed")
    return see_other("availability")
