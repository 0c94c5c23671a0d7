"""Pages about people that speak of relationships: the tab, and starting work."""

from uuid import uuid4

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import Client, person_or_404
from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Verb, records
from practice.web.drafts import sent_or_draft
from practice.web.responses import LOOK, banner, render_form, see_other
from relationships.forms.starting import Beginning, BegunOtherwise, begin


@require_safe
@for_therapists
@records(Verb.CLIENT_OPENED)
def relationships(request: TherapistRequest, client_id: str) -> HttpResponse:
    """List every relationship with a client, active ones first."""
    client = person_or_404(request.therapist.clients.prefetch_related("merged_records"), client_id)
    relationships = request.therapist.relationships.of_people([client]).in_order().with_people()
    context = {"client": client, "relationships": relationships}
    return render(request, "relationships/relationships.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def add_client(request: TherapistRequest) -> HttpResponse:
    """Add a client and start work with them, alone or with others."""
    return _begin(request, None, "relationships/add_client.html")


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def add_relationship(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Start another relationship with a client."""
    client = person_or_404(request.therapist.clients.all(), client_id)
    return _begin(request, client, "relationships/add_relationship.html")


def _begin(request: TherapistRequest, client: Client | None, template: str) -> HttpResponse:
    data = sent_or_draft(request)
    beginning, started, changed = Beginning(request.therapist, client, data), None, ""
    try:
        started = begin(beginning, request.user) if beginning.is_bound else None
    except BegunOtherwise as former:
        what = f"your {former.begun} with {former.begun.with_whom}"
        changed = f"This form was sent before, and started {what}. {LOOK}"
        beginning = Beginning(request.therapist, client, (data or {}) | {"key": uuid4()})
    except Client.DoesNotExist:
        raise Http404 from None
    if started:
        banner(request, "relationship_started", relationship=started)
        return see_other("relationship", started.public_id)
    context = {"form": beginning, "client": client, "changed": changed}
    return render_form(request, template, context)
