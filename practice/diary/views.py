"""Sessions, from the therapist's side; a client's session has the same addresses."""

from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import person_or_404
from practice.accounts.access import (
    AccountRequest,
    TherapistRequest,
    act_as_client,
    act_as_therapist,
    for_therapists,
    therapist_of,
)
from practice.audit.models import Entry, Verb, records
from practice.diary.calendar import as_calendar
from practice.diary.forms import TAKEN
from practice.diary.in_series import Series
from practice.diary.models import Session
from practice.diary.putting_back import offer
from practice.diary.shown_to_clients import cards, details, shared_by, with_details
from practice.text.spoken import initials
from practice.web.responses import LOOK, back_to, banner, render_form, see_other, was_shown

ANSWERS = {
    "yes": Session.State.ATTENDED,
    "no": Session.State.MISSED,
    "none": Session.State.NOT_HELD,
}
ROWS_A_PAGE = 25


def session_of(request: AccountRequest, public_id: str) -> tuple[Session, bool]:
    """Return a session of the reader, and whether they are its therapist; else there is none."""
    if therapist := therapist_of(request.user):
        act_as_therapist()
        if own := with_details(therapist.sessions.filter(public_id=public_id)).first():
            return own, True
        act_as_client()
    sessions = with_details(Session.objects.of_clients(request.user.clients.all()))
    if theirs := sessions.filter(public_id=public_id).first():
        return theirs, False
    raise Http404


def record_look(request: AccountRequest, appointment: Session) -> None:
    practice = appointment.therapist_id
    Entry.record(Verb.SESSION_OPENED, by=request.user, therapist=practice, about=appointment)


@require_safe
def session(request: AccountRequest, session_id: str) -> HttpResponse:
    """Session Details, for the therapist and for the client."""
    appointment, is_therapist = session_of(request, session_id)
    return show_session(request, appointment, is_therapist=is_therapist)


def show_session(
    request: AccountRequest, appointment: Session, changed: str = "", *, is_therapist: bool
) -> HttpResponse:
    """Show the page of a session, perhaps with what has `changed` since it was opened."""
    if is_therapist:
        return _details(request, appointment, changed)
    record_look(request, appointment)
    own = cards(request.user.clients.all())
    is_quiet = any(c.is_quiet for c in own if c.public_id == appointment.relationship.public_id)
    shared = shared_by(request.user)
    context = {
        "appointment": details(appointment, request.user, shared, is_quiet=is_quiet),
        **({} if is_quiet else offer(appointment, request.user)),
        "shown": appointment.shown,
        "changed": changed,
    }
    return render_form(request, "diary/my_session.html", context)


def _details(request: AccountRequest, appointment: Session, changed: str = "") -> HttpResponse:
    """Show the therapist's page of a session, perhaps with what has `changed` since."""
    record_look(request, appointment)
    people = appointment.relationship.people
    prefetch_related_objects(people, "account", "merged_records__account")  # for their zones
    context = {
        "appointment": details(appointment, request.user),
        "relationship": appointment.relationship,
        "series": Series.of(appointment),
        "can_answer": appointment.can_be_answered,
        "is_over": appointment.is_over,
        **offer(appointment, request.user),
        "can_correct": {
            "moved": appointment.asked_for_by_client("moved") is not None,
            "cancelled": appointment.asked_for_by_client("cancelled") is not None,
        },
        "shown": appointment.shown,
        "changed": changed,
    }
    return render_form(request, "diary/session.html", context)


@require_safe
def calendar(request: AccountRequest, session_id: str) -> HttpResponse:
    """The session as a calendar file."""
    appointment, is_therapist = session_of(request, session_id)
    record_look(request, appointment)
    people = appointment.relationship.people
    whom = (
        ", ".join(initials(p.name) for p in people) if is_therapist else appointment.therapist.name
    )
    file = as_calendar(appointment, f"Session ({whom})")
    headers = {"Content-Disposition": f'attachment; filename="session-{session_id}.ics"'}
    return HttpResponse(file, content_type="text/calendar; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def attendance(request: TherapistRequest, session_id: str) -> HttpResponse:
    """Say whether the client came."""
    appointment = get_object_or_404(
        with_details(request.therapist.sessions.all()), public_id=session_id
    )
    if request.method != "POST":
        return see_other("session", session_id)
    answer = request.POST.get("attended")
    if answer not in ANSWERS:
        banner(request, "attendance_not_chosen")
        return see_other("session", session_id)
    if appointment.state != ANSWERS[answer]:
        try:
            if appointment.can_be_answered and not was_shown(request, appointment.shown):
                raise Session.Changed
            if answer == "none":
                appointment.set_not_held(by=request.user, if_unchanged=True)
            else:
                appointment.set_attendance(
                    attended=answer == "yes", by=request.user, if_unchanged=True
                )
        except Session.Taken:
            return _details(request, appointment, f"Nothing was noted. {TAKEN}.")
        except (Session.AlreadyDone, Session.NotYet):
            banner(request, "attendance_refused")
            return see_other("session", session_id)
        except Session.Changed:
            return _details(request, appointment, f"Nothing was noted. {LOOK}")
    banner(request, "attendance_noted")
    return back_to(request, "session", session_id)


@require_safe
@for_therapists
@records(Verb.SESSION_OPENED)
def session_series(request: TherapistRequest, session_id: str) -> HttpResponse:
    """List the sessions of the series that a session belongs to."""
    appointment = get_object_or_404(request.therapist.sessions.with_people(), public_id=session_id)
    series = Series.of(appointment)
    if series is None:  # booked alone
        return see_other("session", session_id)
    context = {"appointment": appointment, "series": series}
    return render(request, "diary/session_series.html", context)


@require_safe
@for_therapists
@records(Verb.CLIENT_OPENED)
def client_sessions(request: TherapistRequest, client_id: str) -> HttpResponse:
    """The Sessions tab of a client's page."""
    client = person_or_404(request.therapist.clients.prefetch_related("merged_records"), client_id)
    everything = request.therapist.sessions.of_clients([client]).with_people()
    past = Paginator(everything.past(), ROWS_A_PAGE).get_page(request.GET.get("page", "1"))
    context = {"client": client, "upcoming": everything.upcoming(), "past": past}
    return render(request, "diary/client_sessions.html", context)
