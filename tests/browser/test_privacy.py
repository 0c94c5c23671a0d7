"""What a shared computer gives away: nothing."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import (
    banner,
    end,
    fill_in_sign_in,
    go_to_clients,
    names,
    open_end,
    press,
    search_box,
    tickbox,
    title,
)

CLIENTS = ("ann", "ashby", "jonah", "whitfield")


def visited(page: Page) -> list[dict[str, str]]:
    """The browser's own history: an address and a title for each entry."""
    browser = page.context.new_cdp_session(page)
    return browser.send("Page.getNavigationHistory")["entries"]


def test_no_name_enters_an_address_a_title_or_the_storage(desk, individual, jonah):
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto("/clients/")
    press(desk, "Ann Ashby")
    for tab in desk.get_by_role("navigation", name="Ann Ashby").get_by_role("link").all():
        tab.click()
    press(desk, "Relationships")
    end(desk, individual)
    press(desk, "Undo")
    expect(banner(desk)).to_contain_text("Ending undone")
    go_to_clients(desk)
    addresses = len(asked)
    search_box(desk).press_sequentially("whitfield")
    press(desk, "Include inactive clients")
    expect(names(desk)).to_have_text(["Jonah Whitfield"])
    press(desk, "Jonah Whitfield")
    expect(title(desk)).to_have_text("Jonah Whitfield")
    desk.go_back()
    expect(tickbox(desk)).to_be_checked()

    entries = visited(desk)
    assert len(entries) > 8
    told = [entry["url"] + " " + entry["title"] for entry in entries] + asked[:addresses]
    assert [line for line in told if any(name in words(line) for name in CLIENTS)] == []


def test_nothing_is_stored_in_the_browser(desk, individual, jonah):
    def nothing_is_stored() -> None:
        empty = "sessionStorage.length + localStorage.length === 0"
        desk.wait_for_function(f"document.readyState === 'complete' && {empty}")

    desk.goto("/clients/")
    nothing_is_stored()
    search_box(desk).press_sequentially("whitfield")
    expect(desk.locator("#results")).to_contain_text("No active client found")
    nothing_is_stored()
    tickbox(desk).check()
    expect(names(desk)).to_have_text(["Jonah Whitfield"])
    nothing_is_stored()
    end(desk, individual)
    nothing_is_stored()
    press(desk, "Undo")
    expect(banner(desk)).to_contain_text("Ending undone")
    nothing_is_stored()
    for _ in range(5):
        desk.go_back()
        nothing_is_stored()
    expect(title(desk)).to_have_text("Clients")
    nothing_is_stored()


def words(line: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in line.lower()).split()


def test_a_search_from_the_header_leaves_no_name_in_the_history(desk, individual, jonah):
    desk.goto("/help/")

    desk.get_by_label("Find a client", exact=True).last.fill("Whitfield")
    desk.keyboard.press("Enter")
    expect(names(desk)).to_have_text(["Jonah Whitfield"])

    assert "whitfield" not in words(" ".join(entry["url"] for entry in visited(desk)))


def test_back_after_signing_out_shows_nobody(any_desk, individual, ann):
    page = any_desk
    page.goto("/clients/")
    press(page, "Ann Ashby")
    open_end(page, individual)
    page.goto("/account/")
    press(page, "Sign out")
    expect(title(page)).to_have_text("Sign in")

    for _ in range(3):
        page.go_back()
        expect(title(page)).to_have_text("Sign in")
        assert "Ashby" not in page.content()


def test_signing_out_says_so(desk):
    desk.goto("/account/")

    press(desk, "Sign out")

    expect(banner(desk)).to_contain_text("You have signed out")
    expect(banner(desk)).to_be_focused()


def test_a_page_the_browser_kept_is_fetched_again(desk, individual):
    desk.goto("/clients/")
    expect(names(desk)).to_have_text(["Ann Ashby"])
    desk.context.clear_cookies()

    with desk.expect_navigation():
        desk.evaluate("""() => {
          dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        }""")

    expect(title(desk)).to_have_text("Sign in")
    assert "Ashby" not in desk.content()


@pytest.mark.parametrize("page_of", ["clients/{}/", "clients/{}/relationships/"])
def test_somebody_elses_client_is_as_unknown_as_nobody(desk, carl, page_of):
    desk.goto(page_of.format("0000000000"))
    nobody = desk.locator("body").inner_html()

    answer = desk.goto(page_of.format(carl.public_id))

    assert answer.status == 404
    expect(title(desk)).to_have_text("Page not found")
    assert desk.locator("body").inner_html() == nobody


def test_the_next_therapist_at_this_computer_sees_only_their_own(desk, individual, bob, carl):
    desk.goto("/clients/?include=inactive")
    expect(names(desk)).to_have_text(["Ann Ashby"])
    desk.goto("/account/")
    press(desk, "Sign out")

    fill_in_sign_in(desk, bob.user.email)

    expect(title(desk)).to_have_text("Today")
    desk.goto("/clients/?include=inactive")
    expect(names(desk)).to_have_text(["Carl Cole"])
