"""Pressing a button of a page that was opened a while ago, or this very moment."""

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpResponse
from django.test import Client as DjangoClient
from django.urls import Resolver404, resolve

from clients.models import Client
from practice.accounts.models import User
from practice.diary.models import Session
from practice.records.erasure import Plan
from relationships.models import Relationship
from tests.reading import Page, read

TOKEN = "csrfmiddlewaretoken"


def hidden(page: Page) -> dict[str, str]:
    """Return what the forms of a page send without anybody typing it."""
    inputs = [attrs for tag, attrs in page.tags if tag == "input" and attrs.get("type") == "hidden"]
    return {a["name"] or "": a.get("value") or "" for a in inputs if a["name"] != TOKEN}


def again(answer: HttpResponse, nothing: str) -> Page:
    """The answer to a press on a page that is out of date: the page, which says what happened."""
    page = read(answer)
    assert answer.status_code == 409
    assert page.title.startswith("Error: ")
    assert page.heads[0] == "This has changed since you opened the page"
    assert nothing in page.text
    box = [attrs for _, attrs in page.tags if attrs.get("aria-labelledby") == "changed"]
    assert [("autofocus" in attrs, attrs["tabindex"]) for attrs in box] == [(True, "-1")]
    return page


class Browser(DjangoClient):
    """A browser whose pages were opened a moment ago: a form says what its page shows.

    What is sent as `shown` is left as it is; None leaves it out, as a page from before would.
    """

    def post(self, path: str, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        data = dict(data or {}) if isinstance(data, dict | None) else data
        if isinstance(data, dict) and "shown" not in data:
            data["shown"] = self._shown_at(path)
            named = [row for row in data.get("row", []) if row.isalnum()]
            rows = Relationship.objects.with_last_event().filter(public_id__in=named)
            data = {f"{row.public_id}-shown": row.shown for row in rows} | data
        if isinstance(data, dict) and data["shown"] is None:
            del data["shown"]
        return super().post(path, data, *args, **kwargs)

    def _shown_at(self, path: str) -> str | None:
        try:
            where = resolve(path.partition("?")[0])
        except Resolver404:
            return None
        show = SHOWN.get(where.url_name or "")
        return show(self, path, **where.kwargs) if show else None


def _session(_: Browser, path: str, session_id: str) -> str | None:
    session = Session.objects.filter(public_id=session_id).first()
    return session and session.shown


def _relationship(_: Browser, path: str, relationship_id: str) -> str | None:
    found = Relationship.objects.with_last_event().filter(public_id=relationship_id).first()
    return found and found.shown


def _plan(_: Browser, path: str, client_id: str) -> str | None:
    found = Client.objects.filter(public_id=client_id).first()
    return found and Plan.of(found).shown


def _email(_: Browser, path: str, client_id: str) -> str | None:
    return Client.objects.filter(public_id=client_id).values_list("email", flat=True).first()


def _factor(kind: str) -> Callable[..., str]:
    def factor(browser: Browser, path: str) -> str:
        mine = Authenticator.objects.filter(user=browser.session.get("_auth_user_id"), type=kind)
        return str(mine.values_list("pk", flat=True).first() or "none")

    return factor


def _page(browser: Browser, path: str, **ids: str) -> str | None:
    answer = browser.get(path)
    return hidden(read(answer)).get("shown") if answer.status_code == 200 else None


def _zone(browser: Browser, path: str = "", **ids: str) -> str:
    account = User.objects.filter(pk=browser.session.get("_auth_user_id")).first()
    return (account and account.time_zone) or settings.TIME_ZONE


def _session_and_zone(browser: Browser, path: str, session_id: str) -> str:
    return f"{_session(browser, path, session_id)} {_zone(browser)}"


SHOWN = {
    "cancel_session": _session,
    "correct_session": _session_and_zone,
    "correct_end": _page,
    "correct_start": _page,
    "leave": _relationship,
    "join": _relationship,
    "move_session": _session_and_zone,
    "add_session": _zone,
    "put_back": _session,
    "who_asked": _page,
    "attendance": _session,
    "check_booking": _page,
    "end": _relationship,
    "restart": _relationship,
    "undo": _relationship,
    "erase_client": _plan,
    "invite": _email,
    "mfa_deactivate_totp": _factor("totp"),
    "mfa_generate_recovery_codes": _factor("recovery_codes"),
}
