"""A therapist's Clients list and the page of one client."""

from datetime import timedelta

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clients.forms import ClientForm
from clients.list_address import ORDERS, SHOWN
from clients.listing import Listing
from clients.models import person_or_404
from clients.reading import person_with_records_or_404
from practice.accounts.access import TherapistRequest, for_therapists
from practice.audit.models import Entry, Verb, records
from practice.diary.models import next_session_of
from practice.records.retention import retention_periods
from practice.site.first_steps import first_steps
from practice.text.spoken import in_words, zone_name
from practice.web.responses import banner, render_form, repeats_nothing, see_other
from relationships.reading import work_of

SEARCH_BOX = "id_q"
ONE_SEARCH = timedelta(seconds=30)  # so long typing counts as one search


@require_safe
@for_therapists
def clients(request: TherapistRequest) -> HttpResponse:
    """List the active clients; with `include=inactive`, everyone; with `q`, those who match.

    `show` is a kind of work, or that nothing is booked; `sort` says by which session to order.
    """
    is_part = bool(request.htmx and request.htmx.target == "results")
    listing = Listing(request.therapist, request.GET, is_part=is_part)
    # With htmx the search box says what is looked for, and no link has to carry it on.
    address = listing.address.without_name if request.htmx else listing.address
    context = {
        "listing": listing,
        "address": address,
        "caption": "Clients, including inactive" if listing.inactive else "Active clients",
        "choices": (("show", "Show", SHOWN.items()), ("sort", "Order", ORDERS.items())),
        "is_found": bool(request.htmx and request.htmx.target == "main"),
        "next_session": f"Next session ({zone_name(timezone.get_current_timezone_name())})",
        "count": _count(listing),
        "announcement": _announcement(listing),
        "foot": _foot(listing),
        "steps": first_steps(request.therapist) if _is_of_nobody(listing) else [],
    }
    response = render(request, f"clients/{'results' if is_part else 'clients'}.html", context)
    if not listing.search:
        repeats_nothing(response)
    if listing.search and not (request.htmx and _is_searching(request)):
        found = f"{listing.number_shown} found"  # how many, never what for
        Entry.record(
            Verb.LIST_SEARCHED, by=request.user, therapist=request.therapist, outcome=found
        )
    if request.htmx:
        how = "Replace" if request.htmx.trigger == SEARCH_BOX else "Push"
        address = listing.address.encrypted_for(request.user.pk)
        response.headers[f"HX-{how}-Url"] = str(address)
    return response


def _is_searching(request: TherapistRequest) -> bool:
    """Whether the same person's search is on record already, a moment ago: they are typing on."""
    now = timezone.now()
    searches = request.therapist.entries.filter(chain=request.therapist.pk, about="")
    searches = searches.filter(verb=Verb.LIST_SEARCHED, by=request.user.pk)
    return searches.filter(at__range=(now - ONE_SEARCH, now)).order_by("-pk")[:1].exists()


def _is_of_nobody(listing: Listing) -> bool:
    """Whether there is no client at all."""
    is_of_some = listing.search or listing.show
    return not (is_of_some or listing.number_active or listing.number_inactive)


def _count(listing: Listing) -> str:
    """Return the number of clients, as the page shows it."""
    if listing.search and not listing.number_active + listing.number_inactive:
        return f"0 clients{_which(listing)} match “{listing.search}”"
    words = _clients(listing.number_shown, "" if listing.inactive else "active") + _which(listing)
    if listing.search:
        words += f" {_match(listing.number_shown)} “{listing.search}”"
    if not listing.inactive:
        return words
    if not (listing.number_inactive or listing.search or listing.show):
        return f"{words}. You have no inactive clients."
    return words + _parts(listing)


def _announcement(listing: Listing) -> str:
    """Return the same for those who hear the page."""
    if not listing.search:
        return _count(listing)
    if listing.number_shown:
        shown = listing.number_shown
        words = f"{_clients(shown)}{_which(listing)} {_match(shown)} {listing.search}"
        return words + (_parts(listing) if listing.inactive else "")
    if not listing.number_hidden:
        return "No client found."
    hidden = listing.number_hidden
    found = f"{_clients(hidden, 'inactive')} {_match(hidden)} {listing.search}"
    return f"No active client found. {found}."


def _foot(listing: Listing) -> str:
    """Return how much of the list this page is, and how many clients are hidden."""
    shown, hidden, page = listing.number_shown, listing.number_hidden, listing.page
    if page.has_other_pages():
        words = f"Showing {page.start_index()} to {page.end_index()} of {shown} clients."
    else:
        words = "Showing 1 client." if shown == 1 else f"Showing all {shown} clients."
    if not hidden:
        return words
    kind = "matching inactive" if listing.search or listing.show else "inactive"
    return f"{words} {_clients(hidden, kind)} {'is' if hidden == 1 else 'are'} hidden."


def _clients(number: int, kind: str = "") -> str:
    return " ".join(filter(None, [str(number), kind, "client" if number == 1 else "clients"]))


def _which(listing: Listing) -> str:
    """Return which of the clients are shown, where it is not all: " with nothing booked"."""
    return f" with {listing.address.shown}" if listing.show else ""


def _match(number: int) -> str:
    return "matches" if number == 1 else "match"


def _parts(listing: Listing) -> str:
    return f": {listing.number_active} active and {listing.number_inactive} inactive"


@require_safe
@for_therapists
@records(Verb.CLIENT_OPENED)
def client(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Show who a client is and which relationships there are."""
    return show_client(request, client_id)


WITH_NOTES = ("imported_notes", "merged_records__imported_notes")


def show_client(request: TherapistRequest, client_id: str, changed: str = "") -> HttpResponse:
    """Show the page of a client, perhaps with what has `changed` since it was opened."""
    person = person_with_records_or_404(request.therapist, client_id)
    if person.has_notes:  # few have any
        prefetch_related_objects([person], *WITH_NOTES)
    others = [] if person.can_sign_in else [*person.with_same_address().in_name_order()[:10]]
    context = {
        "client": person,
        "relationships": work_of(request.therapist, [person]),
        "next_session": next_session_of(person),
        "kept": retention_periods([person], timezone.now())[0],
        "same_address": in_words(other.name for other in others),
        "sees": "both" if len(others) == 1 else "all of them",
        "changed": changed,
    }
    return render_form(request, "clients/client.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
@records(Verb.CLIENT_OPENED)
def edit(request: TherapistRequest, client_id: str) -> HttpResponse:
    """Change who a client is. Never touches a relationship's state."""
    is_sent = request.method == "POST"
    person = person_or_404(request.therapist.clients.all(), client_id)
    form = _edit(request, client_id) if is_sent else ClientForm(instance=person)
    if form.is_valid():
        banner(request, "details_saved")
        return see_other("client", client_id)
    # The form has put what was typed on its client; the page speaks of who it was.
    person = person_or_404(request.therapist.clients.all(), client_id)
    return render_form(request, "clients/edit.html", {"client": person, "form": form})


@transaction.atomic
def _edit(request: TherapistRequest, client_id: str) -> ClientForm:
    """Save what was changed, if it may be, while the client is locked; return the form."""
    # Perhaps they have been erased since, or merged.
    person = person_or_404(request.therapist.clients.locked(), client_id)
    form = ClientForm(request.POST, instance=person)
    if form.is_valid() and form.has_changed():
        changed = form.save()
        Entry.record(
            Verb.CLIENT_CHANGED, by=request.user, therapist=request.therapist, about=changed
        )
    return form
