"""A newcomer's caseload, out of the files of several systems, in six presses and with an undo."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from relationships.models import Relationship
from tests.browser import assert_accessible_on_every_screen
from tests.browser.steps import press, title
from tests.imports.conftest import SAMPLES


@pytest.fixture(autouse=True)
def _data_dir(settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def test_from_sign_in_to_a_right_caseload_in_six_presses(any_desk: Page, alice):
    page, presses = any_desk, 1  # "Sign in" was one
    page.goto("/")
    page.get_by_role("link", name="bring your caseload").click()
    presses += 1
    page.get_by_label("Files").set_input_files(sorted(SAMPLES.iterdir()))
    press(page, "Read the files")
    presses += 1
    expect(title(page)).to_have_text("Check your caseload")
    expect(page.get_by_role("heading", name="2 things to decide")).to_be_visible()
    for question in page.locator(".import-card .decide:has(.pairs)").all():
        question.get_by_label("One person").check()
        presses += 1
    page.locator("button[value=bring]").click()
    presses += 1

    expect(title(page)).to_have_text("Your caseload is here")
    assert presses <= 6
    assert alice.clients.count() == 10
    assert alice.relationships.filter(status=Relationship.Status.ENDED).count() == 5
    assert alice.sessions.count() >= 5

    press(page, "Undo this import")
    expect(title(page)).to_have_text("This import is undone")
    assert alice.clients.count() == 0


def test_its_pages_are_accessible_on_every_screen(desk: Page, alice):
    desk.goto("/clients/bring/")
    assert_accessible_on_every_screen(desk)
    desk.get_by_label("Files").set_input_files(sorted(SAMPLES.iterdir()))
    press(desk, "Read the files")
    for more in desk.locator("details").all():
        more.evaluate("element => element.open = true")
    assert_accessible_on_every_screen(desk)
