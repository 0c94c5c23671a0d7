"""Looking is recorded, too: who opened a page about somebody."""

from collections.abc import Callable, Mapping
from functools import wraps

from django.http import HttpResponse

from practice.accounts.access import TherapistRequest
from practice.audit.models import Entry, Verb
from practice.database.public_ids import ALPHABET


def records(verb: Verb) -> Callable:
    """Record every page that a therapist's view shows about the client or the work it names.

    An answer that leads elsewhere shows nothing.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def recorded(request: TherapistRequest, **ids: str) -> HttpResponse:
            response = view(request, **ids)
            if not 300 <= response.status_code < 400:
                by, therapist = request.user, request.therapist
                Entry.record(verb, by=by, therapist=therapist, about=named_in(ids))
            return response

        return recorded

    return decorate


def named_in(ids: Mapping[str, object]) -> str:
    """Return what an address names, e.g. "client:bcdfghjkmn" for {"client_id": "bcdfghjkmn"}.

    What cannot be an id, because somebody typed it, is left out.
    """
    for name, value in ids.items():
        if name.endswith("_id"):
            is_id = isinstance(value, str) and set(value) <= set(ALPHABET)
            return f"{name.removesuffix('_id')}:{value if is_id else ''}"
    return ""
