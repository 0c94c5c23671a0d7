"""A therapist takes out all of a client's record, or erases it; a client takes out their own."""

from allauth.account.decorators import reauthentication_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clients.models import Client
from practice.accounts.access import TherapistRequest, for_clients, for_therapists
from practice.audit.decorators import records
from practice.audit.models import Entry, Verb
from practice.records.archive import archive, download
from practice.records.erasure import NotYet, Plan, erase
from practice.records.export_client import record
from practice.records.export_own import own_data
from practice.records.forms import EraseForm
from practice.web.responses import banner, render_form, see_other


def _client(request: TherapistRequest, client_id: str) -> Client:
    people = request.therapist.clients.known().select_related("therapist", "account")
    return get_object_or_404(people, public_id=client_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def export(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Say what an archive of a client holds, and give it."""
    if request.method != "POST":
        return _about_export(request, client_id=client_id)
    data = record(_client(request, client_id), timezone.now())
    file = archive("records/client_archive.html", "client.json", data)
    facts = {"therapist": request.therapist, "about": f"client:{client_id}"}
    Entry.record(Verb.EXPORTED, by=request.user, **facts)
    return download(file, f"client-{client_id}.zip")


@records(Verb.CLIENT_OPENED)
def _about_export(request: TherapistRequest, client_id: str) -> HttpResponse:
    return render(request, "records/export.html", {"client": _client(request, client_id)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def my_data(request: HttpRequest) -> HttpResponse:
    """Say what is held that a client may see, and give it."""
    if request.method != "POST":
        return render(request, "records/my_data.html")
    data = own_data(request.user, request.clients, timezone.now())
    file = archive("records/my_archive.html", "my-data.json", data)
    facts = {"therapist": None, "about": f"account:{request.user.pk}"}
    Entry.record(Verb.EXPORTED, by=request.user, **facts)
    return download(file, "my-data.zip")


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def erase_client(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Say what goes and what stays, and erase a client: whoever has just confirmed who they are."""
    plan = Plan.of(_client(request, client_id))
    return _erase(request, plan) if plan.is_possible else _not_yet(request, plan)


@reauthentication_required
def _erase(request: TherapistRequest, plan: Plan) -> HttpResponse:
    form = EraseForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render_form(request, "records/erase.html", {"plan": plan, "form": form})
    try:
        erase(plan.client, by=request.user, blank_notes=form.cleaned_data["blank_notes"])
    except Client.DoesNotExist:
        raise Http404 from None
    except NotYet:
        return _not_yet(request, Plan.of(plan.client))
    banner(request, "client_erased")
    return see_other("clients")


def _not_yet(request: TherapistRequest, plan: Plan) -> HttpResponse:
    status = 409 if request.method == "POST" else 200
    return render(request, "records/not_yet.html", {"plan": plan}, status=status)
