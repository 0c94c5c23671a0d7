"""What every request goes through, and what every page knows.

A request runs all of it, one after the other, so it is in one module, longer than others.
"""

import logging
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache, partial
from time import perf_counter
from typing import Any
from urllib.parse import quote

from allauth.account.internal.flows.reauthentication import STATE_SESSION_KEY
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import UpdateError
from django.core.signals import request_finished
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.shortcuts import render, resolve_url
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django_htmx.http import HttpResponseClientRedirect
from prometheus_client import Counter, Histogram

from clients.models import Client
from practice.accounts.access import (
    for_page,
    records_of,
    route_name,
    therapist_of,
    transaction_of,
)
from practice.profiles.photo import MOST_BYTES as MOST_OF_A_PHOTO
from practice.site import banners
from practice.version import VERSION
from practice.web import drafts
from practice.web.logging import REQUEST_ID
from practice.web.requests import PageRequest
from practice.web.responses import BANNER, LONGEST_ADDRESS, page_asked_from, see_other

GetResponse = Callable[..., HttpResponse]
log = logging.getLogger("django.practice")

WITHOUT_DATABASE = ("/livez", "/readyz", "/metrics")  # answer also while the database does not
FEEDS = "/calendar/"  # asked for by a calendar, which has a secret address and is not signed in

MOST_BYTES = 1024 * 1024  # the longest form has a few thousand
MOST_WITH_PHOTO = MOST_OF_A_PHOTO + 256 * 1024  # and what stands around it

MOST_OF_FILES = 64 * 1024 * 1024  # of a caseload, several at once

CLIENTS_LIST = "/clients/"  # has a search box of its own
# By page, and by what an address begins with: the entry of the navigation.
PAGES = {"/": "today", "/dashboard/sessions/": "sessions"}
SECTIONS = {name: name for name in ("clients", "diary", "caseload", "profile", "dashboard", "help")}
SECTIONS |= {"relationships": "clients", "sessions": "sessions", "book": "dashboard"}
SECTIONS["therapists"] = "help"  # where visitors are shown the way in

# Nothing is inline and nothing comes from elsewhere, so the policy needs no exception.
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "font", "connect")),
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)


# What `/metrics` tells of them (`watching.py`).
METHODS = ("GET", "HEAD", "POST")
REQUESTS = Counter(
    "stillwater_requests", "Requests that were answered.", ["route", "method", "status"]
)
SECONDS = Histogram(
    "stillwater_request_seconds",
    "How long answers took.",
    ["route"],
    buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
)


def count_requests(get_response: GetResponse) -> GetResponse:
    """Count every request, and how long its answer took."""

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = perf_counter()
        response = get_response(request)
        route = request.resolver_match.route if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        SECONDS.labels(route).observe(perf_counter() - begun)
        REQUESTS.labels(route, method, response.status_code).inc()
        return response

    return middleware


def request_id(get_response: GetResponse) -> GetResponse:
    """Give every request an id of its own; what a client sends as one is not believed.

    It is there until the request has been answered: Django's line about it in the log comes last.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        REQUEST_ID.set(secrets.token_hex(8))
        return get_response(request)

    return middleware


request_finished.connect(lambda **_: REQUEST_ID.set(""), weak=False)


def unknown_proxy(get_response: GetResponse) -> GetResponse:
    """Warn of a server in front that the settings do not tell of: first of all, for behind it the
    visitors of a server that is to speak https are redirected for ever.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        names_visitor, says_https = (
            f"HTTP_X_FORWARDED_{name}" in request.META for name in ("FOR", "PROTO")
        )
        if (names_visitor and not settings.ALLAUTH_TRUSTED_PROXY_COUNT) or (
            says_https and not settings.BEHIND_TLS_PROXY
        ):
            warn_of_proxy()
        return get_response(request)

    return middleware


@cache
def warn_of_proxy() -> None:
    """Say it once for each process: whoever asks could fill the log with it."""
    log.warning(
        "X-Forwarded-For or X-Forwarded-Proto arrives, and no proxy is trusted to set it: all "
        "visitors share the limits against guessing, and may be redirected to https for ever. If "
        "there is a server in front, set BEHIND_TLS_PROXY or TRUSTED_PROXIES."
    )


def limit_size(get_response: GetResponse) -> GetResponse:
    """Refuse what is too large before any of it is read: address, body, a body without a length."""

    def middleware(request: HttpRequest) -> HttpResponse:
        path, query = request.META.get("PATH_INFO", ""), request.META.get("QUERY_STRING", "")
        if len(path) + len(query) > LONGEST_ADDRESS:
            return too_large(414)
        larger = {reverse("profile"): MOST_WITH_PHOTO, reverse("bring_caseload"): MOST_OF_FILES}
        most = larger.get(request.path, MOST_BYTES)
        if "HTTP_TRANSFER_ENCODING" in request.META or _length(request) > most:
            return too_large(413)
        return get_response(request)

    return middleware


def _length(request: HttpRequest) -> int:
    """Return how long a body claims to be; what is no number, Django reads as none."""
    text = request.META.get("CONTENT_LENGTH") or ""
    if not (text.isascii() and text.isdigit()):
        return 0
    return int(text[:20])  # whatever follows, it is too much


def too_large(status: int = 413) -> HttpResponse:
    """Say so, in a page that asks the database nothing."""
    return HttpResponse(render_to_string("413.html"), status=status)


def response_headers(get_response: GetResponse) -> GetResponse:
    """Keep pages out of caches and other people's frames."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "no-store, private")
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        return response

    return middleware


def head_as_get(get_response: GetResponse) -> GetResponse:
    """Let every view see a GET where a HEAD was sent: no view can do more for one than the other.

    The server leaves the body out.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method != "HEAD":
            return get_response(request)
        request.method = "GET"
        try:
            return get_response(request)
        finally:
            request.method = "HEAD"

    return middleware


class CompressMiddleware(GZipMiddleware):
    """Compress a page, unless it may repeat what came with the request.

    What is compressed tells by its length whether two things in it are alike, and so, to whoever
    chooses one of them and watches the line, what the other is (BREACH; `docs/security.md`).
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        repeats = request.META.get("QUERY_STRING") and not hasattr(response, "repeats_nothing")
        if is_page and request.method == "GET" and not repeats and response.status_code == 200:
            return super().process_response(request, response)
        return response


def htmx_answers(get_response: GetResponse) -> GetResponse:
    """Say to htmx what a browser understands by itself.

    A redirect to the sign-in page must leave the page, not land in a part of it; a refused form
    (422, or 409) is the same page again and no new entry in the browser's history.
    """

    def middleware(request: PageRequest) -> HttpResponse:
        response = get_response(request)
        if request.htmx:
            sign_in = resolve_url(settings.LOGIN_URL)
            if response.headers.get("Location", "").startswith(sign_in):
                here = quote(page_asked_from(request))
                return HttpResponseClientRedirect(f"{sign_in}?next={here}")
            if response.status_code in (409, 422):
                response.headers["HX-Push-Url"] = "false"
        return response

    return middleware


class RefusedFormMiddleware:
    """Answer 422, not 200, when a class-based view, as all of allauth's are, refuses a form."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_template_response(
        self, request: HttpRequest, response: TemplateResponse
    ) -> TemplateResponse:
        context = response.context_data or {}
        forms = [form for name in ("form", "webauthn_form") if (form := context.get(name))]
        if response.status_code == 200 and any(form.is_bound and form.errors for form in forms):
            response.status_code = 422
        return response


class DraftMiddleware:
    """Save a form whose POST leads to where one signs in, confirms it or adds a second factor.

    Whoever has done that finds the form as it was, and presses the button again. One that has
    reached its view has been used.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method != "POST":
            return response
        leads_to = response.headers.get("Location") or response.headers.get("HX-Redirect", "")
        if leads_to.startswith((resolve_url(settings.LOGIN_URL), reverse("mfa_index"))):
            drafts.save(request, elsewhere=route_name(request) == "save_draft")
            # What allauth has stored of it, unencrypted, to do by itself after the password.
            request.session.pop(STATE_SESSION_KEY, None)
        elif hasattr(request, "has_draft") and response.status_code < 500:
            drafts.discard(request)
        return response

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        if request.method == "POST" and drafts.DRAFTS in request.session:
            request.has_draft = True  # type: ignore[attr-defined]


def machines_are_anonymous(get_response: GetResponse) -> GetResponse:
    """Let no one look up who is signed in where only machines ask.

    For the health of the service, because the database may be away; for a calendar, because its
    address says all, and a browser that opens it is not to be somebody.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path in WITHOUT_DATABASE or request.path.startswith(FEEDS):
            request.user = AnonymousUser()
        return get_response(request)

    return middleware


def transaction_per_request(get_response: GetResponse) -> GetResponse:
    """Tell the database who asks, for the transaction that the rest of the request is.

    On PostgreSQL a request is one transaction, and one that fails leaves nothing behind; what it
    has changed of the session is saved in it, too, and not in a second one. On SQLite, where a
    writer keeps all others waiting, each change is a transaction of its own.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.path in WITHOUT_DATABASE:
            return get_response(request)
        with transaction_of(request.user.pk) as is_transaction:
            response = get_response(request)
            if is_transaction and response.status_code >= 500:
                transaction.set_rollback(True)
            elif is_transaction and request.session.modified and not request.session.is_empty():
                with suppress(UpdateError):  # it has been ended: `SessionMiddleware` says so
                    request.session.save()
            return response

    return middleware


def reader_time_zone(get_response: GetResponse) -> GetResponse:
    """Show times in the zone of whoever reads them (`docs/domain.md` 2.2), and say who that is."""

    def middleware(request: PageRequest) -> HttpResponse:
        request.reader = None
        if request.user.is_authenticated:
            # Most therapists are nobody’s client; not even the query is made for them.
            request.clients = SimpleLazyObject(partial(records_of, request.user))
            request.reader = therapist_of(request.user) or _client(request.clients)
        zone = getattr(request.user, "time_zone", "")  # a visitor has none
        with timezone.override(zone or settings.TIME_ZONE):
            return get_response(request)

    return middleware


def _client(records: Iterable[Client]) -> Client | None:
    return next((record.person for record in records), None)


class MergedRecordMiddleware:
    """Lead from a merged record to the one that stands for the person (`Client.Merged`).

    What was sent from a page that was opened before has not been done, and the answer says so.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Client.Merged):
            return None
        record, route = error.record, request.resolver_match
        if request.method == "POST" or not route:
            return render(request, "clients/merged_meanwhile.html", {"record": record}, status=409)
        return see_other(route.view_name, **route.kwargs | {"client_id": record.person.public_id})


def section_of(path: str) -> str:
    """Return to which entry of the navigation a page belongs, or "" if to none."""
    return PAGES.get(path) or SECTIONS.get(path.split("/")[1], "")


def service(request: HttpRequest) -> dict[str, object]:
    """Name of the service, who is reading, in which section and time zone; the banner, if shown.

    What the head, the navigation and the foot of a page are told is plain numbers, words and
    whether, for they are rendered once for each (`{% memoize %}`); names they show apart from that.
    """
    user = getattr(request, "user", None)
    has_banner = hasattr(request, "session") and BANNER in request.session
    is_signed_in = user is not None and user.is_authenticated
    return {
        "service": settings.SERVICE_NAME,
        "version": VERSION,
        "is_demo": settings.DEMO,
        "urgent_help": settings.URGENT_HELP,
        "support_email": settings.SUPPORT_EMAIL,
        "reader": getattr(request, "reader", None),
        "is_signed_in": is_signed_in,
        "is_therapist": therapist_of(user) is not None,
        "unread": getattr(user, "unread", 0),
        "session": for_page(request.session) if is_signed_in else None,
        "section": section_of(request.path),
        "has_search": request.path == CLIENTS_LIST,
        "banner": SimpleLazyObject(partial(banners.take, request)) if has_banner else "",
        "draft_waits": partial(drafts.is_waiting, request),
        "zone": timezone.get_current_timezone_name(),
    }
