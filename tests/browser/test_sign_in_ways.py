"""Every way in, in a real browser: passkeys, an authenticator app, recovery codes."""

from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.cache import cache
from playwright.sync_api import CDPSession, Page, expect

from tests.accounts.second_factor import lasting_code
from tests.browser import assert_accessible
from tests.browser.steps import banner, fill_in_sign_in, press, title
from tests.factories import PASSWORD

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture(autouse=True)
def as_in_production(settings) -> None:
    """Therapists need a second factor; the address is a name, as passkeys want it."""
    settings.SECOND_FACTOR_FOR_THERAPISTS = True
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "localhost"]


@pytest.fixture
def browser_context_args(browser_context_args, live_server) -> dict:
    here = live_server.url.replace("127.0.0.1", "localhost")
    return {**browser_context_args, "base_url": here}


@pytest.fixture
def finger(page: Page) -> Iterator[CDPSession]:
    """A device with a passkey store and a finger that is always there."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    return session


def sign_in_by_password(page: Page, email: str) -> None:
    page.goto("/sign-in/")
    fill_in_sign_in(page, email)


def confirm(page: Page) -> None:
    expect(title(page)).to_have_text("Confirm that it is you")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Go on")


def sign_out(page: Page) -> None:
    page.goto("/account/")
    press(page, "Sign out")
    expect(title(page)).to_have_text("Sign in")


def test_a_passkey_from_its_making_to_its_end(page, finger, alice, individual):
    sign_in_by_password(page, alice.user.email)
    expect(title(page)).to_have_text("Security")
    expect(banner(page)).to_contain_text("Add a second step to go on")

    press(page, "Add a passkey")
    confirm(page)
    page.get_by_label("Name").fill("Laptop at the practice")
    assert_accessible(page)
    press(page, "Add passkey")
    expect(title(page)).to_have_text("Recovery codes")
    expect(page.locator(".codes li")).to_have_count(10)
    assert_accessible(page)
    press(page, "I have kept them")
    expect(page.locator("main")).to_contain_text("Laptop at the practice, added")
    assert_accessible(page)

    sign_out(page)
    page.goto("/clients/")
    assert_accessible(page)
    press(page, "Sign in with a passkey")
    expect(title(page)).to_have_text("Clients")  # no password, no second step, and where one was

    page.goto("/account/security/")
    press(page, "Rename Laptop at the practice")
    expect(title(page)).to_have_text("Confirm that it is you")
    press(page, "Use a passkey")
    press(page, "Use a passkey")
    page.get_by_label("Name").fill("Phone")
    press(page, "Save name")
    press(page, "Remove Phone")
    press(page, "Remove passkey")
    expect(page.locator("main")).to_contain_text("Off: your password alone")
    page.goto("/clients/")
    expect(title(page)).to_have_text("Security")
    told = [letter.subject.partition(" – ")[0] for letter in mail.outbox]
    assert told == ["A passkey was added", "A passkey was removed"]
    finger.detach()


def test_a_passkey_is_also_a_second_step(page, finger, alice):
    sign_in_by_password(page, alice.user.email)
    press(page, "Add a passkey")
    confirm(page)
    press(page, "Add passkey")
    expect(title(page)).to_have_text("Recovery codes")
    sign_out(page)

    fill_in_sign_in(page, alice.user.email)
    expect(title(page)).to_have_text("Second step")
    assert_accessible(page)
    press(page, "Use a passkey")

    expect(title(page)).to_have_text("Today")


def test_a_refused_passkey_is_told_and_the_password_still_works(page, finger, alice):
    page.goto("/sign-in/")

    press(page, "Sign in with a passkey")  # the device has none

    expect(page.get_by_role("alert").filter(has_text="That passkey was not used")).to_be_visible()
    fill_in_sign_in(page, alice.user.email)
    expect(title(page)).to_have_text("Security")


def test_an_app_from_its_making_to_signing_in(way, alice):
    page = way
    sign_in_by_password(page, alice.user.email)
    press(page, "Add an authenticator app")
    confirm(page)
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    assert_accessible(page)
    key = page.locator(".key").inner_text()
    page.get_by_label("Code", exact=True).fill("000000")
    press(page, "Add app")
    expect(page.locator(".error-summary")).to_contain_text("Check the code")
    page.get_by_label("Code", exact=True).fill(lasting_code(key))
    press(page, "Add app")
    expect(title(page)).to_have_text("Recovery codes")
    recovery = page.locator(".codes code").first.inner_text()
    sign_out(page)
    cache.clear()  # so that this half minute's code may be used again

    fill_in_sign_in(page, alice.user.email)
    expect(title(page)).to_have_text("Second step")
    assert_accessible(page)
    page.get_by_label("Code", exact=True).fill(lasting_code(key))
    press(page, "Sign in")
    expect(title(page)).to_have_text("Today")
    sign_out(page)

    fill_in_sign_in(page, alice.user.email)
    press(page, "Use a recovery code")
    page.get_by_label("Code", exact=True).fill(recovery)
    press(page, "Sign in")
    expect(title(page)).to_have_text("Today")


def test_without_scripts_no_control_is_shown_that_needs_them(new_context, alice):
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/sign-in/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    fill_in_sign_in(page, alice.user.email)

    press(page, "Add a passkey")
    confirm(page)

    expect(page.get_by_role("button", name="Add passkey")).to_be_hidden()
    expect(page.locator("main")).to_contain_text("they need JavaScript")
