"""How much a request may bring: looked at before any of it is read."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse

from practice.profiles.photo import MOST_BYTES as MOST_OF_A_PHOTO

LONGEST_ADDRESS = 2_000  # characters of path and query
MOST_BYTES = 1024 * 1024  # the longest form has a few thousand
MOST_WITH_PHOTO = MOST_OF_A_PHOTO + 256 * 1024  # and what stands around it


def limit_size(get_response: Callable) -> Callable[[HttpRequest], HttpResponse]:
    """Refuse a body or an address that is too large; a body without a length counts as that."""

    def middleware(request: HttpRequest) -> HttpResponse:
        path, query = request.META.get("PATH_INFO", ""), request.META.get("QUERY_STRING", "")
        if len(path) + len(query) > LONGEST_ADDRESS:
            return too_large(414)
        most = MOST_WITH_PHOTO if request.path == reverse("profile") else MOST_BYTES
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
