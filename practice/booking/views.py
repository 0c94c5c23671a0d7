"""The therapist's diary as a week, a day and a month; and availability."""

from datetime import date, timedelta

from django.core.paginator import Paginator
from django.db.models import Min
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import TherapistRequest, for_therapists
from practice.booking.availability import Availability
from practice.booking.dated_hours_pages import MOST_TO_COME
from practice.booking.diary import Day, Line, days_of, first_unanswered
from practice.booking.diary_lines import days_of_month, days_of_week, draw
from practice.booking.month import Month, midnight
from practice.diary.asked_for import AskedFor
from practice.text.spoken import week_of
from practice.web.drafts import sent_or_draft
from practice.web.responses import BANNER, banner, render_form, see_other

ROWS_A_PAGE = 50


@require_safe
@for_therapists
def diary(request: TherapistRequest) -> HttpResponse:
    """Go to this week."""
    return see_other("diary_week", week_of(timezone.localdate())[0].isoformat())


@require_safe
@for_therapists
def diary_week(  # long for all that its page says
    request: TherapistRequest, day: str
) -> HttpResponse:
    """Show a week: sessions, free times, blocked hours."""
    try:
        week = week_of(date.fromisoformat(day))
        former, following = (week[0] + timedelta(weeks=n) for n in (-1, 1))
    except (ValueError, OverflowError):
        raise Http404 from None
    if day != week[0].isoformat():  # another day, or the same one written otherwise
        return see_other("diary_week", week[0].isoformat())
    now = timezone.now()
    days = days_of(request.therapist, week, now)
    number, after = sum(each.number for each in days), midnight(following)
    shown = [each for each in days if each.is_worked]
    asked_next = _asked_next(request, shown)
    draw(shown, request, asked_next)
    chosen = _chosen(shown)
    context = {
        "week": week,
        "days_of_week": days_of_week([(each.on, each.number) for each in days], chosen),
        "days": shown,
        "chosen": chosen,
        "day": chosen,
        "number": number,
        "number_cancelled": sum(line.is_cancelled for each in days for line in each.lines),
        "previous": former,
        "next": following,
        "next_session": None
        if number
        else request.therapist.sessions.upcoming().filter(starts_at__gte=after).first(),
        "waiting": first_unanswered(request.therapist, week[0], now),
        "asked_next": asked_next,
    }
    return render(request, "booking/diary_week.html", context)


def _chosen(days: list[Day]) -> date:
    """Return the day of a week that a phone shows: today, or the last before it; else the first."""
    if days[0].today <= week_of(days[0].on)[-1]:
        begun = [day.on for day in days if day.on <= day.today]
        return begun[-1] if begun else days[0].on
    return days[0].on


def _asked_next(request: TherapistRequest, days: list[Day]) -> Line | None:
    """Return what is asked next, and has the focus, on a page on which attendance was just noted.

    None where nothing is: then a banner says that it was noted.
    """
    if request.session.get(BANNER, {}).get("key") != "attendance_noted":
        return None
    asked = next((line for day in days for line in day.lines if line.is_asked), None)
    if asked:
        request.session.pop(BANNER)
    return asked


@require_safe
@for_therapists
def diary_day(request: TherapistRequest, day: str) -> HttpResponse:
    """Show one day, with what can be done with its times, and its month to jump in."""
    try:
        on = date.fromisoformat(day)
        month = Month.of(request.therapist, on)
        (of_day,) = days_of(request.therapist, [on], timezone.now())
        previous, following = (on + timedelta(days=n) for n in (-1, 1))
    except (ValueError, OverflowError):
        raise Http404 from None
    if day != on.isoformat():
        return see_other("diary_day", on.isoformat())
    asked_next = _asked_next(request, [of_day])
    draw([of_day], request, asked_next, is_day=True)
    context = {
        "of_day": of_day,
        "day": on,
        "chosen": on,
        "days_of_week": days_of_week(month.week_with(on), on),
        "month": month,
        "days_of_month": days_of_month(month, on),
        "previous": previous,
        "next": following,
        "asked_next": asked_next,
    }
    return render(request, "booking/diary_day.html", context)


@require_safe
@for_therapists
def diary_month(request: TherapistRequest, day: str) -> HttpResponse:
    """Show how many sessions each day of a month has, to jump to one."""
    try:
        first = date.fromisoformat(day).replace(day=1)
        month = Month.of(request.therapist, first)
    except (ValueError, OverflowError):
        raise Http404 from None
    if day != first.isoformat():
        return see_other("diary_month", first.isoformat())
    today = timezone.localdate()
    context = {
        "month": month,
        "days_of_month": days_of_month(month, today),
        "day": today if today.replace(day=1) == first else first,
        "chosen": today,
        "previous": month.previous,
        "next": month.following,
    }
    return render(request, "booking/diary_month.html", context)


@require_safe
@for_therapists
def add_for_whom(request: TherapistRequest) -> HttpResponse:
    """Choose the relationship for which a session is added, perhaps at a time of the address."""
    active = request.therapist.relationships.active().with_people()
    first_name = Min("participations__client__sort_name")
    rows = Paginator(active.annotate(n=first_name).order_by("n", "pk"), ROWS_A_PAGE)
    asked = AskedFor.of(request.GET)
    context = {
        "asked": asked,
        "carried": asked.query and f"{asked.query}&",
        "rows": rows.get_page(request.GET.get("page", "1")),
    }
    return render(request, "booking/add_for_whom.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def availability(request: TherapistRequest) -> HttpResponse:
    """Edit weekly hours, rules and days off."""
    data = sent_or_draft(request)
    if data is None or data.get("do"):  # shown, or with a row more or less
        form = Availability(request.therapist, data)
    else:
        form = Availability.save(request.therapist, data)
    if form.is_valid():
        banner(request, "availability_saved", outside=form.booked_outside())
        return see_other("availability")
    coming = request.therapist.dated_hours.filter(day__gte=timezone.localdate())
    context = {"form": form, "coming": coming[:MOST_TO_COME]}
    return render_form(request, "booking/availability.html", context)
