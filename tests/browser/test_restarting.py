"""Restarting a relationship, more than once."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import main_flow
from tests.browser.steps import banner, history, press, title

RESTARTED_ONCE = [
    "Relationship restarted by you",
    "Relationship ended by you",
    "Relationship started",
]
ALREADY_ACTIVE = "This relationship is already active"


@pytest.fixture
def ended(jonah):
    return jonah.relationships.get()


def open_restart(page: Page, relationship) -> None:
    page.goto(f"/relationships/{relationship.public_id}/")
    press(page, "Restart this Relationship")
    expect(title(page)).to_have_text("Restart this Relationship")


@main_flow
def test_a_double_click_on_confirm_restarts_once(any_desk, ended):
    open_restart(any_desk, ended)

    any_desk.get_by_role("button", name="Confirm Restart of Relationship").dblclick()

    expect(history(any_desk)).to_have_text(RESTARTED_ONCE)


def test_the_second_of_two_tabs_hears_that_it_is_active(any_desk, ended):
    first, second = any_desk, any_desk.context.new_page()
    for page in (first, second):
        open_restart(page, ended)

    press(first, "Confirm Restart of Relationship")
    expect(history(first)).to_have_text(RESTARTED_ONCE)
    press(second, "Confirm Restart of Relationship")

    expect(banner(second)).to_contain_text(ALREADY_ACTIVE)
    expect(title(second)).to_have_text("Individual relationship")
    expect(history(second)).to_have_text(RESTARTED_ONCE)
    second.go_back()
    expect(banner(second)).to_contain_text(ALREADY_ACTIVE)


def test_going_back_without_restarting_changes_nothing(desk, ended):
    open_restart(desk, ended)

    press(desk, "Go back without restarting")

    expect(title(desk)).to_have_text("Individual relationship")
    expect(history(desk)).to_have_text(RESTARTED_ONCE[1:])
