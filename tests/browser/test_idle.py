"""Before a session ends, the page asks; when it has ended, nothing of it stays readable."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.browser import assert_accessible
from tests.browser.steps import banner, names, press, title


@pytest.fixture
def quick(settings) -> None:
    """Sessions of four seconds; the page asks from the second on."""
    settings.IDLE_LIMIT = timedelta(seconds=4)
    settings.IDLE_WARNING = timedelta(seconds=3)


def question(page: Page):
    return page.get_by_role("dialog", name="Stay signed in?")


def test_who_does_not_answer_is_signed_out_and_nothing_stays(desk, individual, quick):
    desk.goto("/help/")
    desk.goto("/clients/")
    expect(names(desk)).to_have_text(["Ann Ashby"])
    press(desk, "Ann Ashby")
    expect(title(desk)).to_have_text("Ann Ashby")

    expect(question(desk)).to_be_visible()
    expect(title(desk)).to_have_text("Sign in")

    expect(banner(desk)).to_contain_text("You were signed out because you had not used Stillwater")
    assert "Ashby" not in desk.content()
    assert desk.evaluate("[sessionStorage.length, localStorage.length]") == [0, 0]


def test_the_question_can_be_answered_with_the_keyboard(desk, individual, settings):
    settings.IDLE_LIMIT, settings.IDLE_WARNING = timedelta(seconds=30), timedelta(seconds=28)
    desk.goto("/clients/")

    expect(question(desk)).to_be_visible()
    expect(desk.get_by_role("button", name="Stay signed in")).to_be_focused()
    assert_accessible(desk)
    desk.keyboard.press("Tab")
    expect(question(desk).get_by_role("button", name="Sign out")).to_be_focused()
    desk.keyboard.press("Shift+Tab")
    desk.keyboard.press("Enter")
    expect(question(desk)).to_be_hidden()

    expect(question(desk)).to_be_visible()  # asked anew, when it is time again
    desk.keyboard.press("Escape")
    expect(question(desk)).to_be_hidden()
    expect(names(desk)).to_have_text(["Ann Ashby"])


def test_signing_out_from_the_question(desk, settings):
    settings.IDLE_WARNING = settings.IDLE_LIMIT
    desk.goto("/clients/")

    question(desk).get_by_role("button", name="Sign out").click()

    expect(title(desk)).to_have_text("Sign in")


def test_the_end_of_the_day_is_told_and_cannot_be_put_off(desk, settings):
    settings.SESSION_LIMIT = timedelta(seconds=90)
    desk.goto("/clients/")

    dialog = desk.get_by_role("dialog", name="Time to sign in again")
    expect(dialog).to_be_visible()
    assert_accessible(desk)
    expect(dialog.get_by_role("link", name="Confirm that it is you")).to_be_focused()
    dialog.get_by_role("button", name="Close").click()

    expect(dialog).to_be_hidden()
    expect(title(desk)).to_have_text("Clients")


def test_another_tab_keeps_this_one_open(desk, sign_in, settings):
    """The page asks the server before it says anything: use elsewhere counts."""
    settings.IDLE_LIMIT, settings.IDLE_WARNING = timedelta(seconds=6), timedelta(seconds=3)
    desk.goto("/clients/")
    other = desk.context.new_page()
    with desk.expect_response("**/account/time-left/") as asked:
        for _ in range(3):
            other.goto("/help/")
            desk.wait_for_timeout(900)

    assert asked.value.json()["left"] > 3
    expect(question(desk)).to_be_hidden()


def test_a_page_looked_at_after_signing_out_elsewhere_is_left(desk, individual):
    desk.goto("/clients/")
    desk.context.clear_cookies()

    desk.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(title(desk)).to_have_text("Sign in")
