"""Tests in a real browser, and what they share with `manage.py test`."""

import os
import shutil

import pytest
from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

INSTALL_BROWSER = "apt install --no-install-recommends chromium chromium-headless-shell libatomic1"
WCAG_2_2_AA = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]}
# What differs between screens; names, roles and structure are those of the same page.
LOOKS = {"runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]}}
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


# For what htmx has a part in: also where no script runs, or htmx did not come through.
WAYS = ["js", "no-js", "no-htmx"]


def _in(plainly: list[str]) -> pytest.MarkDecorator:
    """Ask in all ways, in the plain run in these alone."""
    left_out = [pytest.param(way, marks=pytest.mark.thorough) for way in WAYS if way not in plainly]
    return pytest.mark.parametrize("way", [*plainly, *left_out], indirect=True)


# Without scripts a form is what `tests/pressing.py` presses; the plain run has the main flows so.
in_every_way = _in(["js"])
main_flow = _in(["js", "no-js"])


def find_chromium(*, whole: bool = False) -> str | None:
    """Return the path of the browser: CHROMIUM if set, otherwise the system's.

    Without a window Chromium comes as a program of its own, too, which shows pages alike and takes
    less than half the time. The `whole` browser is needed for what surrounds a page.
    """
    names = [os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"]
    if not whole:
        names.insert(1, "chromium-headless-shell")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def violations(page: Page, rules: dict) -> AxeResults:
    """Judge a page as it looks now by rules of axe, which is loaded once for each page."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    # Our style sheets are not fetched once more: no rule that is asked looks at their text.
    options = {**rules, "resultTypes": ["violations"], "preload": False}
    return AxeResults(page.evaluate("options => axe.run(options)", options))


def assert_accessible(page: Page, rules: dict = WCAG_2_2_AA) -> None:
    """Fail with a readable report if the page breaks a rule of WCAG 2.2 AA that axe can see."""
    scripts_are_off = page.evaluate("matchMedia('(scripting: none)').matches")
    judged = twin(page) if scripts_are_off else page  # axe, a script, would wait for ever
    results = violations(judged, rules)
    if judged is not page:
        judged.context.close()
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"


def assert_accessible_on_every_screen(page: Page) -> None:
    """Judge a page by day, on a phone by night, and on the smallest phone.

    In the long form also by night on a desk, where the colours are those of the phone.
    """
    for width, scheme, rules in (
        (1280, "light", WCAG_2_2_AA),
        *([(1280, "dark", LOOKS)] if os.environ.get("SCREENS") == "whole" else []),
        (390, "dark", LOOKS),
    ):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page, rules)
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate(WIDER) == 0, f"{page.url} scrolls sideways"
    page.set_viewport_size({"width": 1280, "height": 900})


def twin(page: Page) -> Page:
    """Open a page without scripts as it stands where scripts may run, though none of its own."""
    html = page.content()

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif route.request.resource_type == "script":
            route.abort()
        else:
            route.continue_()

    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(viewport=page.viewport_size)
    context.route("**/*", answer)
    copy = context.new_page()
    copy.goto(page.url)
    return copy
