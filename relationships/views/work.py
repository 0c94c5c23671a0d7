"""A relationship: its page, ending it, undoing that, restarting it, correcting why it ended."""

from datetime import datetime

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Verb, records
from practice.diary.models import upcoming_of, when_attended
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown
from relationships.forms.ending import EndForm, ReasonForm
from relationships.models import Relationship
from relationships.models.choices import EndReason
from relationships.models.history import episodes, history_of, sessions_in
from relationships.models.relationship import people_of
from relationships.reading import Consequences, relationship_or_404, work_of


def _relationship(request: TherapistRequest, public_id: str) -> Relationship:
    """Return the therapist's own, with the clients that a page names and a press need not know."""
    if request.method != "POST":
        return relationship_or_404(request.therapist, public_id)
    return get_object_or_404(request.therapist.relationships.with_last_event(), public_id=public_id)


def _back(request: TherapistRequest, relationship: Relationship, key: str) -> HttpResponse:
    """Return to the relationship page with a banner."""
    banner(request, key, relationship=relationship)
    return see_other("relationship", relationship.public_id)


@require_safe
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def relationship(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Show how the work stands, its history, and the one thing to do next."""
    return _page(request, _relationship(request, relationship_id))


def _page(request: TherapistRequest, relationship: Relationship, changed: str = "") -> HttpResponse:
    """Show the page of a relationship, perhaps with what has `changed` since."""
    prefetch_related_objects([relationship], people_of())
    upcoming, held = upcoming_of(relationship), when_attended(relationship)
    events = history_of(relationship)
    with_them = work_of(request.therapist, relationship.people)
    last_day, break_ends = relationship.planned_end, relationship.on_break_until
    context = {
        "relationship": relationship,
        "completed": len(held),
        "upcoming": upcoming,
        "to_go": last_day and sum(timezone.localdate(s.starts_at) <= last_day for s in upcoming),
        "is_on_break": break_ends and break_ends > timezone.localdate(),
        "history": events,
        "episodes": _episodes(list(reversed(events)), held),
        "others": [work for work in with_them if work.pk != relationship.pk],
        "changed": changed,
        "can_undo": changed and relationship.can_undo(request.user),
    }
    return render_form(request, "relationships/relationship.html", context)


def _episodes(events: list, held: list[datetime]) -> list[dict]:
    """Return each stretch of work with the number of sessions held in it."""
    stretches = episodes(events)
    return [
        {
            "episode": episode,
            "reason": EndReason(episode.reason).label if episode.reason else "",
            "sessions": number,
        }
        for episode, number in zip(stretches, sessions_in(stretches, held), strict=True)
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def end(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Say what ending means, ask why, and end it."""
    relationship = _relationship(request, relationship_id)
    if relationship.is_ended:
        return _back(request, relationship, "relationship_had_ended")
    form, changed = EndForm(request.POST if request.method == "POST" else None), ""
    if form.is_valid():
        try:
            _check(request, relationship)
            relationship.end(by=request.user, if_unchanged=True, **form.cleaned_data)
        except Relationship.AlreadyDone:
            return _back(request, relationship, "relationship_had_ended")
        except Relationship.Changed:
            relationship = _relationship(request, relationship_id)
            changed = f"Nothing was ended. {LOOK}"
        else:
            return _back(request, relationship, "relationship_ended")
    prefetch_related_objects([relationship], people_of())
    context = {
        "relationship": relationship,
        "form": form,
        "consequences": Consequences.of_ending(relationship),
        "upcoming": upcoming_of(relationship),
        "now": timezone.now(),
        "shown": relationship.shown,
        "changed": changed,
    }
    return render_form(request, "relationships/end.html", context)


def _check(request: TherapistRequest, relationship: Relationship) -> None:
    """Raise `Relationship.Changed` where the page showed another ending, or stretch of work."""
    if not was_shown(request, relationship.shown):
        raise Relationship.Changed


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def undo(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Void the ending of the page, made a moment ago; a GET only leads to the relationship."""
    relationship = _relationship(request, relationship_id)
    if request.method != "POST":
        return see_other("relationship", relationship_id)
    try:
        if relationship.is_ended:
            _check(request, relationship)
        relationship.undo_end(by=request.user, if_unchanged=True)
    except Relationship.AlreadyDone:
        return _back(request, relationship, "relationship_is_active")
    except Relationship.Closed:
        return _back(request, relationship, "relationship_is_closed")
    except Relationship.TooLate:
        return _back(request, relationship, "ending_too_old")
    except Relationship.Changed:
        return _not_undone(request, relationship_id=relationship_id)
    return _back(request, relationship, "ending_undone")


@records(Verb.RELATIONSHIP_OPENED)
def _not_undone(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    relationship = _relationship(request, relationship_id)
    return _page(request, relationship, "Nothing was undone. The page shows what is so now.")


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def restart(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Say what restarting means, and take the work up again."""
    relationship = _relationship(request, relationship_id)
    if not relationship.is_ended:
        return _back(request, relationship, "relationship_is_active")
    if relationship.is_closed:
        return _back(request, relationship, "relationship_is_closed")
    changed = ""
    if request.method == "POST":
        try:
            _check(request, relationship)
            relationship.restart(by=request.user, if_unchanged=True)
        except Relationship.AlreadyDone:
            return _back(request, relationship, "relationship_is_active")
        except Relationship.Closed:
            return _back(request, relationship, "relationship_is_closed")
        except Relationship.Changed:
            relationship = _relationship(request, relationship_id)
            changed = f"Nothing was restarted. {LOOK}"
        else:
            return _back(request, relationship, "relationship_restarted")
    prefetch_related_objects([relationship], people_of())
    context = {"relationship": relationship, "shown": relationship.shown, "changed": changed}
    return render_form(request, "relationships/restart.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def reason(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Correct why a relationship ended."""
    relationship = _relationship(request, relationship_id)
    if not relationship.is_ended:
        return _back(request, relationship, "relationship_is_active")
    try:
        is_sent = request.method == "POST"
        form = _correct(request, relationship) if is_sent else ReasonForm.of(relationship)
    except Relationship.AlreadyDone:
        return _back(request, relationship, "reason_unchanged")
    if form.is_valid():
        return _back(request, relationship, "reason_corrected")
    prefetch_related_objects([relationship], people_of())
    context = {"relationship": relationship, "form": form}
    return render_form(request, "relationships/reason.html", context)


@transaction.atomic
def _correct(request: TherapistRequest, relationship: Relationship) -> ReasonForm:
    """Correct the reason, if it may be, while the relationship is locked; return the form."""
    ended = request.therapist.relationships.ended().select_for_update(no_key=True)
    present = ended.filter(pk=relationship.pk).first()
    if present is None:  # taken up again, or erased, a moment ago
        raise Relationship.AlreadyDone
    form = ReasonForm.of(present, request.POST)
    if form.is_valid():
        present.correct_reason(by=request.user, **form.cleaned_data)
    return form
