"""Every address, for everybody, with every method: who may open what, and what is never changed.

The table names each address of the site once. An address that is missing here fails the suite.
"""

import hashlib
import re
from datetime import timedelta
from itertools import product

import pytest
from django.apps import apps
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import URLPattern, get_resolver
from django.utils import timezone

from clients.models import Invitation
from practice.diary.models import Session
from tests.conftest import browser_of
from tests.factories import UserFactory, start

EVERYBODY, SIGNED_IN, THERAPISTS, CLIENTS, PARTAKERS = range(5)

TABLE = {
    "": EVERYBODY,
    "accessibility/": EVERYBODY,
    "account/": SIGNED_IN,
    "account/security/": SIGNED_IN,
    "account/security/app/add/": SIGNED_IN,
    "account/security/app/remove/": SIGNED_IN,
    "account/security/codes/": SIGNED_IN,
    "account/security/codes/new/": SIGNED_IN,
    "account/security/elsewhere/": SIGNED_IN,
    "account/security/passkeys/<int:pk>/remove/": SIGNED_IN,
    "account/security/passkeys/<int:pk>/rename/": SIGNED_IN,
    "account/security/passkeys/add/": SIGNED_IN,
    "account/time-left/": SIGNED_IN,
    "book/<id:relationship_id>/": CLIENTS,
    "book/<id:relationship_id>/<str:day>/<str:time>/": CLIENTS,
    "caseload/": THERAPISTS,
    "caseload/tidy-up/": THERAPISTS,
    "clients/": THERAPISTS,
    "clients/<id:client_id>/": THERAPISTS,
    "clients/<id:client_id>/access/": THERAPISTS,
    "clients/<id:client_id>/edit/": THERAPISTS,
    "clients/<id:client_id>/erase/": THERAPISTS,
    "clients/<id:client_id>/export/": THERAPISTS,
    "clients/<id:client_id>/invite/": THERAPISTS,
    "clients/<id:client_id>/keep/": THERAPISTS,
    "clients/<id:client_id>/relationships/": THERAPISTS,
    "clients/<id:client_id>/relationships/add/": THERAPISTS,
    "clients/<id:client_id>/sessions/": THERAPISTS,
    "clients/add/": THERAPISTS,
    "clients/due/": THERAPISTS,
    "dashboard/": CLIENTS,
    "dashboard/data/": CLIENTS,
    "dashboard/sessions/": CLIENTS,
    "diary/": THERAPISTS,
    "diary/<str:day>/": THERAPISTS,
    "diary/availability/": THERAPISTS,
    ".well-known/security.txt": EVERYBODY,
    "help/": EVERYBODY,
    "help/cant-spot-a-client/": EVERYBODY,
    "help/finishing-work-with-a-client/": EVERYBODY,
    "invitation/<str:token>/": EVERYBODY,
    "livez": EVERYBODY,
    "password/change/": SIGNED_IN,
    "password/reset/": EVERYBODY,
    "password/^reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)/$": EVERYBODY,
    "password/reset/done/": EVERYBODY,
    "password/reset/sent/": EVERYBODY,
    "password/set/": SIGNED_IN,
    "privacy/": EVERYBODY,
    "profile/": THERAPISTS,
    "profile/figures/": THERAPISTS,
    "readyz": EVERYBODY,
    "relationships/<id:relationship_id>/": THERAPISTS,
    "relationships/<id:relationship_id>/end/": THERAPISTS,
    "relationships/<id:relationship_id>/plan/": THERAPISTS,
    "relationships/<id:relationship_id>/reason/": THERAPISTS,
    "relationships/<id:relationship_id>/restart/": THERAPISTS,
    "relationships/<id:relationship_id>/sessions/add/": THERAPISTS,
    "relationships/<id:relationship_id>/undo/": THERAPISTS,
    "sessions/<id:session_id>/": PARTAKERS,
    "sessions/<id:session_id>/attendance/": THERAPISTS,
    "sessions/<id:session_id>/calendar.ics": PARTAKERS,
    "sessions/<id:session_id>/cancel/": PARTAKERS,
    "sessions/<id:session_id>/move/": THERAPISTS,
    "sign-in/": EVERYBODY,
    "sign-in/again/": SIGNED_IN,
    "sign-in/again/code/": SIGNED_IN,
    "sign-in/again/passkey/": SIGNED_IN,
    "sign-in/code/": EVERYBODY,
    "sign-in/inactive/": EVERYBODY,
    "sign-in/new/": EVERYBODY,
    "sign-in/passkey/": EVERYBODY,
    "sign-out/": EVERYBODY,
    "therapists/": EVERYBODY,
    "therapists/<slug:slug>/": EVERYBODY,
    "therapists/<slug:slug>/photo/": EVERYBODY,
}
METHODS = ["get", "head", "options", "post", "put", "patch", "delete"]
SAFE = METHODS[:3]
UNKNOWN = "bcdfghjkmn"
TYPED = {
    "reason": "completed",
    "note": "canary",
    "name": "Canary",
    "kind": "individual",
    "time_zone": "Europe/London",
    "others-TOTAL_FORMS": "1",
    "others-INITIAL_FORMS": "0",
    "attended": "yes",
    "date": "2030-05-06",
    "time": "10:00",
}


def routes(patterns: list, prefix: str = "") -> dict[str, URLPattern]:
    found = {}
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            found[route] = pattern
        else:
            found |= routes(pattern.url_patterns, route)
    return found


ROUTES = routes(get_resolver().url_patterns)
WITH_OBJECT = [route for route in TABLE if "<id:" in route]
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
            tie = start(client, at=timezone.now() - timedelta(days=90))
            appointment = Session.book(
                tie, starts_at=soon, length=timedelta(minutes=50), by=client.therapist.user
            )
            self.objects[whose] = (client.public_id, tie.public_id, appointment.public_id)
        self.objects["nobody"] = (UNKNOWN,) * 3
        self.browsers = {
            "alice": browser_of(alice.user),
            "bob": browser_of(bob.user),
            "ann": browser_of(ann.account),
            "dora": browser_of(UserFactory(email="dora@mail.example")),
            "anonymous": Browser(),
        }
        self.token = Invitation.create_for(carl_without_account(carl))

    def address(self, route: str, whose: str) -> str:
        client, tie, appointment = self.objects[whose]
        for part, value in {
            "<id:client_id>": client,
            "<int:pk>": "1",
            "<id:relationship_id>": tie,
            "<id:session_id>": appointment,
            "<str:day>": "2030-05-06",
            "<str:time>": "1000",
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
    from tests.factories import ClientFactory

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


def same(answer: HttpResponse) -> tuple[int, bytes, dict]:
    """Return all of an answer but what differs between any two: the form's token."""
    body = re.sub(rb'(name="csrfmiddlewaretoken" value=")[^"]+', rb"\1", answer.content)
    headers = {key: value for key, value in answer.headers.items() if key != "Set-Cookie"}
    return answer.status_code, body, headers


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

    # Alice has put up neither a profile nor a picture, and Dora has no second factor.
    assert set(refused) <= {
        "account/security/app/remove/",
        "account/security/codes/",
        "account/security/passkeys/<int:pk>/remove/",
        "account/security/passkeys/<int:pk>/rename/",
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
