"""The therapist's diary week and availability."""

from datetime import date, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import TherapistRequest, for_therapists
from practice.booking.availability import Availability
from practice.booking.free import A_WEEK, Day, by_day, free_times, week_of
from practice.text.spoken_times import monday
from practice.web.responses import banner, render_form, see_other


@require_safe
@for_therapists
def diary(request: TherapistRequest) -> HttpResponse:
    """Go to this week."""
    return see_other("diary_week", monday(timezone.localdate()).isoformat())


@require_safe
@for_therapists
def diary_week(request: TherapistRequest, day: str) -> HttpResponse:
    """Show a week: sessions, free times, and what is to be answered."""
    try:
        asked = date.fromisoformat(day)
        week = week_of(asked)
        around = [week[0] - A_WEEK, week[0] + A_WEEK]
    except (ValueError, OverflowError):
        raise Http404 from None
    if asked != week[0]:
        return see_other("diary_week", week[0].isoformat())
    sessions = request.therapist.sessions
    first, after = (_midnight(d) for d in (week[0], week[-1] + timedelta(days=1)))
    of_week = sessions.standing().filter(starts_at__gte=first, starts_at__lt=after)
    lines = [(s.starts_at, {"appointment": s}) for s in of_week.with_people()]
    now = timezone.now()
    if after > now:
        free = free_times(request.therapist, now)
        lines += [(at, {"free": at}) for at in free if first <= at < after]
    days = by_day(sorted(lines, key=lambda line: line[0]))
    upcoming = sessions.upcoming().filter(starts_at__gte=after)
    facts = {
        "week": week,
        "days": [Day(d, days.get(d, [])) for d in week],
        "today": timezone.localdate(),
        "number": len(of_week),
        "previous": around[0].isoformat(),
        "next": around[1].isoformat(),
        "next_session": None if of_week else upcoming.first(),
        "unanswered": sessions.unanswered().with_people()[:10],
    }
    return render(request, "booking/diary_week.html", facts)


def _midnight(day: date):
    return timezone.make_aware(timezone.datetime.combine(day, timezone.datetime.min.time()))


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def availability(request: TherapistRequest) -> HttpResponse:
    """Edit weekly hours, rules and days off."""
    data = request.POST.dict() if request.method == "POST" else None
    form = Availability(request.therapist, data)
    if form.is_bound and form.is_valid():
        form.save()
        banner(request, "availability_saved", outside=form.booked_outside())
        return see_other("availability")
    return render_form(request, "booking/availability.html", {"form": form})
