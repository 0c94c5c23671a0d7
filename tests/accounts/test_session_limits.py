"""A session ends after 30 minutes without use, and after 12 hours in any case."""

from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in
from django.db import OperationalError, connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from practice.accounts.models import BrowserSession
from tests.accounts.drafts import START
from tests.conftest import browser_of
from tests.factories import PASSWORD
from tests.reading import read

IDLE = "You were signed out because you had not used Stillwater for 30 minutes."
IN_ALL = "You were signed out because you had been signed in for 12 hours."


@pytest.fixture
def desk(clock, alice) -> Browser:
    """Alice's browser, signed in at nine."""
    return browser_of(alice.user)


def at(clock, **later: float) -> None:
    clock.move_to(START + timedelta(**later))


def is_in(browser: Browser) -> bool:
    return browser.get("/clients/").status_code == 200


def test_half_an_hour_without_use_ends_a_session(clock, desk):
    at(clock, minutes=29, seconds=59)
    assert is_in(desk)

    at(clock, minutes=59, seconds=59)
    answer = desk.get("/clients/?page=2")

    assert (answer.status_code, answer.url) == (302, "/sign-in/?next=/clients/%3Fpage%3D2")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert IDLE in read(desk.get(answer.url)).heads
    assert "_auth_user_id" not in desk.session
    assert not is_in(desk)


def test_use_keeps_a_session_alive(clock, desk):
    for minutes in range(20, 700, 20):
        at(clock, minutes=minutes)
        assert is_in(desk)


def test_after_twelve_hours_even_a_used_session_ends(clock, desk):
    for minutes in range(20, 720, 20):
        at(clock, minutes=minutes)
        assert is_in(desk)

    at(clock, hours=12)
    answer = desk.get("/clients/")

    assert answer.url == "/sign-in/?next=/clients/"
    assert IN_ALL in read(desk.get(answer.url)).heads


def test_who_confirms_that_it_is_them_begins_the_twelve_hours_anew(clock, desk):
    for minutes in range(20, 720, 20):
        at(clock, minutes=minutes)
        assert is_in(desk)
    at(clock, hours=11, minutes=59)
    desk.post("/sign-in/again/", {"password": "not this one"})
    assert desk.get("/account/time-left/").json()["left"] == 60

    desk.post("/sign-in/again/", {"password": PASSWORD})

    for minutes in range(700, 1420, 20):
        at(clock, minutes=minutes + 19)
        assert is_in(desk)
    at(clock, hours=23, minutes=59)
    assert not is_in(desk)


def test_signing_in_again_starts_both_clocks(clock, desk):
    at(clock, hours=13)
    assert not is_in(desk)

    desk.post("/sign-in/", {"login": "alice@practice.example", "password": PASSWORD})
    at(clock, hours=13, minutes=29)

    assert is_in(desk)


def test_asking_how_much_is_left_does_not_count_as_use(clock, desk):
    for minutes in (10, 20, 27):
        at(clock, minutes=minutes)
        answer = desk.get("/account/time-left/")
        assert answer.json() == {"left": (30 - minutes) * 60, "dialog": ""}

    at(clock, minutes=30)

    assert desk.get("/account/time-left/").status_code == 302
    assert not is_in(desk)


@pytest.mark.parametrize("query", ["?background=1", "?skip_timeout_reset=1"])
def test_no_parameter_keeps_a_session_from_ending(clock, desk, query):
    at(clock, minutes=30)

    assert desk.get(f"/clients/{query}").status_code == 302


def test_staying_signed_in_takes_a_press(clock, desk):
    at(clock, minutes=28)
    assert "Stay signed in?" in desk.get("/account/time-left/").json()["dialog"]

    answer = desk.post("/account/time-left/")

    assert answer.json() == {"left": 1800, "dialog": ""}
    at(clock, minutes=57)
    assert is_in(desk)


def test_near_the_end_of_the_day_staying_gains_nothing(clock, desk):
    for minutes in range(20, 720, 20):
        at(clock, minutes=minutes)
        desk.get("/clients/")
    at(clock, hours=11, minutes=59)

    answer = desk.post("/account/time-left/").json()

    assert answer["left"] == 60
    assert "Time to sign in again" in answer["dialog"]
    assert 'href="/sign-in/again/"' in answer["dialog"]
    assert "Stay signed in" not in answer["dialog"]


def test_use_is_written_at_most_once_a_minute(clock, desk):
    at(clock, minutes=1)
    desk.get("/clients/")
    before = desk.session["seen"]

    for seconds in (1, 30, 59):
        at(clock, minutes=1, seconds=seconds)
        desk.get("/clients/")

    assert desk.session["seen"] == before
    at(clock, minutes=2)
    desk.get("/clients/")
    assert desk.session["seen"] == before + 60


def test_a_post_that_comes_too_late_changes_nothing(clock, desk, individual):
    at(clock, minutes=30)
    place = f"/relationships/{individual.public_id}/end/"

    answer = desk.post(place, {"reason": "completed"})

    assert (answer.status_code, answer.url) == (302, f"/sign-in/?next={place}")
    individual.refresh_from_db()
    assert individual.status == "active"


def test_htmx_leaves_the_page_for_the_sign_in_page_and_comes_back(clock, desk):
    at(clock, minutes=30)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/clients/"}

    answer = desk.get("/clients/?q=ann", headers=headers)

    assert answer["HX-Redirect"] == "/sign-in/?next=/clients/"
    assert answer.content == b""
    assert IDLE in read(desk.get("/sign-in/")).heads


def test_a_page_for_everybody_says_so_and_shows_nobody(clock, desk):
    at(clock, minutes=30)

    page = read(desk.get("/help/"))

    assert IDLE in page.heads
    assert "Alice Archer" not in page.all_text


def test_clients_have_the_same_limits(clock, ann):
    browser = browser_of(ann.account)
    at(clock, minutes=30)

    assert browser.get("/dashboard/").status_code == 302


def test_a_session_from_before_there_were_limits_gets_them(clock, desk):
    session = desk.session
    del session["began"]
    session.save()
    assert is_in(desk)

    at(clock, minutes=30)

    assert not is_in(desk)


def test_pages_of_visitors_do_not_ask_to_stay(clock, db, as_alice):
    visitors, hers = Browser().get("/help/"), as_alice.get("/help/")

    assert "data-stay" not in read(visitors).source
    assert 'data-stay="/account/time-left/"' in read(hers).source


def refuse_to_go_on(**_: object) -> None:
    raise OperationalError("the database is busy")


@pytest.mark.django_db(transaction=True)
def test_a_sign_in_that_breaks_off_is_no_use_of_a_session(clock, alice):
    browser = Browser(raise_request_exception=False)
    user_logged_in.connect(refuse_to_go_on)
    try:
        answer = browser.post("/sign-in/", {"login": alice.user.email, "password": PASSWORD})
    finally:
        user_logged_in.disconnect(refuse_to_go_on)

    assert answer.status_code == 503
    assert not UserSession.objects.exists()
    assert not is_in(browser)


def test_ending_an_accounts_sessions_reads_nobody_elses(as_ann, as_alice, ann):
    everybody = BrowserSession.objects.exclude(account_id=None)
    assert everybody.count() == 2

    with CaptureQueriesContext(connection) as asked:
        ann.account.sign_out_everywhere()

    assert "session_data" not in str(asked.captured_queries)
    assert not everybody.filter(account_id=ann.account_id).exists()
    assert as_alice.get("/clients/").status_code == 200
