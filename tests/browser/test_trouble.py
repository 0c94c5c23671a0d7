"""When the network, the server or the session gives up under the therapist's hands."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from clients import views
from tests.browser import assert_accessible, in_every_way
from tests.browser.steps import (
    banner,
    choose_reason,
    fill_in_sign_in,
    history,
    names,
    open_end,
    press,
    tickbox,
    title,
)


def toast(page: Page):
    return page.get_by_role("alert")


def nothing_has_changed(page: Page) -> None:
    """The old list stays, and the tick agrees with it."""
    expect(names(page)).to_have_text(["Ann Ashby"])
    expect(tickbox(page)).not_to_be_checked()
    expect(tickbox(page)).to_be_focused()
    expect(page).to_have_url(re.compile(r"/clients/$"))
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")


def press_tickbox(page: Page) -> None:
    tickbox(page).click()  # `check` would insist that it stays ticked


@pytest.mark.noisy
def test_off_line_the_tick_goes_back_and_can_be_tried_again(desk, individual, jonah):
    desk.goto("/clients/")
    desk.context.set_offline(True)

    press_tickbox(desk)

    expect(toast(desk)).to_contain_text("You seem to be offline.")
    nothing_has_changed(desk)
    assert_accessible(desk)
    desk.context.set_offline(False)
    press(desk, "Try again")
    expect(names(desk)).to_have_text(["Ann Ashby", "Jonah Whitfield"])
    expect(tickbox(desk)).to_be_checked()
    expect(toast(desk)).to_be_hidden()


@pytest.mark.noisy
def test_a_lost_connection_is_told_until_the_message_is_dismissed(desk, individual, jonah):
    desk.goto("/clients/")
    desk.route("**/clients/?*", lambda route: route.abort())

    press_tickbox(desk)

    expect(toast(desk)).to_contain_text(
        "The list could not be updated. Check your connection and try again."
    )
    nothing_has_changed(desk)
    press(desk, "Dismiss")
    expect(toast(desk)).to_be_hidden()
    expect(tickbox(desk)).to_be_focused()


@pytest.mark.noisy
def test_a_server_that_fails_leaves_the_list_and_the_tick_as_they_were(
    desk, individual, jonah, monkeypatch
):
    desk.goto("/clients/")
    monkeypatch.setattr(views, "Listing", None)  # what comes now is an error 500

    press_tickbox(desk)

    expect(toast(desk)).to_contain_text("The list could not be updated. Try again.")
    nothing_has_changed(desk)
    monkeypatch.undo()
    press_tickbox(desk)
    expect(names(desk)).to_have_text(["Ann Ashby", "Jonah Whitfield"])
    expect(toast(desk)).to_be_hidden()


@pytest.mark.noisy
def test_off_line_an_ending_is_not_lost_silently(desk, individual):
    open_end(desk, individual)
    choose_reason(desk)
    desk.context.set_offline(True)

    press(desk, "Confirm End of Relationship")

    expect(toast(desk)).to_contain_text("You seem to be offline.")
    expect(desk.get_by_label("Reason for ending")).to_have_value("completed")
    desk.context.set_offline(False)
    press(desk, "Try again")
    expect(history(desk).first).to_have_text("Relationship ended by you")


@in_every_way
def test_a_session_that_expired_leads_to_sign_in_and_back_with_what_was_typed(
    any_desk, alice, individual
):
    open_end(any_desk, individual)
    choose_reason(any_desk)
    expire_session(any_desk)

    press(any_desk, "Confirm End of Relationship")

    expect(title(any_desk)).to_have_text("Sign in")
    expect(any_desk.get_by_text("Ann Ashby")).to_have_count(0)
    fill_in_sign_in(any_desk, alice.user.email)
    expect(title(any_desk)).to_have_text("End this Relationship")
    expect(banner(any_desk)).to_contain_text("Nothing was sent")
    expect(banner(any_desk)).to_be_focused()
    expect(any_desk.get_by_label("Reason for ending")).to_have_value("completed")
    assert_accessible(any_desk)
    individual.refresh_from_db()
    assert not individual.is_ended
    press(any_desk, "Confirm End of Relationship")
    expect(history(any_desk).first).to_have_text("Relationship ended by you")


def test_a_session_that_expired_under_the_list_leads_to_sign_in_and_back(desk, alice, individual):
    desk.goto("/clients/")
    expire_session(desk)

    press_tickbox(desk)

    expect(title(desk)).to_have_text("Sign in")
    expect(desk.get_by_text("Ann Ashby")).to_have_count(0)
    fill_in_sign_in(desk, alice.user.email)
    expect(title(desk)).to_have_text("Clients")


@in_every_way
def test_a_form_that_was_open_for_too_long_sends_nothing_and_says_so(any_desk, individual):
    open_end(any_desk, individual)
    choose_reason(any_desk)
    any_desk.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)

    press(any_desk, "Confirm End of Relationship")

    expect(banner(any_desk)).to_contain_text("Nothing was sent")
    expect(any_desk.get_by_label("Reason for ending")).to_have_value("completed")
    individual.refresh_from_db()
    assert not individual.is_ended


@in_every_way
def test_a_press_that_was_open_for_too_long_sends_nothing_and_says_so(any_desk, individual, alice):
    individual.end(by=alice.user, reason="completed")
    any_desk.goto(f"/relationships/{individual.public_id}/restart/")
    any_desk.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)

    press(any_desk, "Confirm Restart of Relationship")

    expect(any_desk.get_by_text("open for too long")).to_be_visible()
    expect(any_desk.get_by_text("Nothing was sent", exact=False)).to_be_visible()
    individual.refresh_from_db()
    assert individual.is_ended


def expire_session(page: Page) -> None:
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
