"""What a request carries once it has passed the middleware."""

from typing import Any

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class PageRequest(HttpRequest):
    """A request for a page.

    `reader` is the therapist, or the first client record, of whoever is signed in; None for
    everybody else. `clients` are all client records of whoever is signed in. A view sets
    `is_background` where looking is no use of the session.
    """

    htmx: HtmxDetails
    reader: Any
    clients: Any
    is_background: bool
