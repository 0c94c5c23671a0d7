"""Who may open a page, and as whom.

Everything a page shows is reached from `request.therapist` or `request.clients`, so that what
belongs to somebody else cannot be named.
"""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from practice.accounts.models import Therapist
from practice.database import current_account

View = Callable[..., HttpResponse]


class TherapistRequest(HttpRequest):
    """A request of a signed-in therapist."""

    therapist: Therapist


def therapist_of(user: object) -> Therapist | None:
    """Return the therapist an account belongs to, if it does."""
    return getattr(user, "therapist", None)


def for_therapists(view: View) -> View:
    """Let therapists in and set `request.therapist`; anybody else is refused."""

    @wraps(view)
    def checked(request: TherapistRequest, *args: object, **kwargs: object) -> HttpResponse:
        therapist = therapist_of(request.user)
        if therapist is None:
            raise PermissionDenied
        request.therapist = therapist
        current_account.on_side("therapist")
        return view(request, *args, **kwargs)

    return checked


def for_clients(view: View) -> View:
    """Let clients in and set `request.clients`, their own records; a mere therapist is refused."""

    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        request.clients = request.user.clients.select_related("therapist").order_by("pk")
        if therapist_of(request.user) and not request.clients:
            raise PermissionDenied
        current_account.on_side("client")
        return view(request, *args, **kwargs)

    return checked
