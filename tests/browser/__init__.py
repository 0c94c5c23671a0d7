"""Tests in a real browser, and what they share with `manage.py test`."""

import os
import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route

INSTALL_BROWSER = "apt install --no-install-recommends chromium libatomic1"
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


def find_chromium() -> str | None:
    """Return the path of the browser: CHROMIUM if set, otherwise the system's."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def assert_accessible(page: Page) -> None:
    """Fail with a readable report if the page breaks a rule of WCAG 2.2 AA that axe can see."""
    scripts_are_off = page.evaluate("matchMedia('(scripting: none)').matches")
    judged = twin(page) if scripts_are_off else page  # axe, a script, would wait for ever
    results = Axe().run(judged, options={"runOnly": WCAG_2_2_AA})
    if judged is not page:
        judged.context.close()
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"


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
