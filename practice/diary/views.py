"""Sessions, from the therapist's side; a client's session has the same addresses."""

from typing import NamedTuple, Self

from django.core.paginator import Paginator
from django.db.models import prefetch_related_objects
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from clients.models import Client, person_or_404
from practice.accounts.access import (
    AccountRequest,
    TherapistRequest,
    act_as_client,
    act_as_therapist,
    for_therapists,
    therapist_of,
)
from practice.audit.models import Entry, Verb, records
from practice.diary.calendar import as_calendar, title
from practice.diary.in_series import Series
from practice.diary.models import Session
from practice.diary.putting_back import offer
from practice.diary.shown_to_clients import cards, details, shared_by, with_details
from practice.web.responses import render_form, see_other

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


class WhoCame(NamedTuple):
    """One of several people, with what is said of whether they came, and as a page says it."""

    person: Client
    came: bool | None
    shown: str

    @classmethod
    def of(cls, appointment: Session) -> list[Self]:
        """Return those of whom it can be said."""
        answers = appointment.answers
        return [
            cls(person, answers.get(part.pk), appointment.shown_of([person]))
            for part in appointment.parts
            if not (person := part.client.person).is_erased
        ]


def record_look(request: AccountRequest, appointment: Session) -> None:
    therapist = appointment.therapist_id
    Entry.record(Verb.SESSION_OPENED, by=request.user, therapist=therapist, about=appointment)


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
        return show_to_therapist(request, appointment, changed)
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


def show_to_therapist(
    request: AccountRequest, appointment: Session, changed: str = ""
) -> HttpResponse:
    """Show the therapist's page of a session, perhaps with what has `changed` since."""
    record_look(request, appointment)
    people = appointment.people
    prefetch_related_objects(people, "account", "merged_records__account")  # for their zones
    context = {
        "appointment": details(appointment, request.user),
        "relationship": appointment.relationship,
        "people": people,
        "with_whom": appointment.with_whom,
        "series": Series.of(appointment),
        "can_answer": appointment.can_be_answered,
        "can_be_corrected": appointment.can_be_corrected,
        "is_over": appointment.is_over,
        "who_came": (who_came := WhoCame.of(appointment)),
        "number_missed": appointment.number_missed,
        "shown_of_others": appointment.shown_of([p.person for p in who_came if p.came is None]),
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
    own = request.user.clients.filter(therapist=appointment.therapist_id)
    names = not is_therapist and own.filter(calendar_names_therapist=True).exists()
    summary = title(appointment, for_therapist=is_therapist, names_therapist=names)
    file = as_calendar(appointment, summary)
    headers = {"Content-Disposition": f'attachment; filename="appointment-{session_id}.ics"'}
    return HttpResponse(file, content_type="text/calendar; charset=utf-8", headers=headers)


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
