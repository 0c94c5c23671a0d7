"""What each page asks of the database, counted in this process, as the server's role."""

from dataclasses import dataclass, replace

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client as Browser

from benchmarks.asking import hidden_fields
from benchmarks.pages import Page, Stage
from benchmarks.watching import explain, watch
from practice.accounts.models import User
from practice.database.row_security import owned_tables
from tests.application_role import application
from tests.conftest import browser_of
from tests.harness.installation import HOST

AS_THE_PROXY = {"HTTP_X_FORWARDED_PROTO": "https", "HTTP_HOST": HOST}


@dataclass(frozen=True)
class Counted:
    """What does not depend on how busy the machine is."""

    status: int
    statements: int
    bytes: int  # of the page, as a browser unpacks it
    buffers: int | None = None  # pages of 8 KiB, of all queries; PostgreSQL
    scanned: tuple[str, ...] = ()  # tables of practices that were read from end to end


def asker(page: Page, stage: Stage) -> User | AnonymousUser:
    """Return who asks for a page."""
    people = {"therapist": stage.therapist.user, "client": stage.account}
    return people.get(page.who) or AnonymousUser()


def count(page: Page, stage: Stage, *, plans: bool = True) -> Counted:
    """Ask for a page, or press; and for a page once more, to see how the database answers."""
    browser, path = browser_at(page, stage), page.path(stage)
    opened = browser.get(path)  # so that what is kept from one request to the next is there
    fields = hidden_fields(opened.content.decode())
    with application(), watch() as watched:
        is_press = page.sends is not None
        answer = browser.post(path, fields | page.sends) if is_press else browser.get(path)
    counted = Counted(answer.status_code, len(watched.statements), len(answer.content))
    if is_press or not plans:
        return counted
    with application(), explain() as explained:
        browser.get(path)
    scanned = tuple(sorted(explained.scanned & owned_tables()))
    on_postgresql = connection.vendor == "postgresql"
    return replace(counted, buffers=explained.buffers if on_postgresql else None, scanned=scanned)


def browser_at(page: Page, stage: Stage) -> Browser:
    """Return the browser of whoever asks for a page, behind the proxy."""
    user = asker(page, stage)
    browser = browser_of(user) if user.is_authenticated else Browser()
    browser.defaults |= AS_THE_PROXY
    return browser
