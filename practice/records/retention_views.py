"""How long a client's records are kept, and whose time is over."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clients.forms import KeepForm
from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.decorators import records
from practice.audit.models import Entry, Verb
from practice.records.retention import due, kept
from practice.web.responses import banner, render_form, see_other

ROWS = 100


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def keep(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Choose how long the records of a client are kept."""
    person = get_object_or_404(request.therapist.clients.known(), public_id=client_id)
    form = KeepForm(request.POST if request.method == "POST" else None, instance=person)
    if form.is_valid():
        facts = {"by": request.user, "therapist": request.therapist, "about": person}
        with Entry.recording(Verb.CLIENT_CHANGED, outcome="keep until", **facts):
            form.save()
        banner(request, "retention_saved")
        return see_other("client", client_id)
    # The form has put what was typed on `person`; the page speaks of what is so.
    person = get_object_or_404(request.therapist.clients.known(), public_id=client_id)
    facts = {"client": person, "form": form, "kept": kept([person], timezone.now())[0]}
    return render_form(request, "records/keep.html", facts)


@require_safe
@for_therapists
def who_is_due(request: TherapistRequest) -> HttpResponse:
    """List the clients whose records need not be kept any more. Erases nobody."""
    rows = due(request.therapist, timezone.now())
    return render(request, "records/due.html", {"rows": rows[:ROWS], "number": len(rows)})
