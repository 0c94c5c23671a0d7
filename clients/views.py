"""A therapist's Clients list and the page of one client."""

from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clients import listing_words
from clients.forms import ClientForm
from clients.listing import Listing
from clients.models import Invitation
from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.decorators import records
from practice.audit.models import Entry, Verb
from practice.records.retention import kept
from practice.web.responses import banner, render_form, see_other

SEARCH_BOX = "id_q"


@require_safe
@for_therapists
def clients(request: TherapistRequest) -> HttpResponse:
    """List the active clients; with `include=inactive`, everyone; with `q`, those who match."""
    listing = Listing(request.therapist, request.GET)
    # With htmx the search box says what is looked for, and no link has to carry it on.
    address = listing.address.without_name if request.htmx else listing.address
    context = {
        "listing": listing,
        "address": address,
        "count": listing_words.count(listing),
        "announcement": listing_words.announcement(listing),
        "foot": listing_words.foot(listing),
    }
    response = render(request, "clients/clients.html", context)
    if listing.search:
        found = f"{listing.number_shown} found"  # how many, never what for
        Entry.record(
            Verb.LIST_SEARCHED, by=request.user, therapist=request.therapist, outcome=found
        )
    if request.htmx and request.htmx.trigger != SEARCH_BOX:
        response.headers["HX-Push-Url"] = str(listing.address.without_name)
    return response


@require_safe
@for_therapists
@records(Verb.CLIENT_OPENED)
def client(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Show who a client is and which relationships there are."""
    person = get_object_or_404(request.therapist.clients.known(), public_id=client_id)
    ties = person.relationships.in_order().prefetch_related("participations__client")
    sessions = request.therapist.sessions.of_clients([person])
    facts = {
        "client": person,
        "relationships": ties,
        "next_session": sessions.upcoming().first(),
        "kept": kept([person], timezone.now())[0],
    }
    return render(request, "clients/client.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def edit(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Change who a client is. Never touches a relationship's state."""
    person = get_object_or_404(request.therapist.clients.known(), public_id=client_id)
    form = ClientForm(request.POST or None, instance=person)
    if form.is_valid():
        with Entry.recording(
            Verb.CLIENT_CHANGED, by=request.user, therapist=request.therapist, about=person
        ):
            form.save()
        banner(request, "details_saved")
        return see_other("client", client_id)
    # The form has put what was typed on `person`; the page speaks of who it was.
    person = get_object_or_404(request.therapist.clients.known(), public_id=client_id)
    return render_form(request, "clients/edit.html", {"client": person, "form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def invite(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Give a client access: a single-use link, shown here and, where mail is set up, sent.

    The link is part of this very answer, because nothing may keep it until the next page.
    """
    person = get_object_or_404(request.therapist.clients.known(), public_id=client_id)
    if request.method != "POST" or person.account_id or not person.email:
        return see_other("client", client_id)
    with Entry.recording(
        Verb.CLIENT_INVITED, by=request.user, therapist=request.therapist, about=person
    ):
        token = Invitation.create_for(person)
    site = settings.SITE_URL or f"{request.scheme}://{request.get_host()}"
    link = site + reverse("invitation", args=[token])
    facts = {"client": person, "therapist": request.therapist, "link": link}
    if settings.EMAIL_HOST:
        send_mail(
            f"{request.therapist.name} invites you to {settings.SERVICE_NAME}",
            render_to_string("clients/invitation_email.txt", facts, request),
            None,
            [person.email],
        )
    facts["sent"] = bool(settings.EMAIL_HOST)
    return render(request, "clients/invited.html", facts)
