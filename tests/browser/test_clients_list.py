"""The Clients list, as one works with it."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from clients.models import Client
from practice.accounts.models import Therapist
from tests.browser import in_every_way, main_flow
from tests.browser.steps import (
    apply_if_needed,
    fill_in_sign_in,
    include_inactive,
    names,
    press,
    search_box,
    tickbox,
    title,
)

ACTIVE = ["Ann Ashby"]
EVERYONE = ["Ann Ashby", "Jonah Whitfield"]


@pytest.fixture(autouse=True)
def one_active_and_one_inactive_client(individual, jonah):
    pass


def add_people(therapist: Therapist, number: int) -> None:
    """Add so many active clients, Person 000 and so on."""
    Client.objects.bulk_create(
        Client(
            therapist=therapist,
            name=f"Person {each:03}",
            time_zone="Europe/London",
            active_relationships=1,
        )
        for each in range(number)
    )


def shows(page: Page, expected: list[str], *, ticked: bool) -> None:
    """The list and the tickbox are both as they should be."""
    expect(names(page)).to_have_text(expected)
    expect(tickbox(page)).to_be_checked(checked=ticked)


def test_the_list_begins_with_the_clients_one_works_with_now(way, alice):
    way.goto("/clients/")
    fill_in_sign_in(way, alice.user.email)

    expect(title(way)).to_have_text("Clients")
    shows(way, ACTIVE, ticked=False)
    expect(way.locator("#count")).to_have_text("1 active client")
    expect(way.locator("#results")).to_contain_text("1 inactive client is hidden.")


@main_flow
def test_apply_is_there_exactly_when_htmx_is_not(any_desk, request):
    has_htmx = request.node.callspec.params["way"] == "js"
    any_desk.goto("/clients/")

    expect(any_desk.get_by_role("button", name="Apply")).to_be_visible(visible=not has_htmx)
    include_inactive(any_desk)

    shows(any_desk, EVERYONE, ticked=True)
    expect(any_desk).to_have_url(re.compile(r"/clients/\?.*include=inactive$"))


@in_every_way
def test_back_forward_and_reload_agree_with_the_tickbox(any_desk, new_context, sign_in, alice):
    page = any_desk
    page.goto("/clients/")
    include_inactive(page)
    shows(page, EVERYONE, ticked=True)

    page.go_back()
    shows(page, ACTIVE, ticked=False)
    page.wait_for_load_state()  # the list is there before htmx, which has to notice the next step
    page.go_forward()
    shows(page, EVERYONE, ticked=True)
    press(page, "Jonah Whitfield")
    expect(title(page)).to_have_text("Jonah Whitfield")
    page.go_back()
    shows(page, EVERYONE, ticked=True)
    page.reload()
    shows(page, EVERYONE, ticked=True)

    elsewhere = new_context()
    sign_in(elsewhere, alice.user)
    copy = elsewhere.new_page()
    copy.goto(page.url)
    shows(copy, EVERYONE, ticked=True)


def test_the_tick_can_be_taken_back(desk):
    desk.goto("/clients/?include=inactive")
    shows(desk, EVERYONE, ticked=True)

    tickbox(desk).uncheck()

    shows(desk, ACTIVE, ticked=False)


@pytest.mark.noisy  # htmx reports the requests that it gave up
def test_five_fast_toggles_come_to_rest_on_what_the_tickbox_says(desk):
    held: list[Route] = []
    desk.goto("/clients/")
    desk.route("**/clients/?*", lambda route: held.append(route))

    for _ in range(5):
        tickbox(desk).click()
    expect(tickbox(desk)).to_be_checked()
    desk.wait_for_function("document.querySelector('#results').ariaBusy === 'true'")
    for route in reversed(held):  # the answers arrive in the wrong order
        route.continue_()

    shows(desk, EVERYONE, ticked=True)
    expect(desk).to_have_url(re.compile(r"/clients/\?include=inactive$"))
    expect(desk.locator("#toast")).to_be_hidden()
    expect(desk.locator("#results")).not_to_have_attribute("aria-busy", "true")


@pytest.mark.noisy  # htmx reports the requests that it gave up
def test_letters_that_were_removed_leave_no_results_and_the_caret_stays(desk):
    held: list[Route] = []
    desk.goto("/clients/?include=inactive")
    box = search_box(desk)

    desk.route("**/clients/?*", lambda route: held.append(route))
    with desk.expect_request("**/clients/?q=whi*"):
        box.press_sequentially("whi")
    desk.unroute("**/clients/?*")
    for _ in range(3):
        box.press("Backspace")
    box.press_sequentially("ahby")
    for _ in range(3):
        box.press("ArrowLeft")
    with desk.expect_response("**/clients/?q=ashby*"):
        box.press_sequentially("s")
    for route in held:
        route.abort()

    shows(desk, ["Ann Ashby"], ticked=True)
    expect(box).to_have_value("ashby")
    expect(box).to_be_focused()
    assert box.evaluate("box => [box.selectionStart, box.selectionEnd]") == [2, 2]
    expect(desk.locator("#toast")).to_be_hidden()


@in_every_way
def test_a_match_that_is_hidden_is_one_press_away(any_desk, request):
    page, has_htmx = any_desk, request.node.callspec.params["way"] == "js"
    page.goto("/clients/")

    search_box(page).fill("whit")
    apply_if_needed(page)
    expect(page.get_by_role("heading", name="No active client found")).to_be_visible()
    expect(page.locator("#results")).to_contain_text("1 inactive client matches “whit”.")
    press(page, "Include inactive clients")

    shows(page, ["Jonah Whitfield"], ticked=True)
    expect(search_box(page)).to_have_value("whit")
    if has_htmx:
        expect(tickbox(page)).to_be_focused()
        expect(page).to_have_url(re.compile(r"/clients/\?include=inactive&search=[\w-]{90,}$"))


def test_clear_search_empties_the_box_and_shows_everybody_again(desk):
    desk.goto("/clients/")
    search_box(desk).fill("zzz")
    expect(desk.get_by_role("heading", name="No client found")).to_be_visible()

    press(desk, "Clear search")

    shows(desk, ACTIVE, ticked=False)
    expect(search_box(desk)).to_have_value("")
    expect(search_box(desk)).to_be_focused()


def test_the_new_count_is_announced_once_and_the_tick_keeps_the_focus(desk):
    desk.goto("/clients/")
    expect(desk.locator("#live")).to_be_empty()
    desk.evaluate("""() => {
      window.live = document.getElementById("live");
      window.heard = [];
      new MutationObserver(() => window.heard.push(live.textContent.trim()))
        .observe(live, { childList: true, characterData: true, subtree: true });
    }""")

    tickbox(desk).focus()
    desk.keyboard.press("Space")
    shows(desk, EVERYONE, ticked=True)
    desk.keyboard.press("Space")
    shows(desk, ACTIVE, ticked=False)

    expect(tickbox(desk)).to_be_focused()
    assert desk.evaluate("heard") == ["2 clients: 1 active and 1 inactive", "1 active client"]
    assert desk.evaluate("live === document.getElementById('live')")


@in_every_way
def test_back_from_a_client_lands_where_the_list_was(any_desk, alice):
    page = any_desk
    add_people(alice, 100)
    page.goto("/clients/")
    page.get_by_label("Show", exact=True).select_option("Nothing booked")
    apply_if_needed(page)
    expect(page.locator("#count")).to_have_text("101 active clients with nothing booked")
    page.get_by_label("Order", exact=True).select_option("By last session")
    apply_if_needed(page)
    expect(page).to_have_url(re.compile(r"[?&]show=nothing&sort=last$"))

    press(page, "Person 090")
    expect(title(page)).to_have_text("Person 090")
    page.go_back()

    expect(page.get_by_label("Show", exact=True)).to_have_value("nothing")
    expect(page.get_by_label("Order", exact=True)).to_have_value("last")
    expect(names(page)).to_have_count(100)
    expect(page.get_by_role("link", name="Person 090")).to_be_in_viewport()


def test_back_from_a_client_shows_what_was_searched_for_and_where(desk, alice):
    add_people(alice, 100)
    desk.goto("/clients/")
    search_box(desk).press_sequentially("person")
    expect(desk.locator("#count")).to_have_text("100 active clients match “person”")

    press(desk, "Person 090")
    expect(title(desk)).to_have_text("Person 090")
    desk.go_back()

    expect(search_box(desk)).to_have_value("person")
    expect(desk.locator("#count")).to_have_text("100 active clients match “person”")
    expect(desk.get_by_role("link", name="Person 090")).to_be_in_viewport()
    expect(desk).not_to_have_url(re.compile("person"))


def test_the_search_in_the_header_leads_to_the_one_on_the_list(desk):
    desk.goto("/caseload/")
    find = desk.get_by_role("searchbox", name="Find a client")
    find.fill("jonah")
    find.press("Enter")

    shows(desk, ["Jonah Whitfield"], ticked=True)
    expect(find).to_be_hidden()
    expect(search_box(desk)).to_be_focused()
    expect(search_box(desk)).to_have_value("jonah")
    expect(desk).not_to_have_url(re.compile("jonah"))


@in_every_way
def test_turning_a_page_goes_on_with_the_search(any_desk, alice, request):
    page, has_htmx = any_desk, request.node.callspec.params["way"] == "js"
    add_people(alice, 101)
    page.goto("/clients/")

    search_box(page).fill("person")
    apply_if_needed(page)
    expect(page.locator("#results")).to_contain_text("Showing 1 to 100 of 101 clients.")
    link = page.get_by_role("link", name="Next", exact=True)
    if has_htmx:
        expect(link).to_have_attribute("href", "/clients/?page=2")
    link.click()

    expect(names(page)).to_have_text(["Person 100"])
    expect(search_box(page)).to_have_value("person")
    expect(page).to_have_url(
        re.compile(r"\?page=2&search=[\w-]{90,}$" if has_htmx else r"\?page=2&q=person$")
    )


def test_turning_a_page_keeps_the_focus_on_the_page_links(desk, alice):
    add_people(alice, 100)
    desk.goto("/clients/")
    expect(names(desk)).to_have_count(100)

    desk.get_by_role("link", name="Next", exact=True).focus()
    desk.keyboard.press("Enter")

    expect(names(desk)).to_have_text(["Person 099"])
    expect(desk).to_have_url(re.compile(r"/clients/\?page=2$"))
    assert desk.evaluate("document.activeElement.closest('main')?.id") == "main"
