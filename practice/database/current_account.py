"""Who asks: told to PostgreSQL, for one transaction, before anything is read.

The policies of `row_security.sql` read it; where nobody is told of, no row is seen. SQLite has no
row-level security; there all of this does nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import Cursor
from psycopg.pq import TransactionStatus

# Local to the transaction: the next borrower of a pooled connection must not inherit it.
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


@contextmanager
def transaction_of(account_id: int | None) -> Iterator[bool]:
    """A transaction in which the database knows which account asks; None is a visitor.

    Yields whether there is one.
    """
    if connection.vendor != "postgresql":
        yield False
        return
    with transaction.atomic(savepoint=False):  # the outermost there is
        _tell(WHO, str(account_id or ""), "")
        _tell(INVITATION, "")
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
    former = _tell(WHO_IT_IS).fetchone()
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
