"""HEAD does what GET does and no more, anywhere; what only asks does not keep a session alive."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.decorators import login_not_required
from django.core import mail
from django.core.cache import cache
from django.db import connection, reset_queries, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from practice import urls
from practice.accounts.access import SEEN
from practice.accounts.models import User
from tests.access.table import TABLE
from tests.access.walk import PARAMETER, Walk
from tests.access.world import World
from tests.conftest import browser_of
from tests.factories import PASSWORD

WRITES = re.compile(r'^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
# Django's own words at a field that is to be seen; one that is hidden nobody leaves empty.
WORDLESS = re.compile(rb'id="id_[^"]+_error[^>]*>.{0,80}This field is required', re.DOTALL)
THINGS = {"visitor": ("ann",), "alice": ("ann", "ed", "the couple"), "ann": ("ann", "the couple")}


@contextmanager
def thrown_away(browser: Browser) -> Iterator[None]:
    """Undo whatever happens inside: in the database, in the cache, to the cookies and the post."""
    cookies = deepcopy(browser.cookies)
    cache.clear()
    mail.outbox = []
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    browser.cookies = cookies


def effects(browser: Browser, method: str, address: str) -> Counter:
    """Return what a request leaves behind: rows, things of a session, mails, what is counted."""
    reset_queries()  # of which a connection remembers so many
    with thrown_away(browser), CaptureQueriesContext(connection) as asked:
        browser.generic(method, address)
        found = Counter(
            f"{what[1]} {what[2]}".lower()
            for query in asked.captured_queries
            if (what := WRITES.match(query["sql"]))
        )
        found.update(f"session: {name}" for name in dict(browser.session.items()))
        found.update({"mails": len(mail.outbox)})
        found.update(f"counted: {key}" for key in cache._cache)
    return found


def test_head_leaves_nothing_behind_that_get_does_not(db):
    walk, more = Walk(World()), {}
    with time_machine.travel(timezone.now() + timedelta(minutes=5), tick=False):
        for who, names in THINGS.items():
            browser = walk.browsers[who]
            for route in TABLE:
                part = PARAMETER.search(route)
                things = walk.world.objects(part[1]) if part else {names[0]: ""}
                for name in things.keys() & {*names}:
                    address = walk.address(route, things[name])
                    get, head = (effects(browser, method, address) for method in ("GET", "HEAD"))
                    if head - get:
                        more[f"{who}: {route} ({name})"] = head - get

    assert more == {}


@login_not_required
def counts_what_is_no_get(request: HttpRequest) -> HttpResponse:
    if request.method != "GET":
        User.objects.update(is_active=True)
        request.session["tries"] = 1
    return HttpResponse("a body")


class WithAPageThatAsksForGet:
    """The site, and a page that takes whatever is no GET for a change."""

    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500
    urlpatterns = [*urls.urlpatterns, path("counts/", counts_what_is_no_get)]


def test_not_even_where_a_page_takes_whatever_is_no_get_for_a_change(settings, as_alice):
    settings.ROOT_URLCONF = WithAPageThatAsksForGet

    assert effects(as_alice, "HEAD", "/counts/") == effects(as_alice, "GET", "/counts/")
    assert effects(as_alice, "PUT", "/counts/")["update accounts_user"] == 1
    answer = as_alice.head("/counts/")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "POST"]
)
def test_asking_how_much_time_is_left_keeps_no_session_alive(alice, method):
    """Nor does a POST that another site sends, without a token."""
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        browser = browser_of(alice.user)
        browser.handler.enforce_csrf_checks = True
        seen = browser.session[SEEN]

        clock.move_to(now + timedelta(minutes=20))
        browser.generic(method, "/account/time-left/")
        assert browser.session[SEEN] == seen

        clock.move_to(now + timedelta(minutes=30))
        assert browser.get("/clients/").status_code == 302


def test_an_empty_form_is_refused_and_never_shown_as_if_it_were_new(db):
    """Where there is one, and where it is not whole without a word: a press, which leads on."""
    walk, shown, wordless = Walk(World()), set(), set()
    for who, names in THINGS.items():
        browser = walk.browsers[who]
        browser.post("/sign-in/again/", {"password": PASSWORD})
        for route in TABLE:
            part = PARAMETER.search(route)
            things = walk.world.objects(part[1]) if part else {names[0]: ""}
            for name in things.keys() & {*names}:
                with thrown_away(browser):
                    answer = browser.post(walk.address(route, things[name]))
                if answer.status_code == 200:
                    shown.add(f"{who}: {route}")
                if not answer.streaming and WORDLESS.search(answer.content):
                    wordless.add(f"{who}: {route}")

    assert wordless == set()  # each form says what to do
    assert shown == {
        "alice: account/archive/",  # gives the file
        "alice: account/time-left/",  # stays signed in
        "alice: clients/bring/<id:import_id>/",  # looks at the files anew
        "alice: clients/<id:client_id>/export/",  # gives the file
        "alice: invitation/<str:token>/",  # is asked to sign in as somebody else
        "alice: invitation/<str:token>/<str:proof>/",
        "ann: account/time-left/",
        "ann: dashboard/data/",
        "ann: invitation/<str:token>/",
        "ann: invitation/<str:token>/<str:proof>/",
        "visitor: sign-in/new/",  # is told that nobody can
    }
