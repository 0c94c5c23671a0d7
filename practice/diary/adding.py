"""A therapist adds a session, or a series of them once its dates have been checked."""

from uuid import uuid4

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_therapists
from practice.accounts.models import Therapist
from practice.audit.models import Verb, records
from practice.diary.adding_forms import SessionForm
from practice.diary.asked_for import AskedFor
from practice.diary.forms import TAKEN
from practice.diary.free_week import FreeWeek
from practice.diary.models import Session
from practice.diary.obstacles import ObstacleForm, answers_to, settled
from practice.diary.series import Plan, unusual
from practice.text.spoken import first_names, instant
from practice.web.drafts import fill
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown
from relationships.models import Relationship

ADDED = {"": "session_added", "outside": "session_added_outside", "night": "session_added_at_night"}
NOTHING_BOOKED = f"Nothing was booked. {LOOK}"


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def add_session(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Book a session for a client, record one that has taken place, or go on to a series.

    `?day=2026-12-04&time=1800` fills in the form.
    """
    own = request.therapist.relationships.with_people().select_related("therapist__contact")
    relationship = get_object_or_404(own, public_id=relationship_id)
    start = _start(request, relationship)
    form = SessionForm(request.POST if request.method == "POST" else None, initial=start)
    if {"change", "week"} & request.POST.keys():  # back from the dates, or to another week
        form = SessionForm(initial=start)
        fill(form, request.POST)
        return _show(request, relationship, form)
    if form.is_bound and "check" in request.POST and form.is_valid() and form.repeats:
        return _book_series(request, relationship, form)
    if form.is_bound and not was_shown(request, timezone.get_current_timezone_name()):
        return _show(request, relationship, form, f"Nothing was added. {LOOK}")
    if form.is_valid() and form.repeats:
        return _check(request, relationship, form, _plan(request.therapist, form))
    if form.is_valid():
        try:
            added = form.book(relationship, request.user)
        except Session.Taken:
            form.add_error("slot" if form.cleaned_data["slot"] else "time", TAKEN)
        except Session.Changed:
            changed = _has_added(relationship.sessions.get(key=form.cleaned_data["key"]))
            form = SessionForm(request.POST.dict() | {"key": start["key"]})
            return _show(request, relationship, form, changed)
        else:
            what = unusual(request.therapist, added.starts_at, added.length)
            banner(request, "session_recorded" if added.is_over else ADDED[what])
            return see_other("session", added.public_id)
    return _show(request, relationship, form)


def _show(
    request: TherapistRequest, relationship: Relationship, form: SessionForm, changed: str = ""
) -> HttpResponse:
    """Show the form with the free times of a week: the one asked for, or of what was chosen."""
    asked, at = AskedFor.of(request.GET), form.chosen if form.is_bound else None
    if request.method == "POST":
        asked = AskedFor.of({"day": request.POST.get("week") or request.POST.get("day", "")})
    is_turned = "week" in request.POST
    free = FreeWeek.of(
        request.therapist, timezone.localdate(at) if at and not is_turned else asked.day
    )
    start = None if form.is_bound else _free_time_asked_for(free, asked)
    if start or not asked.at:
        form.initial = {**form.initial, "slot": start, "day": None, "time": None}
    form.fields["came"].label = f"Did {first_names(relationship.people)} come?"
    context = {
        "form": form,
        "relationship": relationship,
        "free": free,
        "shown": timezone.get_current_timezone_name(),
        "changed": changed,
    }
    return render_form(request, "diary/add_session.html", context)


def _free_time_asked_for(free: FreeWeek, asked: AskedFor) -> str | None:
    """Return the free time that an address names, if it is one."""
    return next(
        (
            time.value
            for day, times in free.days
            for time in times
            if (day, timezone.localtime(time.starts_at).time()) == asked
        ),
        None,
    )


def _start(request: TherapistRequest, relationship: Relationship) -> dict:
    """Return what the form begins with: perhaps the day and time that a link has named."""
    rules = getattr(request.therapist, "booking_rules", None)
    start: dict[str, object] = {
        "minutes": rules.session_minutes if rules else 50,
        "place": relationship.usual_place,
        "every": "0",
        "key": uuid4(),
    }
    return start | AskedFor.of(request.GET).initial


def _has_added(added: Session) -> str:
    return (
        f"Nothing was added. This page has added a session on {instant(added.starts_at)}: "
        "add this one, too, if you mean another."
    )


def _plan(therapist: Therapist, form: SessionForm) -> Plan:
    """Return the series as it would be at present."""
    asked = form.cleaned_data
    later = asked["which"] == "later"
    return Plan.of(therapist, asked["days"], asked["time"], form.booking["length"], later=later)


def _shown(plan: Plan) -> str:
    return f"{timezone.get_current_timezone_name()} {plan.shown}"


def _check(
    request: TherapistRequest,
    relationship: Relationship,
    form: SessionForm,
    plan: Plan,
    answers: list[ObstacleForm] | None = None,
    changed: str = "",
) -> HttpResponse:
    """Show every date of a series, with what stands in the way of it; nothing is booked yet."""
    answers = answers_to(request.therapist, plan, request.POST) if answers is None else answers
    of_day = {answer.planned.day: answer for answer in answers}
    first = next((one.starts_at for one in plan.dates if one.starts_at), None)
    context = {
        "form": form,
        "answers": answers,
        "dates": [(one, of_day.get(one.day)) for one in plan.dates],
        "first": plan.dates[0],
        "last": plan.dates[-1],
        "unusual": first and unusual(request.therapist, first, plan.dates[0].length),
        "relationship": relationship,
        "shown": _shown(plan),
        "changed": changed,
    }
    return render_form(request, "diary/check_series.html", context)


def _book_series(  # long for what may stand in the way
    request: TherapistRequest, relationship: Relationship, form: SessionForm
) -> HttpResponse:
    """Book what the page of the dates has shown, all or nothing; else show what is so now."""
    therapist, series = request.therapist, form.cleaned_data["key"] or uuid4()
    made = list(relationship.sessions.filter(series=series).order_by("starts_at"))
    if made:  # a double click, or the page again by Back
        banner(request, "series_booked_before", number=len(made))
        return see_other("relationship", relationship.public_id)
    plan = _plan(therapist, form)
    if not was_shown(request, _shown(plan)):
        return _check(request, relationship, form, plan, changed=NOTHING_BOOKED)
    answers = answers_to(therapist, plan, request.POST)
    starts = [start for _, start in settled(therapist, plan, answers, form)]
    if not (starts or form.errors):
        form.add_error(None, "Every date is left out: there is nothing to book")
    if form.errors:
        return _check(request, relationship, form, plan, answers)
    try:
        booked = Session.book_series(
            relationship,
            starts=starts,
            by=request.user,
            series=series,
            allowed=lambda: was_shown(request, _shown(_plan(therapist, form))),
            **form.of_each,
        )
    except (Session.Taken, Session.Changed):
        plan = _plan(therapist, form)
        return _check(request, relationship, form, plan, changed=NOTHING_BOOKED)
    banner(request, "series_booked", number=len(booked))
    return see_other("relationship", relationship.public_id)
