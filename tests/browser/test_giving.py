"""A therapist takes a client's record out and erases it; a client takes out their own data."""

import zipfile

from playwright.sync_api import Page, expect

from clients.models import Client
from tests.browser.steps import banner, press, title
from tests.factories import PASSWORD


def files_of(page: Page, button: str) -> list[str]:
    with page.expect_download() as download:
        press(page, button)
    with zipfile.ZipFile(download.value.path()) as bundle:
        return sorted(bundle.namelist())


def test_export_and_erase(any_desk: Page, jonah: Client):
    page = any_desk
    page.goto(f"/clients/{jonah.public_id}/")
    press(page, "Export everything")
    expect(title(page)).to_have_text("Export records")
    assert files_of(page, "Download the archive") == ["client.json", "index.html"]
    press(page, "Go back")

    press(page, "Erase this client")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    expect(title(page)).to_have_text("Erase this client")
    press(page, "Erase this client")
    expect(page.get_by_role("region", name="There is a problem")).to_be_visible()
    page.get_by_label("I understand that this cannot be undone").check()
    press(page, "Erase this client")

    expect(banner(page)).to_contain_text("Client erased")
    assert not Client.objects.exists()


def test_how_long_to_keep(any_desk: Page, jonah: Client):
    page = any_desk
    page.goto(f"/clients/{jonah.public_id}/")
    press(page, "Change how long to keep the records")
    page.get_by_label("10 years after the last session").check()
    press(page, "Save")

    expect(banner(page)).to_contain_text("Saved")


def test_a_client_takes_out_their_own_data(way: Page, sign_in, ann: Client, individual):
    sign_in(way, ann.account)
    way.goto("/account/")
    press(way, "Download your data")
    expect(title(way)).to_have_text("Your data")

    assert files_of(way, "Download your data") == ["index.html", "my-data.json"]


def test_a_therapist_takes_the_whole_practice_out(any_desk: Page, jonah: Client):
    page = any_desk
    page.goto("/account/")
    press(page, "Take your practice with you")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")
    expect(title(page)).to_have_text("Take your practice with you")

    files = files_of(page, "Download the archive")

    assert {"fhir.json", "data/clients.csv", f"clients/{jonah.public_id}/index.html"} <= {*files}
    if page.evaluate("typeof htmx") == "object":  # then it says how far it has come, too
        expect(page.locator("#progress")).to_contain_text("Clients in the archive: all 1")
