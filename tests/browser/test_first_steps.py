"""A new therapist's first steps, as one takes them."""

import re

from playwright.sync_api import Page, expect

from tests.browser import assert_accessible_on_every_screen
from tests.browser.steps import banner, press


def steps_done(page: Page) -> list[str]:
    page.goto("/clients/")
    return page.locator(".first-steps .done h2").all_inner_texts()


def test_steps_are_ticked_off_as_they_are_taken(any_desk, alice):
    page = any_desk
    assert steps_done(page) == []
    expect(page.locator(".first-steps h2")).to_have_count(4)

    press(page, "Set your hours")
    page.get_by_label("Monday, time 1, from").fill("09:00")
    page.get_by_label("Monday, time 1, to").fill("17:00")
    press(page, "Copy to all weekdays from Monday")
    press(page, "Save availability")
    expect(banner(page)).to_contain_text("Availability saved")
    assert [re.sub(r"\s+", " ", text) for text in steps_done(page)] == ["Set your hours (done)"]
    expect(page.locator(".first-steps")).to_contain_text("Monday to Friday, 9am to 5pm")

    press(page, "Write your profile")
    page.get_by_label("Headline (optional)").fill("Counsellor in London")
    press(page, "Save profile")
    assert len(steps_done(page)) == 2

    page.locator(".first-steps").get_by_role("link", name="Add a client").click()
    page.locator("#id_name").fill("Maya Lindqvist")
    page.get_by_label("Individual").check()
    press(page, "Add the client")
    expect(banner(page)).to_contain_text("Relationship started")
    page.goto("/clients/")
    expect(page.locator(".first-steps")).to_have_count(0)


def test_they_are_accessible_on_every_screen(desk, alice):
    desk.goto("/clients/")
    assert_accessible_on_every_screen(desk)

    alice.weekly_hours.create(weekday=0, starts="09:00", ends="17:00")
    desk.goto("/clients/")
    expect(desk.locator(".first-steps .done")).to_have_count(1)
    assert_accessible_on_every_screen(desk)
