"""Faults to plant, of the kinds that hit others, each with the routes where the walk must find it.

`FORGOTTEN_FILTERS` lack an ownership filter: on PostgreSQL row-level security stops every one.
"""

import logging
from collections.abc import Callable

import pytest
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet, Value
from django.forms import modelform_factory
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from clients import listing
from clients import reading as clients_reading
from clients import views as clients_views
from clients.forms import ClientForm
from clients.models import Client
from practice.accounts import access
from practice.accounts.access import EmailBackend
from practice.accounts.models import Therapist
from practice.booking import book, diary
from practice.database.compiled import MOMENT, TEXT, CompiledQuery, Given
from practice.diary import client_views, shown_to_clients
from practice.diary.lines import lines_of
from practice.diary.models import Session, SessionQuerySet
from practice.profiles import views as profiles_views
from practice.profiles.models import Profile
from practice.site import errors
from practice.web.responses import render_form
from relationships import reading
from relationships.models import Relationship
from relationships.views import work as relationships_views

Patch = pytest.MonkeyPatch


def everybodys(name: str, model: type[Model]) -> Callable[[Patch], None]:
    """Forget whose: `therapist.<name>` is everybody's."""
    return lambda patch: patch.setattr(Therapist, name, property(lambda self: model.objects))


def any_relationship_is_opened(patch: Patch) -> None:
    def whichever(given: Given) -> QuerySet:
        anybodys = Relationship.objects.filter(public_id=given("public_id", TEXT))
        return anybodys.with_last_event().select_related("therapist__contact")

    patch.setattr(reading, "WITH_CONTACT", CompiledQuery(whichever))


def any_client_is_opened(patch: Patch) -> None:
    def whichever(given: Given) -> QuerySet:
        named = Client.objects.filter(public_id=given("public_id", TEXT))
        anybodys = Client.objects.filter(person_id__in=named.values("person_id"))
        return anybodys.select_related("account")

    patch.setattr(clients_reading, "RECORDS", CompiledQuery(whichever))


def list_of_everybody(patch: Patch) -> None:
    patch.setattr(listing, "_people", lambda given: Client.objects.people())
    patch.setattr(listing, "PAGE", CompiledQuery(listing.PAGE._build))  # anew


def diary_of_everybody(patch: Patch) -> None:
    def between(given: Given) -> QuerySet:
        after, first = given("after", MOMENT), given("first", MOMENT)
        return lines_of(Session.objects.ending_after(first).filter(starts_at__lt=after))

    patch.setattr(diary, "BETWEEN", CompiledQuery(between))


def any_client_takes_part(patch: Patch) -> None:
    patch.setattr(SessionQuerySet, "of_clients", lambda self, clients: self)


def cards_of_everybody(module: object) -> Callable[[Patch], None]:
    return lambda patch: patch.setattr(
        module, "work_of", lambda records: shown_to_clients.work_of(list(Client.objects.all()))
    )


def anybody_books(patch: Patch) -> None:
    def whichever(request: HttpRequest, public_id: str) -> Relationship:
        return get_object_or_404(
            Relationship.objects.annotate(is_quiet=Value(False)), public_id=public_id
        )

    patch.setattr(book, "own_work", whichever)


def drafts_are_public(patch: Patch) -> None:
    def visible(request: HttpRequest, slug: str) -> Profile:
        return get_object_or_404(Profile.objects.select_related("therapist"), therapist__slug=slug)

    patch.setattr(profiles_views, "_visible", visible)


def _named(request: HttpRequest) -> str:
    ids = [part for part in request.path.split("/") if len(part) == 10]
    return ", ".join(Client.objects.filter(public_id__in=ids).values_list("name", flat=True))


def refusal_names_the_client(patch: Patch) -> None:
    def with_name(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        answer = render(request, *args, **kwargs)
        answer.content += _named(request).encode()
        return answer

    patch.setattr(errors, "render", with_name)


def header_names_the_client(patch: Patch) -> None:
    def with_header(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        answer = render(request, *args, **kwargs)
        answer.headers["X-About"] = _named(request)
        return answer

    patch.setattr(errors, "render", with_header)


def strangers_are_told_that_it_exists(patch: Patch) -> None:
    find = relationships_views.relationship_or_404

    def lookup(therapist: Therapist, public_id: str) -> Relationship:
        same = Relationship.objects.filter(public_id=public_id)
        if same.exclude(therapist=therapist).exists():
            raise PermissionDenied
        return find(therapist, public_id)

    patch.setattr(relationships_views, "relationship_or_404", lookup)


def form_takes_every_column(patch: Patch) -> None:
    wide = modelform_factory(Client, form=ClientForm, fields="__all__", exclude=[])
    patch.setattr(clients_views, "ClientForm", wide)


def looking_writes(patch: Patch) -> None:
    def counting(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        Client.objects.update(preferred_name="seen")
        return render_form(request, *args, **kwargs)

    patch.setattr(clients_views, "render_form", counting)


def a_look_is_taken_for_a_press(patch: Patch) -> None:
    find = relationships_views._relationship

    def taken_up_again(request: HttpRequest, relationship_id: str) -> Relationship:
        found = find(request, relationship_id)
        if request.method != "POST" and found.is_ended:
            found.restart(by=request.user)
        return found

    patch.setattr(relationships_views, "_relationship", taken_up_again)


def closed_accounts_are_let_in(patch: Patch) -> None:
    patch.setattr(EmailBackend, "user_can_authenticate", lambda self, user: True)


def visitors_are_let_in(patch: Patch) -> None:
    patch.setattr(LoginRequiredMiddleware, "process_view", lambda *args: None)


def a_client_is_taken_for_their_therapist(patch: Patch) -> None:
    def confused(user: object) -> Therapist | None:
        record = user.clients.first() if user.is_authenticated else None
        return record.therapist if record else getattr(user, "therapist", None)

    patch.setattr(access, "therapist_of", confused)


def card_tells_the_reason(patch: Patch) -> None:
    patch.setattr(Relationship, "get_kind_display", lambda self: self.end_reason)


def others_have_full_names(patch: Patch) -> None:
    patch.setattr(Client, "first_name", property(lambda self: self.name))


def the_log_names_the_client(patch: Patch) -> None:
    def telling(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        logging.getLogger("django.request").warning("Opened: %s", _named(request))
        return render_form(request, *args, **kwargs)

    patch.setattr(clients_views, "render_form", telling)


def a_mail_names_the_client(patch: Patch) -> None:
    def telling(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        mail.send_mail("Opened", _named(request), None, ["somebody@mail.example"])
        return render_form(request, *args, **kwargs)

    patch.setattr(clients_views, "render_form", telling)


FORGOTTEN_FILTERS = {
    "B1 read a stranger's client": (any_client_is_opened, "clients/<id:client_id>/"),
    "B1 read a stranger's relationship": (
        any_relationship_is_opened,
        "relationships/<id:relationship_id>/",
    ),
    "B1 read a stranger's session": (any_client_takes_part, "sessions/<id:session_id>/"),
    "B1 take a stranger's calendar file": (
        everybodys("sessions", Session),
        "sessions/<id:session_id>/move/",
    ),
    "B2 edit a stranger's client": (
        everybodys("clients", Client),
        "clients/<id:client_id>/edit/",
    ),
    "B2 invite a stranger's client": (
        everybodys("clients", Client),
        "clients/<id:client_id>/invite/",
    ),
    "B2 end a stranger's relationship": (
        everybodys("relationships", Relationship),
        "relationships/<id:relationship_id>/end/",
    ),
    "B2 cancel a stranger's session": (any_client_takes_part, "sessions/<id:session_id>/cancel/"),
    "B3 list everybody's clients": (list_of_everybody, "clients/"),
    "B3 list everybody's sessions": (any_client_takes_part, "dashboard/sessions/"),
    "B3 a diary of everybody": (diary_of_everybody, "diary/<str:day>/"),
    "B3 a dashboard of everybody": (cards_of_everybody(client_views), "dashboard/"),
    "B4 an id is taken for a permission": (anybody_books, "book/<id:relationship_id>/"),
    "B5 a refusal tells that it exists": (
        strangers_are_told_that_it_exists,
        "relationships/<id:relationship_id>/",
    ),
    "B9 a search goes through everybody": (
        everybodys("clients", Client),
        "help/cant-spot-a-client/",
    ),
    "B9 people are recognised everywhere": (everybodys("clients", Client), "clients/add/"),
}
OTHERS = {
    "B5 a refusal names the client": (refusal_names_the_client, "clients/<id:client_id>/"),
    "B5 a header names the client": (header_names_the_client, "clients/<id:client_id>/"),
    "B5 the log names the client": (the_log_names_the_client, "clients/<id:client_id>/"),
    "B5 a mail names the client": (a_mail_names_the_client, "clients/<id:client_id>/"),
    "a draft of a profile is public": (drafts_are_public, "therapists/<slug:slug>/"),
    "B6 a form takes every column": (form_takes_every_column, "clients/<id:client_id>/edit/"),
    "B7 looking writes": (looking_writes, "clients/<id:client_id>/"),
    "B7 a look at what has ended restarts it": (
        a_look_is_taken_for_a_press,
        "relationships/<id:relationship_id>/restart/",
    ),
    "B8 a closed account is let in": (closed_accounts_are_let_in, "dashboard/"),
    "a visitor is let in": (visitors_are_let_in, "clients/"),
    "a client is taken for their therapist": (a_client_is_taken_for_their_therapist, "clients/"),
    "a card tells the reason": (card_tells_the_reason, "dashboard/"),
    "others have full names": (others_have_full_names, "dashboard/"),
}
