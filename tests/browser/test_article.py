"""The article, end to end: what a therapist does when work with a client is finished."""

import re

import pytest
from playwright.sync_api import Page, expect

from relationships.models import Relationship
from tests.browser import WAYS
from tests.browser.steps import (
    REASON,
    banner,
    choose_reason,
    go_to_clients,
    history,
    include_inactive,
    names,
    press,
    row,
    tickbox,
    title,
    when_ended,
)
from tests.factories import start


@pytest.fixture
def anns_page(new_context, sign_in, ann):
    """The Client Dashboard on Ann's own computer."""
    context = new_context()
    sign_in(context, ann.account)
    page = context.new_page()
    page.goto("/dashboard/")
    return page


@pytest.mark.parametrize("way", WAYS, indirect=True)
def test_work_is_ended_found_again_and_restarted_as_the_article_says(
    any_desk, anns_page, individual, ben, mailoutbox
):
    page = any_desk
    start(ben)
    note = anns_page.get_by_text("Your relationship with Alice Archer has been ended.")
    expect(note).to_be_hidden()

    # End
    page.goto("/clients/")
    walk_to_relationship(page, "Ann Ashby")
    press(page, "End this Relationship")
    expect(title(page)).to_have_text("End this Relationship")
    expect(page.locator(".ticks li")).to_have_count(4)
    is_active(individual)
    press(page, "Confirm End of Relationship")
    expect(page.locator(".error-summary")).to_contain_text("Select a reason")
    is_active(individual)
    choose_reason(page)
    press(page, "Confirm End of Relationship")

    # Back on the relationship page
    expect(title(page)).to_have_text("Individual relationship")
    expect(banner(page)).to_contain_text("Ann has not been notified.")
    expect(banner(page)).to_be_focused()
    expect(page.locator(".page-head .tag")).to_have_text("Ended")
    expect(page.locator(".details")).to_contain_text(when_ended(individual))
    expect(page.locator(".details")).to_contain_text(REASON)
    expect(history(page).first).to_have_text("Relationship ended by you")
    assert page.url.endswith(f"/relationships/{individual.public_id}/")

    # What the client sees
    anns_page.reload()
    expect(note).to_be_visible()
    expect(anns_page.get_by_text(when_ended(individual))).to_be_visible()
    assert REASON not in anns_page.content()

    # Gone from the list, and there again
    go_to_clients(page)
    expect(names(page)).to_have_text(["Ben Bright"])
    include_inactive(page)
    expect(names(page)).to_have_text(["Ann Ashby", "Ben Bright"])
    expect(row(page, "Ann Ashby")).to_contain_text("Inactive")
    expect(page).to_have_url(re.compile(r"/clients/\?.*include=inactive$"))
    press(page, "Ann Ashby")
    expect(title(page)).to_have_text("Ann Ashby")
    page.go_back()
    expect(tickbox(page)).to_be_checked()

    # Restart
    walk_to_relationship(page, "Ann Ashby")
    press(page, "Restart this Relationship")
    expect(title(page)).to_have_text("Restart this Relationship")
    press(page, "Confirm Restart of Relationship")
    expect(banner(page)).to_contain_text("Ann Ashby is back in your Clients list.")
    expect(banner(page)).to_be_focused()
    expect(page.locator(".page-head .tag")).to_have_text("Active")
    is_active(individual)

    anns_page.reload()
    expect(note).to_be_hidden()
    go_to_clients(page)
    expect(names(page)).to_have_text(["Ann Ashby", "Ben Bright"])
    assert mailoutbox == []


def test_a_client_with_other_active_work_stays_in_the_list_and_the_page_says_why(
    desk, individual, couples
):
    desk.goto("/clients/")

    # Four presses: the relationship, End, the reason, Confirm.
    row(desk, "Ann Ashby").get_by_role("link", name="Couples with Ben Bright").click()
    press(desk, "End this Relationship")
    choose_reason(desk)
    press(desk, "Confirm End of Relationship")

    stays = "Ann Ashby stays in your Clients list, because your Individual relationship is active."
    expect(banner(desk)).to_contain_text(stays)
    expect(banner(desk)).to_contain_text("Ben Bright no longer appears in your Clients list")
    go_to_clients(desk)
    expect(names(desk)).to_have_text(["Ann Ashby"])
    expect(row(desk, "Ann Ashby")).to_contain_text("Couples with Ben Bright ended")
    expect(row(desk, "Ann Ashby")).not_to_contain_text("Inactive")


def test_restarting_takes_four_presses_from_the_clients_list(desk, jonah):
    desk.goto("/clients/")

    tickbox(desk).check()
    row(desk, "Jonah Whitfield").get_by_role("link", name="Individual").click()
    press(desk, "Restart this Relationship")
    press(desk, "Confirm Restart of Relationship")

    expect(banner(desk)).to_contain_text("Jonah Whitfield is back in your Clients list.")
    is_active(jonah.relationships.get())


def walk_to_relationship(page: Page, name: str) -> None:
    """Clients, the client, the Relationships tab, the relationship."""
    press(page, name)
    press(page, "Relationships")
    press(page, "Individual")
    expect(title(page)).to_have_text("Individual relationship")


def is_active(relationship: Relationship) -> None:
    relationship.refresh_from_db()
    assert not relationship.is_ended
