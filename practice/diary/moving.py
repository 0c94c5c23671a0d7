"""Moving a session: a therapist to any time, a client to one that is free."""

from typing import cast

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import AccountRequest, ClientRequest
from practice.booking import moves_of_clients
from practice.diary import moving_series
from practice.diary.forms import TAKEN, SeriesMoveForm
from practice.diary.models import Session
from practice.diary.views import record_look, session_of
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown


@require_http_methods(["GET", "HEAD", "POST"])
def move(  # long for what may stand in the way
    request: AccountRequest, session_id: str
) -> HttpResponse:
    """Give a booked session another time; a client chooses among those that are free."""
    appointment, is_therapist = session_of(request, session_id)
    if not is_therapist:
        return moves_of_clients.pick(cast(ClientRequest, request), appointment)
    if not appointment.is_upcoming:
        return _is_no_longer_booked(request, session_id)
    later = list(appointment.later_in_series)
    local = timezone.localtime(appointment.starts_at)
    present = {"day": local.date(), "time": local.time()}
    data = request.POST if request.method == "POST" else None
    form = SeriesMoveForm.of(later, data, initial=present)
    is_valid, changed = form.is_valid(), ""
    if "change" in request.POST:  # back from the dates, with what was typed
        return _show(request, form, appointment, later)
    try:
        if is_valid and form.with_later and "check" in request.POST:
            return moving_series.confirm(request, form, appointment, later)
        if form.is_bound and not was_shown(request, _shown(appointment, later)):
            raise Session.Changed
        if is_valid and form.with_later:
            return moving_series.check(request, form, appointment, later)
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
    return _show(request, form, appointment, later, changed)


def _show(
    request: AccountRequest,
    form: SeriesMoveForm,
    appointment: Session,
    later: list[Session],
    changed: str = "",
) -> HttpResponse:
    record_look(request, appointment)
    shown = _shown(appointment, later)
    context = {"form": form, "appointment": appointment, "changed": changed, "shown": shown}
    return render_form(request, "diary/move.html", context)


def _is_no_longer_booked(request: AccountRequest, session_id: str) -> HttpResponse:
    banner(request, "session_not_booked")
    return see_other("session", session_id)


def _shown(appointment: Session, later: list[Session]) -> str:
    """Return what the page to move a session says: it, those after it in its series, the zone."""
    after = f" {len(later)} {later[-1].starts_at.isoformat()}" if later else ""
    return f"{appointment.shown} {timezone.get_current_timezone_name()}{after}"


def _moved(request: AccountRequest, session_id: str) -> HttpResponse:
    banner(request, "session_moved")
    return see_other("session", session_id)
