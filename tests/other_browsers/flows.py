"""The main flows, as in tests/browser, in the two other engines that people use."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client as DjangoClient
from django.utils import timezone

from practice.accounts.models import User
from practice.diary.models import Session
from practice.text.spoken import days, monday
from tests.diary import DAY, book, works
from tests.factories import PASSWORD, ClientFactory, UserFactory, history_of, start
from tests.other_browsers.webdriver import Browser, firefox, until, webkit

RESULTS, BANNER, SUMMARY = "#results", ".banner", ".error-summary"


@pytest.fixture(scope="module", params=[firefox, webkit], ids=["firefox", "webkit"])
def running(request) -> Iterator[Browser]:
    with request.param() as window:
        yield window


@pytest.fixture
def window(running, live_server) -> Browser:
    """A browser in front of the site, in which nobody is signed in."""
    running.open(f"{live_server.url}/help/")
    running.send("clear_cookies")
    return running


@pytest.fixture
def go(window, live_server) -> Callable[[str], None]:
    """Open a page: `go("/clients/")`."""
    return lambda path: window.open(live_server.url + path)


@pytest.fixture
def sign_in(window) -> Callable[[User], None]:
    """Sign somebody in without the sign-in page."""

    def sign_in(user: User) -> None:
        django = DjangoClient()
        django.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": django.cookies[name].value, "path": "/"}
        window.send("add_cookie", cookie=cookie)

    return sign_in


@pytest.fixture
def jonah(alice):
    """A client with whom Alice's work has ended, and who can sign in."""
    account = UserFactory(email="jonah@mail.example")
    jonah = ClientFactory(therapist=alice, name="Jonah Whitfield", account=account)
    start(jonah).end(by=alice.user, reason="completed")
    return jonah


def test_signing_in_and_out(window, go, alice, individual):
    go("/clients/")
    window.says("Sign in", "h1")
    window.fill("Email address", alice.user.email)
    window.fill("Password", PASSWORD)
    window.press("Sign in")
    window.says("Ann Ashby", RESULTS)

    go("/account/")
    window.press("Sign out")

    window.says("You have signed out", BANNER)
    window.send("back")
    window.says("Sign in", "h1")
    assert "Alice" not in window.text("body")


def test_work_is_ended_found_again_and_restarted(window, go, sign_in, alice, individual):
    sign_in(alice.user)
    go("/clients/")
    window.press("Ann Ashby")
    window.press("Relationships")
    window.press("Individual")
    window.press("End this Relationship")
    window.says("End this Relationship", "h1")
    window.press("Confirm End of Relationship")
    window.says("Select a reason", SUMMARY)
    window.has_focus(SUMMARY)
    window.choose("Reason for ending", "Work completed")
    window.press("Confirm End of Relationship")

    window.says("Relationship ended", BANNER)
    window.has_focus(BANNER)
    window.press("Undo")
    window.says("Ending undone", BANNER)
    window.press("End this Relationship")
    window.choose("Reason for ending", "Work completed")
    window.press("Confirm End of Relationship")
    window.says("Relationship ended", BANNER)

    go("/clients/")
    until(lambda: "Ann Ashby" not in window.text(RESULTS), "the list without Ann")
    window.tick("Include inactive clients")
    window.says("Ann Ashby", RESULTS)
    until(lambda: window.address.endswith("/clients/?include=inactive"), "the address")
    window.press("Ann Ashby")
    window.says("Ann Ashby", "h1")
    window.send("back")
    window.says("Ann Ashby", RESULTS)

    go(f"/relationships/{individual.public_id}/")
    window.press("Restart this Relationship")
    window.press("Confirm Restart of Relationship")
    window.says("Ann Ashby is back in your Clients list.", BANNER)
    assert history_of(individual)[-2:] == ["ended", "restarted"]


def test_a_search_narrows_the_list_and_enters_no_address(window, go, sign_in, alice, ben, jonah):
    start(ben)
    sign_in(alice.user)
    go("/clients/")

    window.fill("Search clients by name", "whit")
    window.says("No active client found", RESULTS)
    window.press("Include inactive clients")

    window.says("Jonah Whitfield", RESULTS)
    until(lambda: "Ben Bright" not in window.text(RESULTS), "the list without Ben")
    assert "whit" not in window.address


def test_a_client_books_and_the_therapist_sees_it(window, go, sign_in, alice, jonah):
    works(alice, "09:00-12:00", "14:00-18:00", days=range(7))
    sign_in(jonah.account)
    go("/dashboard/")
    window.says("Your relationship with Alice Archer has been ended.")
    window.press("Book a New Session..")
    window.says("Book a New Session", "h1")
    week = window.text("#which-week")
    window.press("Next week")
    until(lambda: window.text("#which-week") not in ("", week), "the next week")
    window.click("//*[contains(@class, 'slots')]//a")
    window.says("Check your session", "h1")
    window.press("Book this session")
    window.says("Session booked", BANNER)
    assert Session.objects.get().booked_by == jonah.account
    kind = """const done = new XMLHttpRequest();
      done.open("GET", location.pathname + "calendar.ics", false); done.send();
      return done.getResponseHeader("Content-Type")"""
    assert window.run(kind).startswith("text/calendar")

    window.send("clear_cookies")
    sign_in(alice.user)
    go("/clients/")
    window.says("Jonah Whitfield has booked a session for", RESULTS)


def test_weeks_turn_in_place_and_back_turns_them_back(window, go, sign_in, alice, individual):
    def shows(weeks: int) -> None:
        first = monday(timezone.localdate()) + weeks * 7 * DAY
        window.says(days(first, first + 6 * DAY), "#which-week")
        until(lambda: window.address.endswith(f"/{first}/"), "the address of the week")
        until(lambda: window.run("return document.readyState") == "complete", "the whole page")

    works(alice)
    book(individual, timezone.now() + 7 * DAY)
    sign_in(alice.user)
    go("/diary/")
    shows(0)
    window.run("document.body.dataset.mark = 'the same page'")

    window.press("Next week")
    shows(1)
    window.says("Ann Ashby", ".week")
    window.has_focus("#next-week")
    assert window.run("return document.body.dataset.mark") == "the same page"
    window.press("Next week")
    shows(2)

    window.send("back")
    shows(1)
    window.send("back")
    shows(0)


def test_availability_is_edited_row_by_row(window, go, sign_in, alice):
    works(alice, "09:00-12:00", days=range(1))
    sign_in(alice.user)
    go("/diary/availability/")

    window.fill("Gap between, minutes", "15")
    window.click("//summary[contains(., 'Monday')]")
    window.press("Add another time on Monday")
    window.has_focus("[aria-label='Monday, time 2, from'], #id_mon-1-starts")
    window.press("Remove Monday, time 1")
    window.press("Save availability")

    window.says("Availability saved", BANNER)
    assert alice.booking_rules.gap_minutes == 15
    assert alice.weekly_hours.count() == 0


def test_before_a_session_ends_the_page_asks(window, go, sign_in, alice, individual, settings):
    settings.IDLE_WARNING = settings.IDLE_LIMIT
    sign_in(alice.user)
    go("/clients/")

    window.says("Stay signed in?", "dialog[open]")
    window.click("//dialog//button[normalize-space()='Sign out']")

    window.says("Sign in", "h1")
    assert "Ashby" not in window.text("body")


def test_two_new_people_are_added_at_once(window, go, sign_in, alice):
    sign_in(alice.user)
    go("/clients/add/")
    window.fill("Name", "Zoë Zephyr")
    window.send("click", id=window.field("Couples"))
    window.send("type", id=window.one("//input[@name='others-0-name']"), text="Yan Yew")
    window.click("//main//form//*[@class='actions']//button")

    window.says("Relationship started", BANNER)
    assert sorted(client.name for client in alice.clients.all()) == ["Yan Yew", "Zoë Zephyr"]


def test_the_skip_link_comes_first_and_leads_to_the_page(window, go, sign_in, alice):
    sign_in(alice.user)
    go("/clients/")
    body = window.one("//body")
    window.send("type", id=body, text="\ue004")  # Tab
    window.has_focus(".skip")
