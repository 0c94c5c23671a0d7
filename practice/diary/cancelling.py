"""Cancelling a session and putting it back, from either side; and who asked for a change."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from practice.accounts.access import AccountRequest, TherapistRequest, for_therapists
from practice.diary.forms import SeriesCancelForm, WhoAskedForm
from practice.diary.models import Session
from practice.diary.putting_back import may_put_back
from practice.diary.shown_to_clients import details, shared_by, with_details
from practice.diary.views import record_look, session_of, show_session
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown

NOT_PUT_BACK = "Nothing was put back."
TAKEN_SINCE = f"{NOT_PUT_BACK} You have another session at that time."
NOT_FREE = f"{NOT_PUT_BACK} That time can no longer be booked."


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(  # long for what may stand in the way
    request: AccountRequest, session_id: str
) -> HttpResponse:
    """Cancel a session, from either side: the one that the page has shown."""
    appointment, is_therapist = session_of(request, session_id)
    if not appointment.is_upcoming:
        return _said(request, session_id, "session_not_booked")
    if appointment.has_begun and not is_therapist:
        return _said(request, session_id, "session_has_begun")
    is_sent, changed = request.method == "POST", ""
    later = list(appointment.later_in_series) if is_therapist else []
    data = request.POST if is_sent else None
    form = SeriesCancelForm.of(later, data) if is_therapist else None
    shown = _shown(appointment, later)
    if is_sent and not was_shown(request, shown):
        changed = f"Nothing was cancelled. {LOOK}"
    elif is_sent and (form is None or form.is_valid()):
        for_client = form is None or form.for_client
        try:
            if form and form.with_later:
                number = appointment.cancel_with_later(
                    by=request.user,
                    for_client=for_client,
                    if_still=lambda later: _shown(appointment, later) == shown,
                )
                return _said(request, session_id, "series_cancelled", number=number)
            appointment.cancel(by=request.user, for_client=for_client, if_unchanged=True)
            return _said(request, session_id, "session_cancelled", session=appointment)
        except Session.AlreadyDone:
            return _said(request, session_id, "session_not_booked")
        except Session.HasBegun:
            return _said(request, session_id, "session_has_begun")
        except Session.Changed:
            changed = f"Nothing was cancelled. {LOOK}"
    record_look(request, appointment)
    shared = () if is_therapist else shared_by(request.user)
    context = {
        "appointment": details(appointment, request.user, shared),
        "form": form,
        "shown": shown,
        "changed": changed,
    }
    return render_form(request, "diary/cancel.html", context)


def _shown(appointment: Session, later: list[Session]) -> str:
    """Return what the page to cancel says: the session, and those after it in its series."""
    if not later:
        return appointment.shown
    return f"{appointment.shown} {len(later)} {later[-1].starts_at.isoformat()}"


@require_http_methods(["GET", "HEAD", "POST"])
def put_back(request: AccountRequest, session_id: str) -> HttpResponse:
    """Put a cancelled session back, while its time lies ahead and is free.

    A therapist may whoever cancelled it, a client what they cancelled themselves (`may_put_back`).
    """
    appointment, is_therapist = session_of(request, session_id)
    if request.method != "POST":
        return see_other("session", session_id)
    if not appointment.can_be_put_back_by(request.user):
        return _said(request, session_id, "session_not_put_back")
    try:
        if not was_shown(request, appointment.shown):
            raise Session.Changed
        appointment.put_back(
            by=request.user,
            if_unchanged=True,
            allowed=lambda: may_put_back(appointment, request.user),
        )
    except Session.Taken:
        changed = TAKEN_SINCE if is_therapist else NOT_FREE
        return show_session(request, appointment, changed, is_therapist=is_therapist)
    except (Session.AlreadyDone, Session.HasBegun):
        return _said(request, session_id, "session_not_put_back")
    except Session.Changed:
        changed = f"{NOT_PUT_BACK} {LOOK}"
        return show_session(request, appointment, changed, is_therapist=is_therapist)
    banner(request, "session_put_back", session=appointment)
    return see_other("session", session_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def who_asked(request: TherapistRequest, session_id: str, what: str) -> HttpResponse:
    """Correct who asked for the last move, or for the cancelling, of a session."""
    sessions = with_details(request.therapist.sessions.all())
    appointment = get_object_or_404(sessions, public_id=session_id)
    asked = appointment.asked_for_by_client(what)
    if asked is None:  # put back meanwhile, or never done
        return _said(request, session_id, "nobody_asked")
    shown, changed = f"{appointment.shown} {asked}", ""
    form = WhoAskedForm(
        request.POST if request.method == "POST" else None,
        initial={"asked": "client" if asked else "therapist"},
    )
    if form.is_bound and not was_shown(request, shown):
        if form.is_valid() and form.for_client is asked:  # by a second click
            return _said(request, session_id, "who_asked_corrected")
        changed = f"Nothing was changed. {LOOK}"
    elif form.is_valid():
        try:
            appointment.correct_who_asked(what, for_client=form.for_client, by=request.user)
        except Session.AlreadyDone:
            return _said(request, session_id, "who_asked_unchanged")
        return _said(request, session_id, "who_asked_corrected")
    record_look(request, appointment)
    context = {
        "appointment": details(appointment, request.user),
        "what": what,
        "form": form,
        "shown": shown,
        "changed": changed,
    }
    return render_form(request, "diary/who_asked.html", context)


def _said(
    request: AccountRequest, session_id: str, key: str, **values: Session | int
) -> HttpResponse:
    banner(request, key, **values)
    return see_other("session", session_id)
