"""Messages: what is sent, which of it one gets, and how it looks."""

from functools import partial
from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

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
from practice.notifications.previews import (
    CLIENT,
    TO_CLIENTS,
    TO_THERAPISTS,
    Shown,
    preview,
    send_test,
)
from practice.web.responses import banner, render_form, see_other

TO_ME = "me-"  # before a key: the message to the therapist
TO_BOTH = {  # what a therapist's page shows
    **{key: one._replace(label=f"To a client: {one.label}") for key, one in TO_CLIENTS.items()},
    **{
        f"{TO_ME}{key}": one._replace(label=f"To you: {one.label}")
        for key, one in TO_THERAPISTS.items()
    },
}


@require_http_methods(["GET", "HEAD", "POST"])
@for_therapists
def messages(request: TherapistRequest) -> HttpResponse:
    """Choose what is sent to one's clients and to oneself."""
    therapist = request.therapist
    key = _chosen(request, TO_BOTH)
    to_me = key.startswith(TO_ME)
    name = therapist.first_name if to_me else CLIENT
    words = preview(
        TO_BOTH[key], therapist, name=name, zone=therapist.time_zone, to_therapist=to_me
    )
    if request.method == "POST" and request.POST.get("do") == "test":
        return _send_test(request, words, "messages")
    form = MessageSettingsForm(instance=MessageSettings.of(therapist))
    if request.method == "POST":
        form = _save(request)
        if form.is_valid():
            banner(request, "messages_saved")
            return see_other("messages")
    context = _context(words, TO_BOTH, key) | {"form": form, "to_me": to_me}
    return render_form(request, "notifications/messages.html", context)


@transaction.atomic
def _save(request: TherapistRequest) -> MessageSettingsForm:
    """Save what was changed, if it may be, while nobody else does; return the form."""
    Therapist.lock(request.therapist.pk)  # two who make it at once take turns
    form = MessageSettingsForm(request.POST, instance=MessageSettings.of(request.therapist))
    if form.is_valid() and form.has_changed():
        form.save()
        therapist = request.therapist
        Entry.record(
            Verb.SETTINGS_CHANGED, by=request.user, therapist=therapist, outcome="messages"
        )
    return form


@require_http_methods(["GET", "HEAD", "POST"])
@for_clients
def my_messages(request: ClientRequest) -> HttpResponse:
    """Choose when one is reminded, and what one's own calendar says."""
    records = list(request.clients.select_related("therapist__user", "therapist__contact"))
    if not records:
        raise Http404
    key, me = _chosen(request, TO_CLIENTS), records[0]
    words = preview(
        TO_CLIENTS[key], me.therapist, name=me.first_name, zone=me.zone, to_therapist=False
    )
    if request.method == "POST" and request.POST.get("do") == "test":
        return _send_test(request, words, "my_messages")
    form = MyMessagesForm.of(records)
    if request.method == "POST":
        form = _save_mine(request)
        if form.is_valid():
            banner(request, "messages_saved")
            return see_other("my_messages")
    context = _context(words, TO_CLIENTS, key) | {"form": form}
    return render_form(request, "notifications/my_messages.html", context)


@transaction.atomic
def _save_mine(request: ClientRequest) -> MyMessagesForm:
    """Save what was changed in every record of the account, while they are locked."""
    own = request.user.clients.order_by("pk")
    records = list(own.select_for_update(of=("self",), no_key=True))
    form = MyMessagesForm.of(records, request.POST)
    if form.is_valid() and form.chosen:
        own.update(**form.chosen)
        for record in sorted(records, key=lambda record: record.therapist_id):
            therapist = record.therapist_id
            Entry.record(
                Verb.SETTINGS_CHANGED,
                by=request.user,
                therapist=therapist,
                about=record,
                outcome="messages",
            )
    return form


def _chosen(request: AccountRequest, choices: dict[str, Shown]) -> str:
    """Return which message an address asks for; the first, if it asks for none of these."""
    asked = request.GET.get("show", "")
    return asked if asked in choices else next(iter(choices))


def _context(words: Letter, choices: dict[str, Shown], key: str) -> dict[str, Any]:
    return {
        "letter": words,
        "kinds": [(one, shown.label) for one, shown in choices.items()],
        "kind": key,
        "files": choices[key].files,
        "sends": settings.SENDS_MESSAGES,
        "minutes": settings.MESSAGE_GRACE.total_seconds() // 60,
    }


def _send_test(request: AccountRequest, words: Letter, page: str) -> HttpResponse:
    """Send the message that the page shows to its reader, a few times in an hour at most."""
    may = ratelimit.consume(request, action="test_message", user=request.user)
    if not settings.SENDS_MESSAGES or not may:
        banner(request, "test_not_sent")
        return see_other(page)
    run_after_response("sending a test message", partial(send_test, words, request.user, page))
    banner(request, "test_sent")
    return see_other(page)


@require_safe
def messages_sent(request: AccountRequest) -> HttpResponse:
    """Every message of the demo, as its receiver would see it; elsewhere there is no such page."""
    if not settings.DEMO:
        raise Http404
    return render(request, "notifications/messages_sent.html", {"letters": letters_sent()})
