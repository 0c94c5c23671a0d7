"""Messages: what is sent, which of it one gets, and how it looks."""

from functools import partial
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import Client
from practice.accounts.access import (
    AccountRequest,
    ClientRequest,
    TherapistRequest,
    for_clients,
    for_therapists,
)
from practice.accounts.after_response import run_after_response
from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb
from practice.notifications.demo import letters_sent
from practice.notifications.forms import MessageSettingsForm, MyMessagesForm
from practice.notifications.letters import Letter
from practice.notifications.models import MessageSettings
from practice.notifications.previews import CLIENT, SHOWN, Kind, preview, send_test
from practice.web.responses import banner, render_form, see_other

TO_ME = "me-"  # before a kind: the message to the therapist


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def messages(request: TherapistRequest) -> HttpResponse:
    """Choose what is sent to one's clients and to oneself."""
    therapist, kind = request.therapist, _kind(request)
    zone = therapist.time_zone
    to_me = request.GET.get("show", "").startswith(TO_ME)
    if to_me:
        shown = preview(kind, therapist, name=therapist.first_name, zone=zone, to_therapist=True)
    else:
        shown = preview(kind, therapist, name=CLIENT, zone=zone, to_therapist=False)
    if request.method == "POST" and request.POST.get("do") == "test":
        return _send_test(request, shown, "messages")
    form = MessageSettingsForm(instance=MessageSettings.of(therapist))
    if request.method == "POST":
        form = _save(request)
        if form.is_valid():
            banner(request, "messages_saved")
            return see_other("messages")
    context = _context(shown, kind) | {"form": form, "to_me": to_me}
    context["kinds"] = [
        *((one.value, f"To a client: {one.label}") for one in SHOWN),
        *((f"{TO_ME}{one.value}", f"To you: {one.label}") for one in SHOWN[:3]),
    ]
    context["kind"] = f"{TO_ME if to_me else ''}{kind.value}"
    return render_form(request, "notifications/messages.html", context)


@transaction.atomic
def _save(request: TherapistRequest) -> MessageSettingsForm:
    """Save what was changed, if it may be, while nobody else does; return the form."""
    Therapist.lock(request.therapist.pk)  # two who make it at once take turns
    form = MessageSettingsForm(request.POST, instance=MessageSettings.of(request.therapist))
    if form.is_valid() and form.has_changed():
        form.save()
        practice = request.therapist
        Entry.record(Verb.SETTINGS_CHANGED, by=request.user, therapist=practice, outcome="messages")
    return form


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def my_messages(request: ClientRequest) -> HttpResponse:
    """Choose when one is reminded, and what one's own calendar says."""
    records = list(request.clients.select_related("therapist__user", "therapist__contact"))
    if not records:
        raise Http404
    kind, me = _kind(request), records[0]
    shown = preview(kind, me.therapist, name=me.first_name, zone=me.zone, to_therapist=False)
    if request.method == "POST" and request.POST.get("do") == "test":
        return _send_test(request, shown, "my_messages")
    form = _my_form(request, me, sent=False)
    if request.method == "POST":
        form = _save_mine(request)
        if form.is_valid():
            banner(request, "messages_saved")
            return see_other("my_messages")
    return render_form(
        request, "notifications/my_messages.html", _context(shown, kind) | {"form": form}
    )


def _my_form(request: ClientRequest, me: Client, *, sent: bool) -> MyMessagesForm:
    names = ("reminders", "calendar_names_therapist")
    present = {name: getattr(me, name) for name in names}
    return MyMessagesForm(request.POST if sent else None, initial=present)


@transaction.atomic
def _save_mine(request: ClientRequest) -> MyMessagesForm:
    """Save what was changed in every record of the account, while they are locked."""
    own = request.user.clients.order_by("pk")
    records = list(own.select_for_update(of=("self",), no_key=True))
    form = _my_form(request, records[0], sent=True)
    if form.is_valid() and form.has_changed():
        values = {name: form.cleaned_data[name] for name in form.changed_data}
        own.update(**values)
        for record in sorted(records, key=lambda record: record.therapist_id):
            practice = record.therapist_id
            Entry.record(
                Verb.SETTINGS_CHANGED,
                by=request.user,
                therapist=practice,
                about=record,
                outcome="messages",
            )
    return form


def _kind(request: AccountRequest) -> Kind:
    """Return the kind of message that an address asks for."""
    asked = request.GET.get("show", "").removeprefix(TO_ME)
    return Kind(asked) if asked in SHOWN else Kind.BOOKED


def _context(shown: Letter, kind: Kind) -> dict[str, Any]:
    return {
        "letter": shown,
        "kinds": [(one.value, one.label) for one in SHOWN],
        "kind": kind.value,
        "has_invitation": kind != Kind.REMINDER,
        "sends": settings.SENDS_MESSAGES,
        "minutes": settings.MESSAGE_GRACE.total_seconds() // 60,
    }


def _send_test(request: AccountRequest, shown: Letter, page: str) -> HttpResponse:
    """Send the message that the page shows to its reader, a few times in an hour at most."""
    may = ratelimit.consume(request, action="test_message", user=request.user)
    if not settings.SENDS_MESSAGES or not may:
        banner(request, "test_not_sent")
        return see_other(page)
    run_after_response("sending a test message", partial(send_test, shown, request.user))
    banner(request, "test_sent")
    return see_other(page)


@require_safe
def messages_sent(request: AccountRequest) -> HttpResponse:
    """Every message of the demo, as its receiver would see it; elsewhere there is no such page."""
    if not settings.DEMO:
        raise Http404
    return render(request, "notifications/messages_sent.html", {"letters": letters_sent()})
