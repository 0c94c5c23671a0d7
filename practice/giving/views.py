"""Giving: a therapist takes out all of a client's record, a client all of their own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from practice.accounts.access import TherapistRequest, for_clients, for_therapists
from practice.giving.archive import archive, download
from practice.giving.own import own_data
from practice.giving.record import record


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def export(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Say what an archive of a client holds, and give it."""
    people = request.therapist.clients.select_related("therapist")
    person = get_object_or_404(people, public_id=client_id)
    if request.method != "POST":
        return render(request, "giving/export.html", {"client": person})
    data = record(person, timezone.now())
    return download(
        archive("giving/client_archive.html", "client.json", data), f"client-{client_id}.zip"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def my_data(request: HttpRequest) -> HttpResponse:
    """Say what is held that a client may see, and give it."""
    if request.method != "POST":
        return render(request, "giving/my_data.html")
    data = own_data(request.user, request.clients, timezone.now())
    return download(archive("giving/my_archive.html", "my-data.json", data), "my-data.zip")
