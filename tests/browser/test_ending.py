"""Ending a relationship when things do not go in a straight line."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser import in_every_way, main_flow
from tests.browser.steps import (
    REASON,
    banner,
    choose_reason,
    end,
    go_to_clients,
    history,
    names,
    open_end,
    press,
    title,
    when_ended,
)
from tests.diary import book

ENDED_ONCE = ["Relationship ended by you", "Relationship started"]
HAD_ENDED = "This relationship had already ended"


@main_flow
def test_confirming_without_a_reason_is_refused_and_leads_to_the_drop_down(any_desk, individual):
    page = any_desk
    open_end(page, individual)

    press(page, "Confirm End of Relationship")

    summary = page.locator(".error-summary")
    expect(summary).to_contain_text("There is a problem")
    expect(summary).to_be_focused()
    expect(page).to_have_title(re.compile("^Error: End this Relationship – AA – "))
    expect(page).to_have_url(re.compile(r"/end/$"))
    reason = page.get_by_label("Reason for ending")
    expect(reason).to_have_attribute("aria-invalid", "true")
    expect(reason).to_have_accessible_description(re.compile("Only you can see this"))
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # on the link of the summary
    expect(reason).to_be_focused()

    page.reload()
    expect(title(page)).to_have_text("End this Relationship")
    expect(history(page)).to_have_count(0)


@pytest.mark.parametrize(("width", "height", "most"), [(1280, 800, 800), (390, 844, 900)])
def test_the_reason_is_asked_without_scrolling_far(desk, couples, width, height, most):
    book(couples, timezone.now() + timedelta(days=3))
    book(couples, timezone.now() + timedelta(days=10))
    desk.set_viewport_size({"width": width, "height": height})
    open_end(desk, couples)

    box = desk.get_by_label("Reason for ending").bounding_box()
    assert box["y"] + box["height"] <= most
    expect(desk.get_by_text("has been ended.")).to_be_hidden()
    desk.get_by_text("The note Ann will see").click()
    expect(desk.get_by_text("has been ended.")).to_be_visible()


def test_what_was_written_is_kept_when_the_reason_is_missing(desk, individual):
    open_end(desk, individual)

    desk.get_by_text("Add a private note").click()
    desk.get_by_label("Private note").fill("A good last session.")
    press(desk, "Confirm End of Relationship")

    expect(desk.locator(".error-summary")).to_be_visible()
    expect(desk.get_by_label("Private note")).to_be_visible()
    expect(desk.get_by_label("Private note")).to_have_value("A good last session.")


def test_going_back_without_ending_changes_nothing(desk, individual):
    open_end(desk, individual)

    press(desk, "Go back without ending")

    expect(title(desk)).to_have_text("Individual relationship")
    expect(history(desk)).to_have_text(["Relationship started"])


@in_every_way
def test_a_double_click_on_confirm_makes_one_ending(any_desk, individual):
    open_end(any_desk, individual)
    choose_reason(any_desk)

    any_desk.get_by_role("button", name="Confirm End of Relationship").dblclick()

    expect(title(any_desk)).to_have_text("Individual relationship")
    expect(history(any_desk)).to_have_text(ENDED_ONCE)
    expect(banner(any_desk)).to_have_count(1)


@in_every_way
def test_back_after_confirming_does_not_ask_again(any_desk, individual):
    end(any_desk, individual)

    any_desk.go_back()

    expect(banner(any_desk)).to_contain_text(HAD_ENDED)
    expect(banner(any_desk)).to_contain_text(f"It ended on {when_ended(individual)} (London time).")
    expect(title(any_desk)).to_have_text("Individual relationship")
    expect(history(any_desk)).to_have_text(ENDED_ONCE)


def test_the_second_of_two_tabs_hears_that_it_had_ended_and_when(any_desk, individual):
    first, second = any_desk, any_desk.context.new_page()
    for page in (first, second):
        open_end(page, individual)
    choose_reason(first, REASON)
    choose_reason(second, "Lost contact")

    press(first, "Confirm End of Relationship")
    expect(history(first)).to_have_text(ENDED_ONCE)
    press(second, "Confirm End of Relationship")

    expect(banner(second)).to_contain_text(HAD_ENDED)
    expect(banner(second)).to_contain_text(f"It ended on {when_ended(individual)} (London time).")
    expect(banner(second)).to_be_focused()
    expect(history(second)).to_have_text(ENDED_ONCE)
    expect(second.locator(".details")).to_contain_text(REASON)


def test_the_message_is_said_once(desk, individual):
    end(desk, individual)

    desk.reload()

    expect(title(desk)).to_have_text("Individual relationship")
    expect(banner(desk)).to_have_count(0)


@in_every_way
def test_an_ending_by_mistake_is_undone_in_one_press(any_desk, individual):
    end(any_desk, individual)

    press(any_desk, "Undo")

    expect(banner(any_desk)).to_contain_text("Ending undone")
    expect(banner(any_desk)).to_be_focused()
    expect(any_desk.locator(".page-head .tag")).to_have_text("Active")
    expect(history(any_desk)).to_have_text(["Ending undone by you", *ENDED_ONCE])
    go_to_clients(any_desk)
    expect(names(any_desk)).to_have_text(["Ann Ashby"])
