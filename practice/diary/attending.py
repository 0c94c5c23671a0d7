"""Saying who came to a session, or that it did not take place."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from clients.models import Client
from practice.accounts.access import TherapistRequest, for_therapists
from practice.diary.forms import TAKEN
from practice.diary.models import Session
from practice.diary.shown_to_clients import with_details
from practice.diary.views import show_to_therapist
from practice.web.responses import LOOK, back_to, banner, see_other, was_shown

ANSWERS = {
    "yes": Session.State.ATTENDED,
    "no": Session.State.MISSED,
    "none": Session.State.NOT_HELD,
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def attendance(request: TherapistRequest, session_id: str) -> HttpResponse:
    """Say who came: all of them, one of several, or those of whom nothing has been said yet."""
    sessions = with_details(request.therapist.sessions.all())
    appointment = get_object_or_404(sessions, public_id=session_id)
    if request.method != "POST":
        return see_other("session", session_id)
    answer, person = request.POST.get("attended"), request.POST.get("person", "")
    people = None if answer == "none" else _people(appointment, person)
    if answer not in ANSWERS or people == []:
        return _to_its_page(request, session_id, "attendance_not_chosen")
    try:
        _note(request, appointment, answer, people)
    except (Session.AlreadyDone, Session.NotYet):
        return _to_its_page(request, session_id, "attendance_refused")
    except (Session.Taken, Session.Changed) as changed:
        if request.htmx:
            return _to_its_page(request, session_id, "attendance_changed")
        why = f"{TAKEN}." if isinstance(changed, Session.Taken) else LOOK
        appointment = sessions.get(pk=appointment.pk)
        return show_to_therapist(request, appointment, f"Nothing was noted. {why}")
    banner(request, "attendance_noted")
    return back_to(request, "session", session_id)


def _to_its_page(request: TherapistRequest, session_id: str, said: str) -> HttpResponse:
    """Lead to the page of the session, which says why nothing was noted.

    Today asks by htmx for a part of itself, and has no place for that page.
    """
    banner(request, said)
    if request.htmx:
        return HttpResponseClientRedirect(reverse("session", args=[session_id]))
    return see_other("session", session_id)


def _people(appointment: Session, person: str) -> list[Client] | None:
    """Return of whom an answer speaks: None is the whole session."""
    if not person:
        return None
    if person != "others":
        return [one for one in appointment.people if one.public_id == person]
    answers = appointment.answers
    return [part.client.person for part in appointment.parts if part.pk not in answers]


def _note(
    request: TherapistRequest, appointment: Session, answer: str, people: list[Client] | None
) -> None:
    """Note an answer, unless that is what is so already; raises what the model does."""
    came, by = answer == "yes", request.user
    shown = appointment.shown if people is None else appointment.shown_of(people)
    answers = appointment.answers
    if people is None:
        is_so = appointment.state == ANSWERS[answer] and not appointment.number_missed
    else:
        parts = [part.pk for part in appointment.parts if part.client.person in people]
        is_so = all(answers.get(part) is came for part in parts)
    if is_so:
        return
    if appointment.can_be_answered and not was_shown(request, shown):
        raise Session.Changed
    if answer == "none":
        appointment.set_not_held(by=by, if_unchanged=True)
    elif people is None:
        appointment.set_attendance(attended=came, by=by, if_unchanged=True)
    else:
        appointment.set_attendance_of(people, attended=came, by=by, if_shown=shown)
