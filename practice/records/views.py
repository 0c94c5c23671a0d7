"""A therapist keeps, takes out or erases a client's record; a client takes out their own."""

import zipfile
from io import BytesIO

from allauth.account.decorators import reauthentication_required
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clients.forms import KeepForm
from clients.models import Client, person_or_404
from practice.accounts.access import ClientRequest, TherapistRequest, for_clients, for_therapists
from practice.audit.models import Entry, Verb, records
from practice.records.erasure import Changed, NotYet, Plan, erase
from practice.records.export_client import export_client
from practice.records.export_own import own_data
from practice.records.forms import EraseForm
from practice.records.retention import ROWS_A_PAGE, periods_of_people, retention_periods
from practice.records.settling import RecordsToReview
from practice.records.shapes import as_json
from practice.web.responses import LOOK, banner, render_form, see_other, shown_by

NOTHING = "Nothing was erased."


def _client(request: TherapistRequest, client_id: str) -> Client:
    people = request.therapist.clients.select_related("therapist", "account")
    return person_or_404(people.prefetch_related("merged_records__account"), client_id)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def export(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Say what an archive of a client holds, and give it."""
    if request.method != "POST":
        return _about_export(request, client_id=client_id)
    data = export_client(_client(request, client_id), timezone.now())
    file = _archive("records/client_archive.html", "client.json", data)
    about = f"client:{client_id}"
    Entry.record(Verb.EXPORTED, by=request.user, therapist=request.therapist, about=about)
    return _download(file, f"client-{client_id}.zip")


@records(Verb.CLIENT_OPENED)
def _about_export(request: TherapistRequest, client_id: str) -> HttpResponse:
    return render(request, "records/export.html", {"client": _client(request, client_id)})


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def my_data(request: ClientRequest) -> HttpResponse:
    """Say what is held that a client may see, and give it."""
    if request.method != "POST":
        return render(request, "records/my_data.html")
    data = own_data(request.user, request.clients, timezone.now())
    file = _archive("records/my_archive.html", "my-data.json", data)
    about = f"account:{request.user.pk}"
    Entry.record(Verb.EXPORTED, by=request.user, therapist=None, about=about)
    return _download(file, "my-data.zip")


def _archive(template: str, data_name: str, data: dict) -> bytes:
    """Return a ZIP of `index.html`, made by a template, and of the same data as JSON."""
    page = render_to_string(template, {"data": data})
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("index.html", page)
        bundle.writestr(data_name, as_json(data))
    return file.getvalue()


def _download(content: bytes, name: str) -> HttpResponse:
    """Answer with an archive that the browser saves under this name, and keeps nowhere else."""
    return HttpResponse(
        content,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store, private",
        },
    )


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
    changed = ""
    if form.is_valid():
        blank_notes = form.cleaned_data["blank_notes"]
        try:
            erase(plan.client, by=request.user, blank_notes=blank_notes, shown=shown_by(request))
        except Client.DoesNotExist:
            raise Http404 from None
        except NotYet:
            return _not_yet(request, Plan.of(plan.client))
        except Changed:
            plan = Plan.of(_client(request, plan.client.public_id))
            form, changed = EraseForm(initial={"blank_notes": blank_notes}), f"{NOTHING} {LOOK}"
        else:
            banner(request, "client_erased")
            return see_other("clients")
    context = {"plan": plan, "form": form, "shown": plan.shown, "changed": changed}
    return render_form(request, "records/erase.html", context)


def _not_yet(request: TherapistRequest, plan: Plan) -> HttpResponse:
    status = 409 if request.method == "POST" else 200
    return render(request, "records/not_yet.html", {"plan": plan}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def keep(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Choose how long the records of a client are kept."""
    is_sent = request.method == "POST"
    form = _keep(request, client_id) if is_sent else KeepForm(instance=_client(request, client_id))
    if form.is_valid():
        banner(request, "retention_saved")
        return see_other("client", client_id)
    # The form has put what was typed on its client; the page speaks of what is so.
    person = _client(request, client_id)
    context = {
        "client": person,
        "form": form,
        "kept": retention_periods([person], timezone.now())[0],
    }
    return render_form(request, "records/keep.html", context)


@transaction.atomic
def _keep(request: TherapistRequest, client_id: str) -> KeepForm:
    """Save what was changed, if it may be, while the client is locked; return the form."""
    # Perhaps they have been erased since, or merged.
    person = person_or_404(request.therapist.clients.locked(), client_id)
    form = KeepForm(request.POST, instance=person)
    if form.is_valid() and form.has_changed():
        by, changed = request.user, form.save()
        Entry.record(
            Verb.CLIENT_CHANGED,
            by=by,
            therapist=request.therapist,
            about=changed,
            outcome="keep until",
        )
    return form


@require_safe
@for_therapists
def who_is_due(request: TherapistRequest) -> HttpResponse:
    """List the clients whose records need not be kept any more. Erases nobody."""
    now = timezone.now()
    waiting = RecordsToReview(request.therapist, now)
    page = Paginator(range(len(waiting)), ROWS_A_PAGE).get_page(request.GET.get("page", "1"))
    people = waiting[page.start_index() - 1 : page.end_index()] if waiting else []
    rows = periods_of_people(request.therapist, people, now) if people else []
    context = {"rows": rows, "page": page, "number": len(waiting)}
    return render(request, "records/due.html", context)
