"""Pages of the practice as a whole: what `/` is, help, accessibility, privacy."""

from collections.abc import Callable
from difflib import get_close_matches
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from clients.models import Client, ClientQuerySet
from practice.accounts.access import View, act_as_therapist, therapist_of
from practice.audit.models import Entry, Verb
from practice.diary.today_views import today
from practice.text.fields import LineField
from practice.text.person_names import fold
from practice.web.responses import render_form, see_other


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Show a therapist their day, and send everybody else to where their work is."""
    if not request.user.is_authenticated:
        return see_other("account_login")
    return today(request) if therapist_of(request.user) else see_other("dashboard")


def page(template: str) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view of a page that says the same to everybody."""

    @require_safe
    @login_not_required
    def static_page(request: HttpRequest) -> HttpResponse:
        return render(request, template)

    return static_page


def for_therapists_and_visitors(view: View) -> View:
    """Show an article about a therapist's pages to whoever may be one; lead clients to theirs."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        is_client = request.user.is_authenticated and not therapist_of(request.user)
        return see_other("help") if is_client else view(request)

    return checked


class MissingClientForm(forms.Form):
    """Whom a therapist cannot spot."""

    use_required_attribute = False
    name = LineField(
        label="Name of the client",
        max_length=120,
        error_messages={"required": "Enter the name of the client you are looking for"},
        widget=forms.TextInput({"autocomplete": "off"}),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
@for_therapists_and_visitors
def cant_spot_a_client(request: HttpRequest) -> HttpResponse:
    """Say every reason why a client can be missing; check them for a name (sent by POST)."""
    therapist = therapist_of(request.user)
    if therapist:
        act_as_therapist()
    elif request.method == "POST" and not request.user.is_authenticated:
        return redirect_to_login(request.path)  # only a therapist is shown the form
    form = MissingClientForm(request.POST if therapist and request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "therapist": therapist}
    if therapist is None or not form.is_valid():
        return render_form(request, "help/cant_spot_a_client.html", context)
    name = form.cleaned_data["name"]
    everybody = therapist.clients.people().in_name_order()
    found = list(everybody.search(name).prefetch_related("merged_records")[:10])
    count = f"{len(found)} found"
    Entry.record(Verb.LIST_SEARCHED, by=therapist.user, therapist=therapist, outcome=count)
    similar = [] if found else _similar(name, everybody)
    context |= {"name": name, "found": found, "similar": similar, "checked": True}
    return render_form(request, "help/cant_spot_a_client.html", context)


def _similar(name: str, everybody: ClientQuerySet) -> list[Client]:
    """Return clients whose name, or one word of it, is spelt nearly so."""
    by_word: dict[str, dict] = {}
    for client in everybody:
        for word in {client.sort_name, *client.search_text.split()}:
            by_word.setdefault(word, {})[client.pk] = client
    wanted = [fold(name), *fold(name).split()]
    words = [w for part in wanted for w in get_close_matches(part, by_word, n=3, cutoff=0.75)]
    return list({pk: client for word in words for pk, client in by_word[word].items()}.values())[:5]
