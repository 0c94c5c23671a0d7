"""Who may open a page, and as whom.

Everything a page shows is reached from `request.therapist` or `request.clients`, so that what
belongs to somebody else cannot be named.
"""

from collections.abc import Callable
from functools import wraps
from typing import Self

from django.core.exceptions import PermissionDenied
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse

from practice.accounts.models import Therapist, User
from practice.database import current_account
from practice.web.request_id import request_id

View = Callable[..., HttpResponse]


class TherapistRequest(HttpRequest):
    """A request of a signed-in therapist."""

    therapist: Therapist


def therapist_of(user: object) -> Therapist | None:
    """Return the therapist an account belongs to, if it does."""
    return getattr(user, "therapist", None)


class Role(TextChoices):
    """In which part somebody acted."""

    THERAPIST = "therapist"
    CLIENT = "client"
    VISITOR = "visitor"  # not signed in
    OPERATOR = "operator"  # a command on the server

    @classmethod
    def of(cls, by: User | None, therapist_id: int | None) -> Self:
        """Return the part an account has in a practice, or in the installation (None)."""
        if by is None:
            return cls.VISITOR if request_id() else cls.OPERATOR
        own = therapist_of(by)
        is_theirs = own and therapist_id in (None, own.pk)
        return cls.THERAPIST if is_theirs else cls.CLIENT


def for_therapists(view: View) -> View:
    """Let therapists in and set `request.therapist`; anybody else is refused."""

    @wraps(view)
    def checked(request: TherapistRequest, *args: object, **kwargs: object) -> HttpResponse:
        therapist = therapist_of(request.user)
        if therapist is None:
            raise PermissionDenied
        request.therapist = therapist
        current_account.act_as_therapist()
        return view(request, *args, **kwargs)

    return checked


def for_clients(view: View) -> View:
    """Let clients in and set `request.clients`, their own records; a mere therapist is refused."""

    @wraps(view)
    def checked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        request.clients = request.user.clients.select_related("therapist").order_by("pk")
        if therapist_of(request.user) and not request.clients:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked
