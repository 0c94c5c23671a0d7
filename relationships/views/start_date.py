"""Giving work an earlier start than is recorded."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Verb, records
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown
from relationships.forms.start_date import StartDateForm
from relationships.models import Relationship


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def correct_start(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Correct when a relationship started, to an earlier day."""
    own = request.therapist.relationships.with_people()
    relationship = get_object_or_404(own, public_id=relationship_id)
    sessions = relationship.sessions.standing().order_by("starts_at")
    form = StartDateForm(
        request.POST if request.method == "POST" else None,
        initial={"day": timezone.localdate(relationship.started_at)},
        relationship=relationship,
        first_session=sessions.values_list("starts_at", flat=True).first(),
    )
    shown, changed = relationship.started_at.isoformat(), ""
    try:
        if form.is_bound and not was_shown(request, shown):
            raise Relationship.AlreadyDone
        if form.is_valid():
            relationship.correct_start(
                by=request.user, at=form.at, started_at=relationship.started_at
            )
            banner(request, "start_corrected", relationship=relationship)
            return see_other("relationship", relationship_id)
    except Relationship.AlreadyDone:
        relationship = get_object_or_404(own, public_id=relationship_id)
        shown, changed = relationship.started_at.isoformat(), f"Nothing was corrected. {LOOK}"
    context = {"relationship": relationship, "form": form, "shown": shown, "changed": changed}
    return render_form(request, "relationships/start_date.html", context)
