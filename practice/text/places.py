"""Where a session takes place: a place in one line, or the https link of an online meeting."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

LENGTH = 200
ONLY_HTTPS = "Enter a place, or a link that begins with https://"
# What a browser would take for an address: "http://…", "javascript:…", "www.…".
_LOOKS_LIKE_A_LINK = re.compile(r"[a-z][a-z0-9+.-]*:\S|\S*://|//|www\.", re.IGNORECASE)
_NOT_IN_A_LINK = re.compile(r"[<>\"\\^`{|}]")  # RFC 3986 has them written in percents
_is_address = URLValidator(schemes=["https"], message=ONLY_HTTPS)


def validate_place(text: str) -> None:
    """Let through a place, or a link over https that names nobody before its host.

    Raises:
        ValidationError: it is a link of another kind, as `javascript:` or `http:`.
    """
    if not _LOOKS_LIKE_A_LINK.match(text.strip()):
        return
    _is_address(text)
    if (
        _NOT_IN_A_LINK.search(text) or "@" in urlsplit(text).netloc
    ):  # https://bank.example@elsewhere.example
        raise ValidationError(ONLY_HTTPS)


def link_of(place: str) -> str:
    """Return the link that a place is; empty where it is none."""
    return place if place.lower().startswith("https://") else ""


def without_scheme(link: str) -> str:
    """Return a link as it is read: "meet.example/alice"."""
    return link[len("https://") :].rstrip("/")
