"""Correcting what was recorded wrongly: when a session was, or that it was none."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Verb, records
from practice.diary.forms import TAKEN, CorrectForm
from practice.diary.models import Session
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.SESSION_OPENED)
def correct(  # long for what may stand in the way
    request: TherapistRequest, session_id: str
) -> HttpResponse:
    """Say when a session that has begun really was, or that it was recorded by mistake."""
    appointment = get_object_or_404(request.therapist.sessions.with_people(), public_id=session_id)
    is_sent, is_mistaken = request.method == "POST", "mistaken" in request.POST
    if is_mistaken and appointment.state == Session.State.MISTAKEN:  # by a second click
        return _said(request, session_id, "session_mistaken")
    if not appointment.can_be_corrected:
        return _said(request, session_id, "session_not_corrected")
    form = CorrectForm.of(appointment, request.POST if is_sent and not is_mistaken else None)
    changed = ""
    try:
        if is_sent and not was_shown(request, _shown(appointment)):
            raise Session.Changed
        if is_mistaken:
            appointment.set_mistaken(by=request.user, if_unchanged=True)
            return _said(request, session_id, "session_mistaken")
        if form.is_valid():
            starts_at, length = form.cleaned_data["starts_at"], form.length
            appointment.correct_time(
                starts_at=starts_at, length=length, by=request.user, if_unchanged=True
            )
            return _said(request, session_id, "session_corrected")
    except Session.Taken:
        form.add_error("time", TAKEN)
    except Session.NotYet:
        form.add_error("minutes", "It would not be over yet, and it is noted who came")
    except Session.AlreadyDone:
        return _said(request, session_id, "session_not_corrected")
    except Session.Changed:
        if form.is_valid() and not form.has_changed():  # by a second click
            return _said(request, session_id, "session_corrected")
        changed = f"Nothing was corrected. {LOOK}"
    context = {"form": form, "appointment": appointment, "changed": changed}
    context |= {"shown": _shown(appointment)}
    return render_form(request, "diary/correct.html", context)


def _shown(appointment: Session) -> str:
    """Return what the page says of a session, and in which zone times are typed."""
    return f"{appointment.shown} {timezone.get_current_timezone_name()}"


def _said(request: TherapistRequest, session_id: str, key: str) -> HttpResponse:
    banner(request, key)
    return see_other("session", session_id)
