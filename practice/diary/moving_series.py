"""A session and those after it in its series are moved, once their dates have been checked."""

from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone

from practice.accounts.access import AccountRequest
from practice.diary.forms import FURTHEST_AHEAD, SeriesMoveForm
from practice.diary.models import Session
from practice.diary.obstacles import ObstacleForm, answers_to, settled
from practice.diary.series import Plan, unusual
from practice.diary.views import record_look
from practice.text.spoken import weekday
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown

NOTHING_MOVED = f"Nothing was moved. {LOOK}"


def check(
    request: AccountRequest, form: SeriesMoveForm, appointment: Session, later: list[Session]
) -> HttpResponse:
    """Show each date as it is and as it would be; what cannot be is said at the form."""
    plan = _plan(form, appointment, later)
    last = plan.dates[-1]
    if form.cleaned_data["starts_at"] == appointment.starts_at:
        form.add_error("time", "That is the time they have")
    elif last.day - timezone.localdate() > FURTHEST_AHEAD:
        said = f"The last session would be on {weekday(last.day)}"
        form.add_error("day", f"{said}: choose dates within the next two years")
    if form.errors:
        record_look(request, appointment)
        context = {"form": form, "appointment": appointment}
        return render_form(request, "diary/move.html", context)
    return _dates(request, form, appointment, plan)


def _plan(form: SeriesMoveForm, appointment: Session, later: list[Session]) -> Plan:
    """Return the moves as they would be at present."""
    asked = form.cleaned_data
    to, is_later = datetime.combine(asked["day"], asked["time"]), asked["which"] == "later"
    return Plan.of_moves(appointment.therapist, [appointment, *later], to, later=is_later)


def _shown(plan: Plan) -> str:
    return f"{timezone.get_current_timezone_name()} {plan.shown}"


def _dates(
    request: AccountRequest,
    form: SeriesMoveForm,
    appointment: Session,
    plan: Plan,
    answers: list[ObstacleForm] | None = None,
    changed: str = "",
) -> HttpResponse:
    """Show every date, with what stands in the way of it; nothing is moved yet."""
    record_look(request, appointment)
    answers = answers_to(appointment.therapist, plan, request.POST) if answers is None else answers
    of_key = {answer.planned.key: answer for answer in answers}
    first = next((one for one in plan.dates if one.starts_at), None)
    context = {
        "form": form,
        "appointment": appointment,
        "answers": answers,
        "dates": [(one, of_key.get(one.key)) for one in plan.dates],
        "first": plan.dates[0],
        "last": plan.dates[-1],
        "unusual": first
        and first.starts_at
        and unusual(appointment.therapist, first.starts_at, first.length),
        "shown": _shown(plan),
        "changed": changed,
    }
    return render_form(request, "diary/check_moves.html", context)


def confirm(  # long for what may stand in the way
    request: AccountRequest, form: SeriesMoveForm, appointment: Session, later: list[Session]
) -> HttpResponse:
    """Move what the page of the dates has shown, all or nothing; else show what is so now.

    Raises:
        Session.AlreadyDone: the session is no longer booked.
        Session.Changed: it has been moved so already.
    """
    plan = _plan(form, appointment, later)
    if not was_shown(request, _shown(plan)):
        if form.is_done_to(appointment, request.user):  # a second click
            raise Session.Changed
        return _dates(request, form, appointment, plan, changed=NOTHING_MOVED)
    answers = answers_to(appointment.therapist, plan, request.POST)
    settled_dates = settled(appointment.therapist, plan, answers, form)
    starts = {
        planned.moving.pk: start
        for planned, start in settled_dates
        if planned.moving and start != planned.moving.starts_at
    }
    if not (starts or form.errors):
        form.add_error(None, "Every session stays where it is: there is nothing to move")
    if form.errors:
        return _dates(request, form, appointment, plan, answers)
    try:
        number = appointment.move_with_later(
            starts,
            by=request.user,
            for_client=form.for_client,
            if_still=lambda later: was_shown(request, _shown(_plan(form, appointment, later))),
        )
    except (Session.Taken, Session.Changed):
        appointment.refresh_from_db()
        plan = _plan(form, appointment, list(appointment.later_in_series))
        return _dates(request, form, appointment, plan, changed=NOTHING_MOVED)
    banner(request, "series_moved", number=number)
    return see_other("session", appointment.public_id)
