"""Who asks, and what they may open.

Everything a page shows is reached from `request.therapist` or `request.clients`, so that what
belongs to somebody else cannot be named. PostgreSQL is told who asks, too, for one transaction,
before anything is read: the policies of `row_security.sql` read it, and where nobody is told of, no
row is seen. SQLite has no row-level security; there that does nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Self

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import QuerySet, TextChoices
from django.http import HttpResponse
from psycopg import Cursor
from psycopg.pq import TransactionStatus

from practice.accounts.models import Therapist, User
from practice.web.logging import REQUEST_ID
from practice.web.requests import PageRequest

View = Callable[..., HttpResponse]

# Local to the transaction: the next borrower of a pooled connection must not inherit it.
ACCOUNT = """SELECT set_config('stillwater.account', %s, true),
    set_config('stillwater.therapist', '', true), set_config('stillwater.invitation', '', true)"""
WHO = """SELECT set_config('stillwater.account', %s, true),
    set_config('stillwater.therapist', %s, true)"""
WHO_IT_IS = """SELECT coalesce(current_setting('stillwater.account', true), ''),
    coalesce(current_setting('stillwater.therapist', true), '')"""
# The database looks up which therapist the account is: nobody is another by mistake.
THERAPIST = """SELECT set_config('stillwater.therapist', coalesce((
    SELECT id::text FROM accounts_therapist
    WHERE user_id = nullif(current_setting('stillwater.account', true), '')::bigint
), ''), true)"""
CLIENT = "SELECT set_config('stillwater.therapist', '', true)"
INVITATION = "SELECT set_config('stillwater.invitation', %s, true)"


class AccountRequest(PageRequest):
    """A request of somebody who is signed in."""

    user: User


class TherapistRequest(AccountRequest):
    """A request of a signed-in therapist."""

    therapist: Therapist


class ClientRequest(AccountRequest):
    """A request of somebody who is signed in as a client; `clients` are their own records."""

    clients: QuerySet[Any]  # of the model Client, which stands above accounts


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
            return cls.VISITOR if REQUEST_ID.get() else cls.OPERATOR
        own = therapist_of(by)
        is_theirs = own and therapist_id in (None, own.pk)
        return cls.THERAPIST if is_theirs else cls.CLIENT


def for_therapists(view: View) -> View:
    """Let therapists in and set `request.therapist`; anybody else is refused."""

    @wraps(view)
    def checked(request: TherapistRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        therapist = therapist_of(request.user)
        if therapist is None:
            raise PermissionDenied
        request.therapist = therapist
        act_as_therapist()
        return view(request, *args, **kwargs)

    return checked


def for_clients(view: View) -> View:
    """Let clients in and set `request.clients`, their own records; a mere therapist is refused."""

    @wraps(view)
    def checked(request: ClientRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        request.clients = request.user.clients.select_related("therapist", "merged_into").order_by(
            "pk"
        )
        if therapist_of(request.user) and not request.clients:
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return checked


@contextmanager
def transaction_of(account_id: int | None) -> Iterator[bool]:
    """A transaction in which the database knows which account asks; None is a visitor.

    Yields whether there is one.
    """
    if connection.vendor != "postgresql":
        yield False
        return
    with transaction.atomic(savepoint=False):  # the outermost there is
        _tell(ACCOUNT, str(account_id or ""))
        yield True


def act_as_therapist() -> None:
    """Be the therapist that the account is, and nobody's client, until the transaction ends."""
    if _is_told():
        _tell(THERAPIST)


def act_as_client() -> None:
    """Be a client again, and no therapist, until the transaction ends."""
    if _is_told():
        _tell(CLIENT)


def hold_invitation(fingerprint: str) -> None:
    """Hold the link of an invitation, too, until the transaction ends."""
    if _is_told():
        _tell(INVITATION, fingerprint)


@contextmanager
def acting_as(account_id: int) -> Iterator[None]:
    """Let whoever has just shown that an account is theirs do what its owner may, as a client.

    The rest of the transaction goes on as whoever it was before.
    """
    if not _is_told():
        yield
        return
    former = _tell(WHO_IT_IS).fetchone() or ("", "")
    _tell(WHO, str(account_id), "")
    try:
        yield
    finally:
        # After an error the transaction is over, and with it what it was told.
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            _tell(WHO, *former)


def _is_told() -> bool:
    return connection.vendor == "postgresql" and connection.in_atomic_block


def _tell(statement: str, *values: str) -> Cursor:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection.connection.execute(statement, values)
