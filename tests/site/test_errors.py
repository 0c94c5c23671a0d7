"""Calm pages for what goes wrong."""

import os
import time

import pytest
from django.contrib.sessions.exceptions import SessionInterrupted
from django.db import InterfaceError, OperationalError
from django.template.loader import render_to_string
from django.test import Client as Browser
from django.urls import path

from practice import urls
from practice.imports import uploads
from tests.reading import read


def explode(request: object) -> None:
    raise RuntimeError("canary")


def find_no_database(request: object) -> None:
    raise OperationalError("canary")


def lose_the_connection(request: object) -> None:
    raise InterfaceError("canary")


def lose_it_while_saving_the_session(request: object) -> None:
    try:
        find_no_database(request)
    except OperationalError:
        raise SessionInterrupted("canary")  # noqa: B904 - as Django does


def lose_the_session(request: object) -> None:
    raise SessionInterrupted("canary")


class WithABrokenPage:
    """The site, and pages that break."""

    handler400, handler403 = urls.handler400, urls.handler403
    handler404, handler500 = urls.handler404, urls.handler500
    urlpatterns = [
        *urls.urlpatterns,
        path("broken/", explode),
        path("away/", find_no_database),
        path("lost/", lose_the_connection),
        path("unsaved/", lose_it_while_saving_the_session),
        path("gone/", lose_the_session),
    ]


def test_what_is_not_found(as_alice):
    answer = as_alice.get("/nowhere/")

    page = read(answer)
    assert answer.status_code == 404
    assert page.title == "Page not found – Stillwater"
    assert page.heads == ["Page not found"]
    assert "If you typed the address, check it is correct." in page.text
    assert [text for _, text in page.links] == ["Go to Today", "Help"]
    assert "nowhere" not in page.source


def test_a_client_is_led_to_their_dashboard(as_ann):
    assert "Go to Dashboard" in read(as_ann.get("/nowhere/")).text


def test_a_visitor_is_led_to_the_start(db):
    answer = Browser().get("/nowhere/")

    assert answer.status_code == 404
    assert "Go to the start" in read(answer).text


def test_whatever_is_not_found_looks_the_same(as_alice, carl):
    places = ["/nowhere/", f"/clients/{carl.public_id}/", "/clients/bcdfghjkmn/", "/clients/x/"]

    answers = [as_alice.get(place) for place in places]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers[1:]}) == 1


def test_what_is_somebody_elses_page(as_ann):
    answer = as_ann.get("/clients/")

    page = read(answer)
    assert answer.status_code == 403
    assert page.heads == ["You cannot view this page"]
    assert "It may belong to someone else, or need a different account." in page.text
    assert "You are signed in as Ann Ashby." in page.text
    assert ("/", "Go to Dashboard") in page.links
    assert "Sign in with another account" in page.text


def test_a_broken_page_says_so_without_database_or_details(settings, as_alice):
    settings.ROOT_URLCONF = WithABrokenPage
    as_alice.raise_request_exception = False

    answer = as_alice.get("/broken/")

    page = read(answer)
    assert answer.status_code == 500
    assert page.heads == ["Sorry, there is a problem with the service"]
    assert "check whether it was saved before you try again" in page.text
    assert "canary" not in page.source
    assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize("address", ["/away/", "/lost/", "/unsaved/"])
def test_without_a_database_the_service_is_unavailable_for_a_while(settings, as_alice, address):
    settings.ROOT_URLCONF = WithABrokenPage
    as_alice.raise_request_exception = False

    answer = as_alice.get(address)

    page = read(answer)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert page.heads == ["Sorry, the service is unavailable"]
    assert "check whether it was saved before you try again" in page.text
    assert "canary" not in page.source
    assert answer.headers["Cache-Control"] == "no-store, private"


@pytest.mark.parametrize(
    ("seconds_ago", "said"),
    [(0, "Somebody is moving in"), (60, "Sorry, the service is unavailable")],
)
def test_whoever_waits_for_a_large_import_reads_why(
    settings, as_alice, tmp_path, seconds_ago, said
):
    settings.ROOT_URLCONF, settings.DATA_DIR = WithABrokenPage, tmp_path
    as_alice.raise_request_exception = False
    uploads.say_running()
    running = time.time() - seconds_ago
    os.utime(tmp_path / "imports" / uploads.RUNNING, (running, running))

    answer = as_alice.get("/away/")

    assert answer.status_code == 503
    assert read(answer).heads == [said]


def test_a_request_that_makes_no_sense_is_no_outage(settings, as_alice):
    settings.ROOT_URLCONF = WithABrokenPage

    answer = as_alice.get("/gone/")

    assert answer.status_code == 400
    assert "canary" not in answer.content.decode()


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("413.html", "Sorry, that is too large to send"),
        ("500.html", "Sorry, there is a problem with the service"),
        ("503.html", "Sorry, the service is unavailable"),
        ("503_moving_in.html", "Somebody is moving in"),
    ],
)
def test_the_pages_for_what_breaks_ask_no_database(template, words):
    """Without the fixture `db` any question to the database is an error."""
    assert words in render_to_string(template)


@pytest.mark.parametrize(
    "template",
    [
        *("403.html", "403_csrf.html", "403_origin.html", "404.html", "413.html", "429.html"),
        *("500.html", "503.html", "503_moving_in.html"),
    ],
)
def test_no_page_says_a_number_or_shouts(template, rf, db):
    request = rf.get("/")
    words = render_to_string(template, {"address": "/x/"}, request)
    text = words[words.index("<main") : words.index("</main>")]

    assert not any(number in text for number in ("403", "404", "413", "429", "500", "503"))
    assert "!" not in text
    assert "please" not in text.lower()
