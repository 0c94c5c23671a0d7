"""Forms that are sent after their session has ended, and what comes back of them."""

from datetime import UTC, datetime, timedelta

import time_machine
from django.test import Client as Browser

from clients.models import Client
from practice.accounts.models import BrowserSession
from tests.factories import PASSWORD
from tests.reading import Page, read

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BACK = "Nothing was sent"
WAITS = "What you typed is kept for two hours and comes back when you sign in."
TYPED = "Wilhelmina Featherstonehaugh"


def edit_page(client: Client) -> str:
    return f"/clients/{client.public_id}/edit/"


def hidden(page: Page) -> dict[str, str]:
    """Return what the forms of a page carry unseen, among it what the page showed."""
    return {
        attrs["name"]: attrs.get("value") or ""
        for tag, attrs in page.tags
        if tag == "input" and attrs.get("type") == "hidden"
    }


def typed_by(client: Client, **values: str) -> dict[str, str]:
    return {"name": TYPED, "preferred_name": "Mina", "email": "", "phone": "", **values}


def post_late(browser: Browser, place: str, typed: dict, headers: dict | None = None, **later):
    """Open a page, let half an hour pass, and press its button."""
    carried = hidden(read(browser.get(place)))
    with time_machine.travel(datetime.now(UTC) + (timedelta(**later) or timedelta(minutes=31))):
        return browser.post(place, carried | typed, headers=headers or {})


def sign_in(browser: Browser, user: object, place: str = "/") -> None:
    token = hidden(read(browser.get(f"/sign-in/?next={place}")))["csrfmiddlewaretoken"]
    sent = {"login": user.email, "password": PASSWORD, "csrfmiddlewaretoken": token}
    answer = browser.post("/sign-in/", sent | {"next": place})
    assert (answer.status_code, answer.url) == (302, place)


def comes_back(page: Page) -> bool:
    return BACK in page.heads and page.value_of("name") == TYPED


def all_sessions() -> str:
    """Return all that the table of sessions says, decoded, whoever's it is."""
    return " ".join(str(row.get_decoded()) for row in BrowserSession.objects.all())


def confirm(browser: Browser) -> None:
    token = hidden(read(browser.get("/sign-in/again/")))["csrfmiddlewaretoken"]
    browser.post("/sign-in/again/", {"password": PASSWORD, "csrfmiddlewaretoken": token})
