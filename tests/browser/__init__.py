"""Tests in a real browser, and what they share with `manage.py test`."""

import os
import shutil

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

INSTALL_BROWSER = "apt install --no-install-recommends chromium libatomic1"
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]


def find_chromium() -> str | None:
    """Return the path of the browser: CHROMIUM if set, otherwise the system's."""
    names = (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if name and (path := shutil.which(name))), None)


def assert_accessible(page: Page) -> None:
    """Fail with a readable report if the page breaks a rule of WCAG 2.2 AA that axe can see."""
    results = Axe().run(page, options={"runOnly": WCAG_2_2_AA})
    assert results.violations_count == 0, f"{page.url}: {results.generate_report()}"
