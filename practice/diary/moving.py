"""Moving a session: a therapist to any time, a client to one that is free."""

from typing import cast

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import AccountRequest, ClientRequest
from practice.booking import moves_of_clients
from practice.diary.forms import MoveForm
from practice.diary.models import Session
from practice.diary.views import TAKEN, record_look, session_of
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown


@require_http_methods(["GET", "HEAD", "POST"])
def move(request: AccountRequest, session_id: str) -> HttpResponse:
    """Give a booked session another time; a client chooses among those that are free."""
    appointment, is_therapist = session_of(request, session_id)
    if not is_therapist:
        return moves_of_clients.pick(cast(ClientRequest, request), appointment)
    if not appointment.is_upcoming:
        return _is_no_longer_booked(request, session_id)
    local = timezone.localtime(appointment.starts_at)
    present = {"day": local.date(), "time": local.time()}
    form = MoveForm(request.POST if request.method == "POST" else None, initial=present)
    is_valid, changed = form.is_valid(), ""
    try:
        if form.is_bound and not was_shown(request, _shown_to_move(appointment)):
            raise Session.Changed
        if is_valid:
            appointment.move(by=request.user, if_unchanged=True, **form.move)
            return _moved(request, session_id)
    except Session.Taken:
        form.add_error("time", TAKEN)
    except Session.AlreadyDone:
        return _is_no_longer_booked(request, session_id)
    except Session.Changed:
        if is_valid and form.is_done_to(appointment, request.user):
            return _moved(request, session_id)
        changed = f"Nothing was moved. {LOOK}"
    record_look(request, appointment)
    context = {"form": form, "appointment": appointment, "changed": changed}
    return render_form(request, "diary/move.html", context | {"shown": _shown_to_move(appointment)})


def _is_no_longer_booked(request: AccountRequest, session_id: str) -> HttpResponse:
    banner(request, "session_not_booked")
    return see_other("session", session_id)


def _shown_to_move(appointment: Session) -> str:
    """Return what the page to move a session says of it, and in which zone times are typed."""
    return f"{appointment.shown} {timezone.get_current_timezone_name()}"


def _moved(request: AccountRequest, session_id: str) -> HttpResponse:
    banner(request, "session_moved")
    return see_other("session", session_id)
