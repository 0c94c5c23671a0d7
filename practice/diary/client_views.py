"""The Client Dashboard and a client's list of sessions."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from practice.accounts.access import ClientRequest, for_clients
from practice.audit.models import Entry, Verb
from practice.diary.models import Session, SessionQuerySet
from practice.diary.shown_to_clients import (
    cards_of,
    details_in,
    details_of_all,
    held_of,
    next_sessions,
    with_details,
    work_of,
)
from practice.text.spoken import first_name

ROWS_A_PAGE = 25


def _sessions(request: ClientRequest) -> SessionQuerySet:
    return with_details(Session.objects.of_clients(request.clients))


def _record_look(request: ClientRequest) -> None:
    """Record it with each of the client's therapists, in the order of their chains."""
    for me in sorted(request.clients, key=lambda record: record.therapist_id):
        therapist = me.therapist_id
        Entry.record(Verb.DASHBOARD_OPENED, by=request.user, therapist=therapist, about=me)


def _first_name(request: ClientRequest) -> str:
    """Return what they call themselves in their account, if they have said so."""
    return first_name(request.user.name) or request.user.name


@require_safe
@for_clients
def dashboard(request: ClientRequest) -> HttpResponse:
    """Show a client a card for each relationship, and their next sessions."""
    _record_look(request)
    records = list(request.clients)
    work = work_of(records)
    now = timezone.now()
    upcoming = details_in(work, next_sessions(work, records, now), request.user, records)
    number_held, first_held = held_of(work, records, now)
    names = {record.person.first_name for record in records}
    context = {
        "first_name": _first_name(request) or (names.pop() if len(names) == 1 else ""),
        "cards": cards_of(work, records),
        "next": upcoming[0] if upcoming else None,
        "later": upcoming[1:],
        "number_held": number_held,
        "first_held": first_held,
    }
    return render(request, "diary/dashboard.html", context)


@require_safe
@for_clients
def my_sessions(request: ClientRequest) -> HttpResponse:
    """List all of a client's sessions."""
    _record_look(request)
    sessions = _sessions(request)
    past = Paginator(sessions.past(), ROWS_A_PAGE).get_page(request.GET.get("page", "1"))
    context = {
        "upcoming": details_of_all(sessions.upcoming(), request.user),
        "past": details_of_all(past, request.user),
        "page": past,
    }
    return render(request, "diary/my_sessions.html", context)
