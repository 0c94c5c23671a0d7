"""Fixtures for tests in a browser: the system's Chromium, on a live server of this machine."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client as Browser
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Response, expect
from pytest_django.live_server_helper import LiveServer

from clients.models import Client
from practice.accounts.models import Therapist, User
from tests.browser import INSTALL_BROWSER, find_chromium
from tests.factories import ClientFactory, start

# Playwright leaves an event loop in the thread, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

STAYS_AT_HOME = (
    "--disable-background-networking",
    "--disable-gpu",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
HTMX_SCRIPT = re.compile(r"/[^/]*htmx[^/]*\.js")
PATIENCE = 60_000  # milliseconds until something is given up; a busy machine is no fault
PARTS_OF_A_PAGE = {"font", "image", "script", "stylesheet"}

expect.set_options(timeout=PATIENCE)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder: `-m "not browser"` leaves them out."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    chromium = find_chromium()
    if chromium is None:
        pytest.fail(f"Chromium is missing. On Debian: {INSTALL_BROWSER}", pytrace=False)
    as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    arguments = [*STAYS_AT_HOME, *as_root]
    return {**browser_type_launch_args, "executable_path": chromium, "args": arguments}


@pytest.fixture(scope="session")
def base_url(live_server: LiveServer) -> str:
    """Where `page.goto("/clients/")` begins."""
    return live_server.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    at_home = {"locale": "en-GB", "timezone_id": "Europe/London", "reduced_motion": "reduce"}
    return {**browser_context_args, **at_home}


@pytest.fixture
def new_context(
    new_context: Callable[..., BrowserContext], request: pytest.FixtureRequest
) -> Iterator[Callable[..., BrowserContext]]:
    """Make browser contexts, one for each person, that report what went wrong in them.

    A script error, a breach of the content security policy, a missing script, style or
    image, and a server error fail the test at its end, unless it is marked `noisy`.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def watched(**options: Any) -> BrowserContext:
        context = new_context(**options)
        context.set_default_timeout(PATIENCE)
        watch(context, troubles)
        contexts.append(context)
        return context

    yield watched
    for page in [page for context in contexts for page in context.pages]:
        page.title()  # a word with each page, so that no message is still on its way
    if troubles and not request.node.get_closest_marker("noisy"):
        pytest.fail("\n".join(["The browser reported:", *troubles]), pytrace=False)


def watch(context: BrowserContext, troubles: list[str]) -> None:
    """Write down what goes wrong in any page of a context."""

    def hear(message: ConsoleMessage) -> None:
        # An answer such as 404 or 422 may be wanted; `see` knows which are not.
        answer = message.text.startswith("Failed to load resource")
        if "Content Security Policy" in message.text or (message.type == "error" and not answer):
            troubles.append(f"console: {message.text}")

    def see(response: Response) -> None:
        part = response.request.resource_type in PARTS_OF_A_PAGE
        if response.status >= 500 or (part and response.status >= 400):
            troubles.append(f"{response.status}: {response.url}")

    context.on("console", hear)
    context.on("response", see)
    context.on("weberror", lambda trouble: troubles.append(f"script: {trouble.error}"))


@pytest.fixture(params=["js", pytest.param("no-js", marks=pytest.mark.thorough)])
def way(request: pytest.FixtureRequest, new_context: Callable[..., BrowserContext]) -> Page:
    """Give a page with scripts and one without; see also `in_every_way`.

    The plain run leaves out what is without: a form that `tests/pressing.py` presses.
    """
    context = new_context(java_script_enabled=request.param != "no-js")
    if request.param == "no-htmx":
        context.route(HTMX_SCRIPT, lambda route: route.abort())
    return context.new_page()


@pytest.fixture
def sign_in(live_server: LiveServer) -> Callable[[Page | BrowserContext, User], None]:
    """Sign a person in without the sign-in page: `sign_in(page, alice.user)`."""

    def sign_in(where: Page | BrowserContext, user: User) -> None:
        browser = Browser()
        browser.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        cookie = {"name": name, "value": browser.cookies[name].value, "url": live_server.url}
        context = where.context if isinstance(where, Page) else where
        context.add_cookies([cookie])

    return sign_in


@pytest.fixture
def desk(page: Page, sign_in: Callable[[Page, User], None], alice: Therapist) -> Page:
    """Alice's browser, signed in."""
    sign_in(page, alice.user)
    return page


@pytest.fixture
def any_desk(way: Page, sign_in: Callable[[Page, User], None], alice: Therapist) -> Page:
    """Alice's browser, signed in, in each way it has to work."""
    sign_in(way, alice.user)
    return way


@pytest.fixture
def jonah(alice: Therapist) -> Client:
    """A client with whom Alice's work has ended."""
    jonah = ClientFactory(therapist=alice, name="Jonah Whitfield")
    start(jonah).end(by=alice.user, reason="completed")
    return jonah
