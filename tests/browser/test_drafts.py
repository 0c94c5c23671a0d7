"""What was typed is not lost when a session ends, and is nobody else's."""

from datetime import timedelta

import pytest
from django.conf import settings as configured
from playwright.sync_api import Page, expect

from clients.models import Client
from practice.booking.models import TimeOff
from tests.browser import assert_accessible
from tests.browser.steps import banner, fill_in_sign_in, press, title

PHONE = "0161 496 0000"


@pytest.fixture
def quick(settings) -> None:
    """Sessions of four seconds; the page asks from the second on."""
    settings.IDLE_LIMIT = timedelta(seconds=4)
    settings.IDLE_WARNING = timedelta(seconds=3)


def type_phone(page: Page, client: Client, phone: str = PHONE) -> None:
    page.goto(f"/clients/{client.public_id}/edit/")
    page.get_by_label("Phone").fill(phone)


def sign_in_again(page: Page, email: str, settings) -> None:
    settings.IDLE_LIMIT, settings.IDLE_WARNING = timedelta(minutes=30), timedelta(minutes=2)
    fill_in_sign_in(page, email)


def session_cookie(page: Page) -> str:
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    return cookies[configured.SESSION_COOKIE_NAME]


def nothing_tells(page: Page, words: str) -> bool:
    stored = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}])")
    cookies = str(page.context.cookies())
    return words not in page.content() + stored + cookies + page.url


def test_a_page_that_is_left_when_a_session_ends_comes_back_as_typed(
    desk, ann, alice, quick, settings
):
    type_phone(desk, ann)

    expect(title(desk)).to_have_text("Sign in")

    expect(banner(desk)).to_contain_text("You were signed out because you had not used")
    expect(desk.get_by_text("What you typed is kept for two hours")).to_be_visible()
    assert nothing_tells(desk, PHONE)
    assert_accessible(desk)
    sign_in_again(desk, alice.user.email, settings)
    expect(title(desk)).to_have_text("Edit details")
    expect(banner(desk)).to_contain_text("Nothing was sent")
    expect(desk.get_by_label("Phone")).to_have_value(PHONE)
    ann.refresh_from_db()
    assert ann.phone == ""
    press(desk, "Save details")
    expect(banner(desk)).to_contain_text("Details saved")
    ann.refresh_from_db()
    assert ann.phone == PHONE


def test_a_page_in_which_nothing_was_typed_is_left_without_a_word(
    desk, ann, alice, quick, settings
):
    desk.goto(f"/clients/{ann.public_id}/edit/")

    expect(title(desk)).to_have_text("Sign in")

    expect(desk.get_by_text("What you typed is kept")).to_have_count(0)
    sign_in_again(desk, alice.user.email, settings)
    expect(title(desk)).to_have_text("Edit details")
    expect(banner(desk)).to_have_count(0)


def test_two_tabs_that_are_left_at_once_both_come_back(desk, ann, ben, alice, settings):
    other = desk.context.new_page()
    settings.IDLE_LIMIT, settings.IDLE_WARNING = timedelta(seconds=6), timedelta(seconds=3)
    type_phone(desk, ann, "11111")
    type_phone(other, ben, "22222")

    for page in (desk, other):
        expect(title(page)).to_have_text("Sign in")
    sign_in_again(desk, alice.user.email, settings)

    expect(desk.get_by_label("Phone")).to_have_value("11111")
    fill_in_sign_in(other, alice.user.email)  # once more, with the token of an earlier sign-in
    press(other, "Reload this page")
    expect(other.get_by_label("Phone")).to_have_value("22222")


def test_rows_that_were_added_come_back(desk, alice, quick, settings):
    settings.IDLE_LIMIT, settings.IDLE_WARNING = timedelta(seconds=6), timedelta(seconds=3)
    desk.goto("/diary/availability/")
    press(desk, "Add days off")
    desk.get_by_label("Days off 1, from").fill("2027-08-01")
    desk.get_by_label("Days off 1, to").fill("2027-08-14")

    expect(title(desk)).to_have_text("Sign in")
    sign_in_again(desk, alice.user.email, settings)

    expect(desk.get_by_label("Days off 1, to")).to_have_value("2027-08-14")
    assert not TimeOff.objects.exists()


def test_the_next_person_at_this_browser_finds_nothing(desk, ann, bob, alice, quick, settings):
    for page in ("/help/", "/privacy/", "/accessibility/"):
        desk.goto(page)
    type_phone(desk, ann)
    expect(title(desk)).to_have_text("Sign in")
    place = f"/clients/{ann.public_id}/edit/"

    sign_in_again(desk, bob.user.email, settings)

    expect(title(desk)).to_have_text("Page not found")
    for _ in range(3):
        desk.go_back()
        assert nothing_tells(desk, PHONE)
    desk.goto("/account/")
    press(desk, "Sign out")
    fill_in_sign_in(desk, alice.user.email)
    expect(title(desk)).to_have_text("Today")
    desk.goto(place)
    expect(desk.get_by_label("Phone")).to_have_value("")


def test_who_signs_out_leaves_nothing(desk, ann, alice, settings):
    type_phone(desk, ann)
    settings.IDLE_WARNING = settings.IDLE_LIMIT
    desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    dialog = desk.get_by_role("dialog", name="Stay signed in?")
    dialog.get_by_role("button", name="Sign out").click()

    expect(title(desk)).to_have_text("Sign in")
    expect(desk.get_by_text("What you typed is kept")).to_have_count(0)


def test_at_the_end_of_the_day_the_password_is_enough_to_go_on(desk, ann, settings):
    type_phone(desk, ann)
    settings.SESSION_LIMIT = timedelta(seconds=90)
    desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    before = session_cookie(desk)
    dialog = desk.get_by_role("dialog", name="Time to sign in again")
    expect(dialog).to_be_visible()
    assert_accessible(desk)

    dialog.get_by_role("link", name="Confirm that it is you").click()

    expect(title(desk)).to_have_text("Confirm that it is you")
    desk.get_by_label("Password").fill("not this one")
    press(desk, "Go on")
    expect(desk.get_by_role("heading", name="There is a problem")).to_be_visible()
    settings.SESSION_LIMIT = timedelta(hours=12)  # of which a minute has passed
    desk.get_by_label("Password").fill("a quiet harbour at dusk")
    press(desk, "Go on")
    expect(title(desk)).to_have_text("Edit details")
    expect(desk.get_by_label("Phone")).to_have_value(PHONE)
    assert session_cookie(desk) == before
    press(desk, "Save details")
    expect(banner(desk)).to_contain_text("Details saved")


def test_without_scripts_too(way, sign_in, alice, ann, settings):
    sign_in(way, alice.user)
    type_phone(way, ann)
    way.context.clear_cookies(name=configured.SESSION_COOKIE_NAME)

    press(way, "Save details")

    expect(title(way)).to_have_text("Sign in")
    expect(way.get_by_text("What you typed is kept for two hours")).to_be_visible()
    assert_accessible(way)
    fill_in_sign_in(way, alice.user.email)
    expect(title(way)).to_have_text("Edit details")
    expect(way.get_by_label("Phone")).to_have_value(PHONE)
    press(way, "Save details")
    expect(banner(way)).to_contain_text("Details saved")
