"""Back, ten times, at a shared computer: after signing out, and after a session has ended.

The browser keeps whole pages to go back to (its back/forward cache), which Playwright switches off.
Here it is on, and only the browser's own protocol is used: Playwright waits for ever for a page
that comes out of that cache.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Error, Page, expect

from practice.diary.models import Session
from tests.browser import find_chromium
from tests.browser.steps import press, title

OFF = "--disable-back-forward-cache"
TIMES = 10


class Tab:
    """A tab of a browser that keeps pages, and its Back button."""

    def __init__(self, page: Page) -> None:
        self.page, self.moves = page, []
        self.protocol = page.context.new_cdp_session(page)
        self.protocol.send("Page.enable")
        self.protocol.on("Page.frameNavigated", lambda e: self.moves.append(e["type"]))

    def run(self, script: str) -> object:
        answer = self.protocol.send("Runtime.evaluate", {"expression": script})
        return answer["result"].get("value")

    def back(self) -> str:
        """Press Back, and return all that the page says when nothing moves any more."""
        self.moves.clear()
        self.run("setTimeout(() => history.back())")
        patience = time.monotonic() + 120
        seen, still = None, 0
        while not self.moves or still < 4:
            assert time.monotonic() < patience, "Back led nowhere"
            self.page.wait_for_timeout(50)
            try:
                state = self.run("document.readyState + document.title + location.href")
            except Error:  # the page went while it was asked
                state = ""
            now = state, len(self.moves)
            still = still + 1 if now == seen and now[0].startswith("complete") else 0
            seen = now
        return str(self.run("document.title + document.documentElement.outerHTML"))


@pytest.fixture(scope="module")
def with_cache(launch_browser: Callable[..., Browser]) -> Iterator[Browser]:
    """A browser with its back/forward cache."""
    browser = launch_browser(ignore_default_args=[OFF], executable_path=find_chromium(whole=True))
    yield browser
    browser.close()


@pytest.fixture
def tab(with_cache: Browser, browser_context_args: dict[str, object]) -> Iterator[Tab]:
    with with_cache.new_context(**browser_context_args) as context:
        yield Tab(context.new_page())


@pytest.fixture
def places(ann, couples, individual) -> dict[str, list[str]]:
    """Pages with names in them, for Alice and for Ann: at least as many as are gone back."""
    soon = timezone.now() + timedelta(days=3)
    session = Session.book(
        couples, starts_at=soon, length=timedelta(minutes=50), by=couples.therapist.user
    )
    person, work = f"/clients/{ann.public_id}/", f"/relationships/{couples.public_id}/"
    own = f"/sessions/{session.public_id}/"
    alices = ["/clients/", person, work, own, f"{person}relationships/", f"{person}edit/"]
    alices += [
        f"{work}end/",
        f"{work}sessions/add/",
        f"{person}sessions/",
        "/clients/?include=inactive",
        own,
    ]
    anns = ["/dashboard/", own, "/account/", f"/book/{couples.public_id}/"]
    return {"alice": alices, "ann": anns * 3}


NAMES = {"alice": ("Ashby", "Bright"), "ann": ("Ashby", "Archer", "Ben", "ann@mail.example")}


@pytest.fixture
def walked(request, tab, places, sign_in, alice, ann) -> tuple[Tab, tuple[str, ...]]:
    """A tab in which somebody signed in has been to all of these pages."""
    who = request.param
    sign_in(tab.page, {"alice": alice.user, "ann": ann.account}[who])
    for place in places[who]:
        assert tab.page.goto(place).status == 200
        assert any(name in tab.page.content() for name in NAMES[who]), place
    return tab, NAMES[who]


def goes_back(tab: Tab, names: tuple[str, ...]) -> None:
    assert tab.run("history.length") > TIMES
    for _ in range(TIMES):
        page = tab.back()
        assert tab.moves == ["Navigation"]  # not even for a moment
        assert page.startswith("Sign in")
        assert [name for name in names if name in page] == []


@pytest.mark.parametrize(
    "walked", [pytest.param("alice", marks=pytest.mark.thorough), "ann"], indirect=True
)
def test_after_signing_out_no_page_shows_a_name(walked):
    tab, names = walked
    tab.page.goto("/account/")
    press(tab.page, "Sign out")
    expect(title(tab.page)).to_have_text("Sign in")

    goes_back(tab, names)


@pytest.mark.parametrize(
    "walked", ["alice", pytest.param("ann", marks=pytest.mark.thorough)], indirect=True
)
def test_after_a_session_has_ended_by_itself_no_page_shows_a_name(walked, settings):
    tab, names = walked
    settings.IDLE_LIMIT, settings.IDLE_WARNING = timedelta(seconds=4), timedelta(seconds=3)
    tab.page.reload()
    expect(title(tab.page)).to_have_text("Sign in")

    goes_back(tab, names)


def test_this_browser_does_keep_pages(tab):
    """Without that the others would show nothing. A page that was kept is fetched again."""
    for place in ("/help/", "/accessibility/"):
        tab.page.goto(place)

    page = tab.back()

    assert tab.moves == ["BackForwardCacheRestore", "Navigation"]
    assert page.startswith("Help")
