"""The whole way with the keyboard alone."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import banner, history, names, row, title

WHERE = """() => {
  const element = document.activeElement, style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  return {
    name: (element.labels?.[0] ?? element).innerText.trim(),
    inMain: Boolean(element.closest("main")),
    isVisible: element.matches(":focus-visible") && style.outlineStyle !== "none"
      && parseFloat(style.outlineWidth) >= 2,
    isOnScreen: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


def tab(page: Page, keys: str = "Tab") -> dict[str, Any]:
    """Go on to the next stop, which has to be seen."""
    page.keyboard.press(keys)
    stop = page.evaluate(WHERE)
    assert stop["isVisible"], f"No focus is seen on {stop}"
    assert stop["isOnScreen"], f"Out of sight: {stop}"
    return stop


def skip_header(page: Page) -> None:
    """Use the first stop of a page that was just loaded."""
    assert tab(page)["name"] == "Skip to main content"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def tab_to(page: Page, name: str) -> list[str]:
    """Tab as far as a control, never leaving the main part; return what lay on the way."""
    passed: list[str] = []
    while (stop := tab(page))["name"] != name:
        assert stop["inMain"], f"{name} is not to be reached: {[*passed, stop['name']]}"
        passed.append(stop["name"])
    return passed


def enter(page: Page, name: str) -> list[str]:
    passed = tab_to(page, name)
    page.keyboard.press("Enter")
    return passed


def is_inside_main(page: Page) -> None:
    """After an action one stands in the main part, and sees where."""
    assert page.evaluate("document.activeElement.matches('main *')")
    assert page.evaluate(WHERE)["isVisible"]


def test_work_is_ended_by_keyboard_without_the_header_in_the_way(desk, individual):
    page = desk
    page.goto("/clients/")
    skip_header(page)
    tools = ["Search clients by name", "Show", "Order", "Include inactive clients"]
    assert enter(page, "Ann Ashby")[-4:] == tools
    expect(title(page)).to_have_text("Ann Ashby")
    skip_header(page)
    enter(page, "Relationships")
    expect(page.get_by_role("table")).to_be_visible()
    skip_header(page)
    enter(page, "Individual")
    expect(title(page)).to_have_text("Individual relationship")
    skip_header(page)
    enter(page, "End this Relationship")

    expect(title(page)).to_have_text("End this Relationship")
    expect(title(page)).to_be_focused()
    is_inside_main(page)
    stops = ["The note Ann will see", "Reason for ending", "Add a private note"]
    assert enter(page, "Confirm End of Relationship") == stops

    expect(page.locator(".error-summary")).to_be_focused()
    is_inside_main(page)
    assert enter(page, "Select a reason for ending the relationship") == []
    expect(page.get_by_label("Reason for ending")).to_be_focused()
    page.keyboard.type("Work")
    assert enter(page, "Confirm End of Relationship") == ["Add a private note"]

    expect(banner(page)).to_contain_text("Relationship ended")
    expect(banner(page)).to_be_focused()
    is_inside_main(page)
    assert tab_to(page, "Undo") == []
    assert tab_to(page, "Restart this Relationship") == []

    while tab(page, "Shift+Tab")["name"] != "Clients":  # in the breadcrumb
        is_inside_main(page)
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Ann Ashby"])
    expect(row(page, "Ann Ashby")).to_contain_text("Inactive")


def test_undo_and_restart_leave_the_focus_where_the_work_is(desk, individual):
    desk.goto(f"/relationships/{individual.public_id}/end/")
    desk.get_by_label("Reason for ending").select_option("Work completed")
    desk.get_by_role("button", name="Confirm End of Relationship").press("Enter")
    expect(banner(desk)).to_be_focused()

    enter(desk, "Undo")
    expect(banner(desk)).to_contain_text("Ending undone")
    expect(banner(desk)).to_be_focused()

    enter(desk, "End this Relationship")
    expect(title(desk)).to_have_text("End this Relationship")
    expect(title(desk)).to_be_focused()
    enter(desk, "Go back without ending")
    expect(title(desk)).to_have_text("Individual relationship")
    expect(title(desk)).to_be_focused()

    enter(desk, "End this Relationship")
    expect(title(desk)).to_have_text("End this Relationship")
    expect(title(desk)).to_be_focused()
    tab_to(desk, "Reason for ending")
    desk.keyboard.type("Work")
    enter(desk, "Confirm End of Relationship")
    expect(banner(desk)).to_be_focused()
    enter(desk, "Restart this Relationship")
    expect(title(desk)).to_have_text("Restart this Relationship")
    expect(title(desk)).to_be_focused()
    assert enter(desk, "Confirm Restart of Relationship") == []
    expect(banner(desk)).to_contain_text("Relationship restarted")
    expect(banner(desk)).to_be_focused()
    assert tab_to(desk, "End this Relationship") == []
    expect(history(desk)).to_have_count(5)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_stops_of_the_clients_list_are_in_reading_order(desk, individual, jonah, width):
    desk.set_viewport_size({"width": width, "height": 800})
    desk.goto("/clients/?include=inactive")

    stops: list[str] = []
    while "Privacy" not in stops:
        stops.append(tab(desk)["name"])

    assert stops[0] == "Skip to main content"
    tools = ["Search clients by name", "Show", "Order", "Include inactive clients"]
    reading = ["Add a client", *tools, "Ann Ashby"]
    assert stops[stops.index(reading[0]) :][: len(reading)] == reading
    assert stops.index("Ann Ashby") < stops.index("Jonah Whitfield")
    assert stops.index("Jonah Whitfield") < stops.index("Can’t spot one of your clients?")
    assert stops[-3:] == ["Help", "Accessibility", "Privacy"]
