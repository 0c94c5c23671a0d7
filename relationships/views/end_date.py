"""Correcting when work ended."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Verb, records
from practice.web.responses import LOOK, banner, render_form, see_other, was_shown
from relationships.forms.end_date import EndDateForm
from relationships.models import Relationship


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.RELATIONSHIP_OPENED)
def correct_end(request: TherapistRequest, relationship_id: str) -> HttpResponse:
    """Correct when a relationship ended."""
    own = request.therapist.relationships.with_people().with_last_event()
    relationship = get_object_or_404(own, public_id=relationship_id)
    if not relationship.ended_at:
        banner(request, "relationship_is_active", relationship=relationship)
        return see_other("relationship", relationship_id)
    at = timezone.localtime(relationship.ended_at)
    form = EndDateForm(
        request.POST if request.method == "POST" else None,
        initial={"day": at.date(), "time": at.time()},
        relationship=relationship,
    )
    changed = ""
    try:
        if form.is_bound and not was_shown(request, relationship.shown):
            raise Relationship.AlreadyDone
        if form.is_valid():
            relationship.correct_end(
                by=request.user, at=form.cleaned_data["at"], ended_at=relationship.ended_at
            )
            banner(request, "ending_dated", relationship=relationship)
            return see_other("relationship", relationship_id)
    except (Relationship.AlreadyDone, Relationship.Impossible):
        relationship = get_object_or_404(own, public_id=relationship_id)
        changed = f"Nothing was corrected. {LOOK}"
    context = {"relationship": relationship, "shown": relationship.shown, "changed": changed}
    return render_form(request, "relationships/end_date.html", context | {"form": form})
