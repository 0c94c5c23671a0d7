"""Make the pictures of the README: `.venv/bin/python docs/screenshots.py`.

Serves the demo from a folder of its own, ends a relationship in Chromium, and takes three pictures.
Needs what `manage.py test` installs.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))
from tests.browser import find_chromium  # noqa: E402

ADDRESS = "127.0.0.1:8765"


def main() -> None:
    """Serve, look, stop."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATABASE_URL": f"sqlite:///{folder}/demo.sqlite3"}
        command = [sys.executable, str(DOCS.parent / "manage.py"), "demo", ADDRESS]
        server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(f"http://{ADDRESS}/sign-in/")
            with sync_playwright() as playwright:
                as_root = ["--no-sandbox"] if os.geteuid() == 0 else []
                browser = playwright.chromium.launch(executable_path=find_chromium(), args=as_root)
                take(browser.new_page(viewport={"width": 1280, "height": 860}))
                browser.close()
        finally:
            server.terminate()
            server.wait()


def wait_for(address: str) -> None:
    """Return once the server answers, or after a minute."""
    for _ in range(120):
        try:
            urllib.request.urlopen(address)  # noqa: S310 - our own server
        except OSError:
            time.sleep(0.5)
        else:
            return


def take(page: Page) -> None:
    """Take the three pictures."""
    page.goto(f"http://{ADDRESS}/")
    page.get_by_role("button", name="Hannah Okafor").click()
    page.goto(f"http://{ADDRESS}/diary/")
    page.screenshot(path=DOCS / "diary.png")
    page.goto(f"http://{ADDRESS}/clients/?include=inactive")
    page.screenshot(path=DOCS / "clients.png")
    page.get_by_role("link", name="Callum Reid").click()
    page.get_by_role("link", name="Individual").click()
    page.get_by_role("link", name="End this Relationship").click()
    page.get_by_label("Reason for ending").select_option("completed")
    page.get_by_role("button", name="Confirm End of Relationship").click()
    page.get_by_role("button", name="Undo").wait_for()
    page.wait_for_timeout(500)  # for the last frame of the change
    page.screenshot(path=DOCS / "ended.png")


if __name__ == "__main__":
    main()
