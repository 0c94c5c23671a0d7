"""Calm pages for what goes wrong. None says a number, and none repeats the address."""

import logging
import sys
from urllib.parse import urlencode

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views import defaults
from django_htmx.http import HttpResponseClientRedirect

from practice.audit.models import Entry, Verb, named_in
from practice.imports import uploads
from practice.site.middleware import too_large
from practice.web import drafts
from practice.web.requests import PageRequest
from practice.web.responses import LONGEST_ADDRESS, banner, page_asked_from, see_other

log = logging.getLogger("django.practice")
RETRY_AFTER = "10"  # seconds
OTHER_ORIGIN = "does not match any trusted origins"  # of Django: what no reload mends
ORIGIN_ADVICE = (
    "A form came from another address than this server believes to have. If people use the right "
    "one: set SITE_URL to it, with its port, and let the server in front pass on Host and "
    "X-Forwarded-Proto (BEHIND_TLS_PROXY)."
)
TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page is another kind of person's."""
    _record_refusal(request, 403)
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """No such page, or not yours: the same answer, byte for byte."""
    _record_refusal(request, 404)
    return render(request, "404.html", status=404)


def too_many(request: HttpRequest) -> HttpResponse:
    """Somebody tries too often."""
    _record_refusal(request, 429)
    return render(request, "429.html", status=429)


def _record_refusal(request: HttpRequest, status: int) -> None:
    """Record who asked for what they may not see: signed in, for something that has an id.

    An unknown id is recorded like a stranger's, so that nobody can tell them apart.
    """
    user, route = getattr(request, "user", None), request.resolver_match
    by = user if user and user.is_authenticated else None
    about = named_in(route.kwargs) if route else ""
    if status == 429 or (by and about):
        outcome = f"{status} {route.url_name if route else ''}"
        Entry.record(Verb.REFUSED, by=by, therapist=None, about=about, outcome=outcome)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something broke; or only the database is away, and whoever asks again will be answered.

    Both pages are fixed texts, rendered without the request: they ask the database nothing.
    """
    if _is_outage(sys.exc_info()[1]):
        return _unavailable()
    return HttpResponse(render_to_string("500.html"), status=500)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request makes no sense; or so says Django of a session that cannot be written now."""
    if isinstance(exception, TOO_MUCH):
        return too_large()
    return _unavailable() if _is_outage(exception) else defaults.bad_request(request, exception)


def _is_outage(error: BaseException | None) -> bool:
    """Whether it came about because the database is away."""
    while error and not isinstance(error, OperationalError | InterfaceError):
        error = error.__cause__ or error.__context__
    return error is not None


def _unavailable() -> HttpResponse:
    is_moving_in = uploads.is_running()  # SQLite has one writer at a time
    page = render_to_string("503_moving_in.html" if is_moving_in else "503.html")
    return HttpResponse(page, status=503, headers={"Retry-After": RETRY_AFTER})


def csrf_failure(request: PageRequest, reason: str = "") -> HttpResponse:
    """The form was too old, or not ours. Nothing was changed; what was typed comes back, if its
    page shows that it was made for whoever asks."""
    page = drafts.save(request, elsewhere=request.path == reverse("save_draft"))
    if OTHER_ORIGIN in reason:
        log.warning(ORIGIN_ADVICE)
        return render(request, "403_origin.html", status=403)
    if page:
        page = request.get_full_path() if page == request.path else page
        return HttpResponseClientRedirect(page) if request.htmx else see_other(page)
    if request.htmx:
        banner(request, "page_too_old")
        return HttpResponseClientRedirect(page_asked_from(request))
    sign_out = reverse("sign_out")  # an address without a page to reload
    path = reverse("home") if request.path == sign_out else request.path
    following = request.POST.get("next", "")  # where sign-in leads, which looks at it
    if 0 < len(following) < LONGEST_ADDRESS // 2:
        path = f"{path}?{urlencode({'next': following})}"
    return render(request, "403_csrf.html", {"path": path}, status=403)
