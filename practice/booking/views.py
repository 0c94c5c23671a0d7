"""The therapist's diary week and availability."""

from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import TherapistRequest, for_therapists
from practice.accounts.models import User
from practice.booking.availability import Availability
from practice.booking.dated_hours_pages import MOST_TO_COME
from practice.booking.models import each_free_time
from practice.diary.models import Session
from practice.text.spoken import in_words, week_of
from practice.web.drafts import sent_or_draft
from practice.web.responses import banner, render_form, see_other


@require_safe
@for_therapists
def diary(request: TherapistRequest) -> HttpResponse:
    """Go to this week."""
    return see_other("diary_week", week_of(timezone.localdate())[0].isoformat())


@require_safe
@for_therapists
def diary_week(request: TherapistRequest, day: str) -> HttpResponse:
    """Show a week: sessions, free times, and what is to be answered."""
    try:
        week = week_of(date.fromisoformat(day))
        former, following = (week[0] + timedelta(weeks=n) for n in (-1, 1))
    except (ValueError, OverflowError):
        raise Http404 from None
    if day != week[0].isoformat():  # another day, or the same one written otherwise
        return see_other("diary_week", week[0].isoformat())
    sessions = request.therapist.sessions
    first, after = _midnight(week[0]), _midnight(following)
    of_week = sessions.exclude(state=Session.State.NOT_HELD)
    of_week = of_week.filter(starts_at__gte=first, starts_at__lt=after)
    now = timezone.now()
    days = (week[0], week[-1])
    free = each_free_time(request.therapist, now, days) if after > now else iter(())
    shown = list(of_week.with_people())
    standing = [s for s in shown if s.state != Session.State.CANCELLED]
    lines = [_line(s, standing, request.user) for s in shown]
    lines += [{"at": at} for at in free]
    context = {
        "week": week,
        "days": _by_day(week, lines),
        "today": timezone.localdate(),
        "number": len(standing),
        "previous": former.isoformat(),
        "next": following.isoformat(),
        "next_session": None
        if standing
        else sessions.upcoming().filter(starts_at__gte=after).first(),
        "unanswered": sessions.unanswered().with_people()[:10],
    }
    return render(request, "booking/diary_week.html", context)


def _line(session: Session, standing: list[Session], reader: User) -> dict[str, object]:
    """Return a line of the diary; of a cancelled session it says by whom, and if it can be back."""
    line: dict[str, object] = {"at": session.starts_at, "appointment": session}
    if session.state == Session.State.CANCELLED:
        by = session.cancelled_by_id
        people = [p.first_name for p in session.relationship.people if p.account_id == by]
        line["cancelled_by"] = "you" if by == reader.pk else in_words(people) or "the client"
        is_taken = any(
            other.starts_at < session.ends_at and session.starts_at < other.ends_at
            for other in standing
        )
        line["can_put_back"] = session.can_be_put_back_by(reader) and not is_taken
    return line


def _by_day(week: list[date], lines: list[dict]) -> list[tuple[date, list[dict]]]:
    """Return each day of a week with what is on it, in order of time."""

    def day_of(line: dict) -> date:
        return timezone.localtime(line["at"]).date()

    lines = sorted(lines, key=lambda line: (day_of(line), line["at"]))
    days = {day: list(of_day) for day, of_day in groupby(lines, key=day_of)}
    return [(day, days.get(day, [])) for day in week]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


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
