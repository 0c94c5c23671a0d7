"""Where sessions take place: one session, or those that a relationship will have."""

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Entry, Verb, records
from practice.diary.forms import PlaceForm, SeriesPlaceForm
from practice.diary.models import Session
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.SESSION_OPENED)
def session_place(request: TherapistRequest, session_id: str) -> HttpResponse:
    """Say where a session takes place, or it and those after it in its series."""
    is_sent, changed = request.method == "POST", ""
    if is_sent:
        form, changed = _save_for_session(request, session_id)
        if form.is_valid() and not changed:
            banner(request, "place_saved")
            return see_other("session", session_id)
    appointment = get_object_or_404(request.therapist.sessions.with_people(), public_id=session_id)
    later = list(appointment.later_in_series)
    if not is_sent:
        form = SeriesPlaceForm.of(later, initial={"place": appointment.place})
    context = {"form": form, "appointment": appointment, "later": later}
    context |= {"changed": changed, "shown": _shown(later)}
    return render_form(request, "diary/session_place.html", context)


def _shown(later: list[Session]) -> str:
    """Return what the page says of those after a session in its series."""
    return f"{len(later)} {later[-1].starts_at.isoformat()}" if later else ""


@transaction.atomic
def _save_for_session(request: TherapistRequest, session_id: str) -> tuple[SeriesPlaceForm, str]:
    """Save what was changed while all that may change is locked; return the form.

    And what has changed since its page was opened, if that is why nothing was saved.
    """
    own = request.therapist.sessions.select_for_update(no_key=True)
    present = get_object_or_404(own, public_id=session_id)
    later = list(present.later_in_series.select_for_update(no_key=True))
    form = SeriesPlaceForm.of(later, request.POST, initial={"place": present.place})
    if not form.is_valid():
        return form, ""
    if later and not was_shown(request, _shown(later)):
        return form, f"Nothing was saved. {LOOK}"
    for one in [present, *(later if form.with_later else [])]:
        if one.place != form.cleaned_data["place"]:
            one.set_place(form.cleaned_data["place"], by=request.user)
    return form, ""


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def relationship_place(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Say where the sessions of a relationship take place that are booked from now on."""
    is_sent = request.method == "POST"
    if is_sent:
        form = _save_for_relationship(request, relationship_id)
        if form.is_valid():
            banner(request, "place_saved")
            return see_other("relationship", relationship_id)
    own = request.therapist.relationships.with_people().select_related("therapist__contact")
    relationship = get_object_or_404(own, public_id=relationship_id, is_closed=False)
    if not is_sent:
        form = PlaceForm(initial={"place": relationship.place})
    context = {"form": form, "relationship": relationship}
    return render_form(request, "diary/relationship_place.html", context)


@transaction.atomic
def _save_for_relationship(request: TherapistRequest, relationship_id: str) -> PlaceForm:
    """Save what was changed, if it may be, while the relationship is locked; return the form."""
    own = request.therapist.relationships.select_for_update(no_key=True)
    present = get_object_or_404(own, public_id=relationship_id, is_closed=False)
    form = PlaceForm(request.POST, initial={"place": present.place})
    if form.is_valid() and form.has_changed():
        present.place = form.cleaned_data["place"]
        present.save(update_fields=["place"])
        therapist = present.therapist_id
        Entry.record(Verb.PLACE_CHANGED, by=request.user, therapist=therapist, about=present)
    return form
