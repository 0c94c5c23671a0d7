"""Who may open what, in a few plain steps; `tests/access` goes everywhere as everybody."""

import hashlib
from datetime import timedelta
from itertools import product

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Invitation
from practice.booking.dated_hours import DatedHours
from practice.diary.models import Session
from practice.records.merging import merge
from tests.access.forms import TYPED
from tests.access.table import CLIENTS, EVERYBODY, PARTAKERS, ROUTES, TABLE, THERAPISTS
from tests.conftest import browser_of
from tests.factories import ClientFactory, UserFactory, start

METHODS = ["get", "head", "options", "post", "put", "patch", "delete"]
UNKNOWN = "bcdfghjkmn"
NOT_FOR_ALL = [route for route, who in TABLE.items() if who != EVERYBODY]


def test_every_address_is_in_the_table():
    assert sorted(ROUTES) == sorted(TABLE)


class Stage:
    """Alice works with Ann, Bob with Carl; Dora has an account and nothing else."""

    def __init__(self, alice, bob, ann, carl) -> None:
        carl.account = UserFactory(email="carl@mail.example")
        carl.save(update_fields=["account"])
        soon = timezone.now() + timedelta(days=30)
        self.objects = {}
        for whose, client in (("alice", ann), ("bob", carl)):
            relationship = start(client, at=timezone.now() - timedelta(days=90))
            appointment = Session.book(
                relationship, starts_at=soon, length=timedelta(minutes=50), by=client.therapist.user
            )
            record = ClientFactory(therapist=client.therapist)
            merge(record, into=client, by=client.therapist.user)
            hours = client.therapist.dated_hours.create(
                kind=DatedHours.Kind.OPEN,
                day=soon.date(),
                starts="18:00",
                ends="19:00",
            )
            came = client.therapist.imports.create(
                begun_by=client.therapist.user, state="done", finished_at=timezone.now()
            )
            things = (client, relationship, appointment, record, hours, came)
            self.objects[whose] = tuple(thing.public_id for thing in things)
        self.objects["nobody"] = (UNKNOWN,) * 6
        self.browsers = {
            "alice": browser_of(alice.user),
            "bob": browser_of(bob.user),
            "ann": browser_of(ann.account),
            "dora": browser_of(UserFactory(email="dora@mail.example")),
            "anonymous": Browser(),
        }
        self.token = Invitation.create_for(carl_without_account(carl))

    def address(self, route: str, whose: str) -> str:
        client, relationship, appointment, record, hours, came = self.objects[whose]
        for part, value in {
            "<id:client_id>": client,
            "<id:other_id>": record,
            "<id:record_id>": record,
            "<int:pk>": "1",
            "<id:relationship_id>": relationship,
            "<id:session_id>": appointment,
            "<id:datedhours_id>": hours,
            "<id:import_id>": came,
            "<str:day>": "2030-05-06",
            "<str:time>": "1000",
            "<str:what>": "cancelled",
            "<str:token>": self.token,
            "^reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$": "reset/1-set-password/",
            "<slug:slug>": "alice",
        }.items():
            route = route.replace(part, value)
        return f"/{route}"

    def ask(self, who: str, method: str, route: str, whose: str = "alice") -> HttpResponse:
        address = self.address(route, whose)
        sent = (TYPED,) if method == "post" else ()
        return getattr(self.browsers[who], method)(address, *sent)


def carl_without_account(carl):
    """Another client of Bob's, who has not accepted an invitation."""
    return ClientFactory(therapist=carl.therapist, name="Eve Ek", email="eve@mail.example")


@pytest.fixture
def stage(alice, bob, ann, carl) -> Stage:
    return Stage(alice, bob, ann, carl)


def fingerprint() -> str:
    """Return a digest of every row of every table but the browsers' sessions and the audit."""
    digest = hashlib.sha256()
    for model in apps.get_models():
        if model._meta.app_label not in ("sessions", "usersessions", "audit"):
            rows = list(model._base_manager.order_by("pk").values_list())
            digest.update(repr((model._meta.label, rows)).encode())
    return digest.hexdigest()


def test_a_visitor_is_sent_to_sign_in_and_back(stage):
    before = fingerprint()
    for route, method, whose in product(NOT_FOR_ALL, METHODS, ("alice", "nobody")):
        answer = stage.ask("anonymous", method, route, whose)

        assert answer.status_code == 302, route
        assert answer.url == f"/sign-in/?next={stage.address(route, whose)}"
    assert fingerprint() == before


def test_every_page_opens_for_whom_it_is(stage):
    refused = {}
    for route, whom in TABLE.items():
        who = {THERAPISTS: "alice", CLIENTS: "ann", PARTAKERS: "ann"}.get(whom, "dora")
        answer = stage.ask(who, "get", route)
        is_sent_away = "/sign-in/?next" in answer.headers.get("Location", "")
        if is_sent_away or answer.status_code in (403, 404):
            refused[route] = answer.status_code

    # Alice has put up neither a profile nor a picture, Dora has no second factor, and the link of
    # an invitation leads to no calendar and stops no reminders;
    # and this is no demo.
    assert set(refused) <= {
        "account/security/app/remove/",
        "account/security/codes/",
        "account/security/passkeys/<int:pk>/remove/",
        "account/security/passkeys/<int:pk>/rename/",
        "calendar/<str:token>.ics",
        "messages-sent/",
        "reminders/<str:token>/stop/",
        "therapists/<slug:slug>/",
        "therapists/<slug:slug>/photo/",
    }


def test_the_pages_of_the_work_are_there(stage):
    for route in (
        "clients/",
        "clients/<id:client_id>/",
        "clients/<id:client_id>/edit/",
        "clients/<id:client_id>/relationships/",
        "clients/<id:client_id>/relationships/add/",
        "clients/add/",
        "relationships/<id:relationship_id>/",
        "relationships/<id:relationship_id>/end/",
        "account/",
    ):
        assert stage.ask("alice", "get", route).status_code == 200
        assert stage.ask("bob", "get", route, "bob").status_code == 200


def test_head_is_answered_like_get(stage):
    for route in ("", "clients/", "help/", "clients/<id:client_id>/", "privacy/"):
        get, head = (stage.ask("alice", method, route) for method in ("get", "head"))

        assert head.status_code == get.status_code
        assert head.content == b""


@pytest.mark.parametrize(
    "place",
    [
        "/clients/bcdfghjkm/",
        "/clients/bcdfghjkmnp/",
        "/clients/BCDFGHJKMN/",
        "/clients/1/",
        "/clients/bcdfghjk%2Fn/",
        "/clients/bcdfghjk%00n/",
        "/clients/%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5%D9%A6%D9%A7%D9%A8%D9%A9%D9%A0/",
        "/nowhere/",
        "/admin/",
        "/relationships/",
        "/static/../practice/settings.py",
    ],
)
def test_what_is_no_address_is_not_found(as_alice, place):
    assert as_alice.get(place).status_code == 404


def test_losing_a_client_closes_every_door_at_once(stage, ann):
    ann.account = None
    ann.save(update_fields=["account"])

    for route in ("sessions/<id:session_id>/", "book/<id:relationship_id>/"):
        assert stage.ask("ann", "get", route).status_code == 404


def test_a_closed_account_is_out_at_once(stage, alice):
    alice.user.is_active = False
    alice.user.save(update_fields=["is_active"])

    answer = stage.ask("alice", "get", "clients/")

    assert (answer.status_code, answer.url) == (302, "/sign-in/?next=/clients/")
