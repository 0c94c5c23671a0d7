"""One person leaves a couple, a family or a group, or joins it."""

from datetime import datetime

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from clients.models import Client
from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Verb, records
from practice.diary.models import Session
from practice.text.plain_text import one_line
from practice.text.spoken import soon
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown
from relationships.forms.members import END, JoinForm, LeaveForm
from relationships.forms.people import SOMEONE_ELSE
from relationships.models import Event, Kind, Relationship, lock_people


def _active(request: TherapistRequest, public_id: str) -> Relationship:
    own = request.therapist.relationships.with_last_event().with_people()
    return get_object_or_404(own.select_related("therapist__user"), public_id=public_id)


def _said(request: TherapistRequest, relationship: Relationship, key: str) -> HttpResponse:
    banner(request, key, relationship=relationship)
    return see_other("relationship", relationship.public_id)


def _is_second_click(request: TherapistRequest, relationship: Relationship, kind: str) -> bool:
    """Whether a page is sent once more: what it asks for is the last line of the history."""
    lines = relationship.events.select_related("client__merged_into").order_by("-pk")[:2]
    if request.method != "POST" or len(lines) < 2:
        return False
    last, before = lines
    if (last.kind, last.by_id) != (kind, request.user.pk) or last.client is None:
        return False
    person, who = last.client.person, request.POST.get("who", "")
    is_new = who in ("", SOMEONE_ELSE) and one_line(request.POST.get("name", "")) == person.name
    return was_shown(request, f"active {before.pk}") and (is_new or who == person.public_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def leave(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Say who leaves and when; the others go on, or the work ends."""
    relationship = _active(request, relationship_id)
    if _is_second_click(request, relationship, Event.Kind.LEFT):
        return _said(request, relationship, "somebody_left")
    if relationship.is_ended or relationship.kind == Kind.INDIVIDUAL:
        return _said(request, relationship, "nobody_can_leave")
    data = request.POST if request.method == "POST" else None
    form, changed = LeaveForm(data, relationship=relationship), ""
    try:
        if form.is_bound and not was_shown(request, relationship.shown):
            raise Relationship.Changed
        if form.is_valid() and form.kind == END:
            return see_other("end", relationship_id)
        if form.is_valid() and _leave(request, relationship, form):
            return _said(request, relationship, "somebody_left")
    except Relationship.AlreadyDone:
        return _said(request, relationship, "nobody_can_leave")
    except (Relationship.Changed, Relationship.Impossible):
        relationship = _active(request, relationship_id)
        form = LeaveForm(data, relationship=relationship)
        changed = f"Nothing was noted. {LOOK}"
    context = {"relationship": relationship, "form": form, "changed": changed}
    context |= {"shown": relationship.shown}
    return render_form(request, "relationships/leave.html", context)


@transaction.atomic
def _leave(request: TherapistRequest, relationship: Relationship, form: LeaveForm) -> bool:
    """Let somebody leave, unless they came to a session after that, or nobody else was there.

    Otherwise leaving would take sessions from them, and move figures, or leave one with nobody.
    """
    person, at = form.cleaned_data["person"], form.cleaned_data["at"]
    lock_people([relationship])  # before sessions, as whoever locks both does
    list(relationship.sessions.filter(starts_at__gte=at).select_for_update(no_key=True))
    if words := _in_the_way(relationship, person, at):
        form.add_error("day", f"{words}: enter a later time, or correct that")
        return False
    relationship.leave(person=person, by=request.user, at=at, kind=form.kind, if_unchanged=True)
    Session.fit_attendance(relationship, at)
    return True


def _in_the_way(relationship: Relationship, person: Client, at: datetime) -> str:
    """Return what is said of the last session, at that moment or after, that keeps somebody."""
    since = relationship.sessions.standing().filter(starts_at__gte=at)
    for session in since.with_people().prefetch_related("attendances").order_by("-starts_at"):
        own = [part for part in session.parts if part.client.person == person]
        if any(session.answers.get(part.pk) for part in own):
            return f"{person.first_name} came on {soon(session.starts_at)}"
        if own and len(own) == len(session.parts) and session.has_begun:
            return f"Only {person.first_name} took part on {soon(session.starts_at)}"
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def join(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Say who joins and when: one of the clients, or somebody new."""
    relationship = _active(request, relationship_id)
    if _is_second_click(request, relationship, Event.Kind.JOINED):
        return _said(request, relationship, "somebody_joined")
    if relationship.is_ended or not relationship.can_be_joined:
        return _said(request, relationship, "nobody_can_join")
    data = request.POST if request.method == "POST" else None
    form, changed = JoinForm(data, relationship=relationship), ""
    try:
        if form.is_bound and not was_shown(request, relationship.shown):
            raise Relationship.Changed
        if form.is_valid():
            with transaction.atomic():
                person = form.get_or_create(request.therapist.time_zone, request.user)
                at, kind = form.cleaned_data["at"], form.as_kind
                relationship.join(
                    person=person, by=request.user, at=at, kind=kind, if_unchanged=True
                )
                Session.fit_attendance(relationship, at, joined=person)
            return _said(request, relationship, "somebody_joined")
    except Relationship.AlreadyDone:
        return _said(request, relationship, "nobody_can_join")
    except (Relationship.Changed, Relationship.Impossible):
        relationship = _active(request, relationship_id)
        form = JoinForm(data, relationship=relationship)
        changed = f"Nothing was noted. {LOOK}"
    context = {"relationship": relationship, "form": form, "changed": changed}
    context |= {"shown": relationship.shown}
    return render_form(request, "relationships/join.html", context)
