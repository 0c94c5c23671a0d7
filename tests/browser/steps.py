"""What people do in these tests and what they look at, a step at a time."""

from playwright.sync_api import Locator, Page, expect

from practice.text import spoken
from relationships.models import Relationship
from tests.factories import PASSWORD

REASON = "Work completed"


def press(page: Page, name: str) -> None:
    """Press the link or the button of this name; outside the header, if it is there too."""
    within = page.locator("main, footer, #toast")
    button = within.get_by_role("button", name=name, exact=True)
    button.or_(within.get_by_role("link", name=name, exact=True)).click()


def go_to_clients(page: Page) -> None:
    page.get_by_label("Main", exact=True).get_by_role("link", name="Clients", exact=True).click()
    expect(title(page)).to_have_text("Clients")


def title(page: Page) -> Locator:
    """The one main heading."""
    return page.get_by_role("heading", level=1)


def banner(page: Page) -> Locator:
    """What a page says once, after something was done."""
    return page.locator(".banner")


def history(page: Page) -> Locator:
    """What happened in a relationship, newest first."""
    return page.locator(".timeline .what")


def names(page: Page) -> Locator:
    """The clients that the list shows."""
    return page.locator("#results th a")


def row(page: Page, name: str) -> Locator:
    return page.locator("#results tbody tr").filter(has_text=name)


def tickbox(page: Page) -> Locator:
    return page.get_by_label("Include inactive clients")


def search_box(page: Page) -> Locator:
    return page.get_by_label("Search clients by name")


def apply_if_needed(page: Page) -> None:
    """Press Apply where nothing else sends the form."""
    apply = page.get_by_role("button", name="Apply")
    if apply.is_visible():
        apply.click()


def include_inactive(page: Page) -> None:
    tickbox(page).check()
    apply_if_needed(page)


def open_end(page: Page, relationship: Relationship) -> None:
    """From the relationship's page, go to the one that asks why it ends."""
    page.goto(f"/relationships/{relationship.public_id}/")
    press(page, "End this Relationship")
    expect(title(page)).to_have_text("End this Relationship")


def choose_reason(page: Page, reason: str = REASON) -> None:
    page.get_by_label("Reason for ending").select_option(reason)


def end(page: Page, relationship: Relationship) -> None:
    open_end(page, relationship)
    choose_reason(page)
    press(page, "Confirm End of Relationship")
    expect(banner(page)).to_contain_text("Relationship ended")


def fill_in_sign_in(page: Page, email: str) -> None:
    """Sign in as people do, by e-mail address and password."""
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Sign in")


def when_ended(relationship: Relationship) -> str:
    """The moment of the ending, as pages say it in London."""
    relationship.refresh_from_db()
    return spoken.instant(relationship.ended_at)
