"""A client moves a booked session: pick a free time, check it, move it there."""

from datetime import UTC, date, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render, resolve_url
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import ClientRequest
from practice.booking.book import (
    Slot,
    booking_rules,
    day_of,
    instant_of,
    own_work,
    start_shown,
    week_of_slots,
)
from practice.booking.models import each_free_time, is_free
from practice.diary.models import Session
from practice.diary.shown_to_clients import SessionDetails, details, shared_by
from practice.diary.views import record_look, session_of
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown

CHANGED = f"Nothing was moved. {LOOK}"


def pick(request: ClientRequest, appointment: Session) -> HttpResponse:
    """Show a week of free times, the first that has any unless another is asked for."""
    if request.method == "POST":
        return see_other("move_session", appointment.public_id)
    week = request.GET.get("week")
    asked = None if week is None else day_of(week)
    if refused := _refused(request, appointment):
        return refused
    if asked and week != asked.isoformat():
        return see_other(f"{request.path}?week={asked.isoformat()}")
    record_look(request, appointment)
    return render(request, "booking/move_pick.html", _free_times(request, appointment, asked))


def _details(request: ClientRequest, appointment: Session) -> SessionDetails:
    return details(appointment, request.user, shared_by(request.user))


def _refused(request: ClientRequest, appointment: Session) -> HttpResponse | None:
    """Say why a session cannot be moved by its client, if that is so; of work with an end that is
    not spoken of, or that is closed, there is nothing (404)."""
    own_work(request, appointment.relationship.public_id)
    if _details(request, appointment).can_be_moved:
        return None
    key = "session_too_late_to_move" if appointment.is_upcoming else "session_not_booked"
    banner(request, key)
    return see_other("session", appointment.public_id)


def _free_times(
    request: ClientRequest, appointment: Session, asked: date | None
) -> dict[str, object]:
    """Return what the page of a week shows."""
    therapist = appointment.therapist
    every = each_free_time(
        therapist, timezone.now(), rules=booking_rules(therapist), moving=appointment
    )
    others = (start for start in every if start != appointment.starts_at)
    return {
        "appointment": _details(request, appointment),
        **week_of_slots(others, asked),
    }


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: ClientRequest, session_id: str, day: str, time: str) -> HttpResponse:
    """Show from when to when a client would move a session, and move it."""
    appointment, is_therapist = session_of(request, session_id)
    if is_therapist:
        return see_other("move_session", session_id)
    start = instant_of(day, time, second=request.GET.get("second") == "1")
    if request.method == "POST":
        return _move(request, appointment, start_shown(request) or start)
    if refused := _refused(request, appointment):
        return refused
    slot = Slot.at(start)
    if (day, time) != (slot.day, slot.time):
        address = resolve_url("check_move", session_id, slot.day, slot.time)
        return see_other(f"{address}?second=1" if slot.is_second else address)
    record_look(request, appointment)
    return _check(request, appointment, start)


def _check(
    request: ClientRequest, appointment: Session, start: datetime, changed: str = ""
) -> HttpResponse:
    """Show the move, perhaps with what has `changed`; or that the time is not free."""
    if not _is_still_free(appointment, start):
        return _no_longer_free(request, appointment, start)
    context = {
        "appointment": _details(request, appointment),
        "starts_at": start,
        "ends_at": start + appointment.length,
        "slot": Slot.at(start),
        "shown": _shown(appointment, start),
        "changed": changed,
    }
    return render_form(request, "booking/move_check.html", context)


def _shown(appointment: Session, start: datetime) -> str:
    """Return what the page to check says: the new instant, and the session as it is."""
    return f"{start.astimezone(UTC).isoformat()} {appointment.shown}"


def _move(request: ClientRequest, appointment: Session, start: datetime) -> HttpResponse:
    """Move a session as the page has shown; where something else is so now, show that."""
    if (appointment.starts_at, appointment.moved_by_id) == (start, request.user.pk):
        return _moved(request, appointment)  # a second click
    if refused := _refused(request, appointment):
        return refused
    if not was_shown(request, _shown(appointment, start)):
        return _check(request, appointment, start, CHANGED)
    try:
        appointment.move(
            starts_at=start,
            by=request.user,
            if_unchanged=True,
            allowed=lambda: _is_still_free(appointment, start),
        )
    except (Session.Taken, Session.AlreadyDone, Session.HasBegun, Session.Changed):
        present, _ = session_of(request, appointment.public_id)
        if refused := _refused(request, present):
            return refused
        return _check(request, present, start, CHANGED)
    return _moved(request, appointment)


def _moved(request: ClientRequest, appointment: Session) -> HttpResponse:
    banner(request, "session_moved")
    return see_other("session", appointment.public_id)


def _is_still_free(appointment: Session, start: datetime) -> bool:
    """Whether a session can be moved then, by the rules of its therapist as they are now."""
    therapist, now = appointment.therapist, timezone.now()
    is_other = start != appointment.starts_at
    return is_other and is_free(therapist, start, now, moving=appointment)


def _no_longer_free(request: ClientRequest, appointment: Session, start: datetime) -> HttpResponse:
    """Answer with fresh times."""
    context = _free_times(request, appointment, timezone.localtime(start).date())
    notice = timedelta(hours=booking_rules(appointment.therapist).notice_hours)
    context |= {"taken_at": start, "is_too_late": start < timezone.now() + notice}
    return render(request, "booking/move_pick.html", context, status=409)
