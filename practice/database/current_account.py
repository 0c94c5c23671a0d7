"""Who asks, and what for: told to PostgreSQL, for one transaction, before anything is read.

The policies of `second_wall.py` read it. Whoever has not said who they are sees no row. SQLite has
no such wall; there all of this does nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg.pq import TransactionStatus


@contextmanager
def asking(account_id: int | None) -> Iterator[bool]:
    """A transaction in which the database knows which account asks; None is a visitor.

    Yields whether there is one.
    """
    if connection.vendor != "postgresql":
        yield False
        return
    with transaction.atomic(savepoint=False):  # the outermost there is
        _tell(user=str(account_id or ""), side="")
        yield True


def on_side(side: str) -> None:
    """Be one of the two that an account can be, "therapist" or "client", for the rest of it."""
    if connection.vendor == "postgresql" and connection.in_atomic_block:
        _tell(side=side)


@contextmanager
def acting_as(account_id: int) -> Iterator[None]:
    """Let whoever has just shown that an account is theirs do what its owner may, on client side.

    The rest of the request goes on as whoever it was before.
    """
    if connection.vendor != "postgresql" or not connection.in_atomic_block:
        yield
        return
    now = (
        "SELECT current_setting('stillwater.user', true), current_setting('stillwater.side', true)"
    )
    with connection.wrap_database_errors:
        user, side = connection.connection.execute(now).fetchone()
    with _told_meanwhile({"user": str(account_id), "side": "client"}, {"user": user, "side": side}):
        yield


@contextmanager
def purpose(name: str, value: str = "yes") -> Iterator[None]:
    """Let the asker see what one purpose needs, beyond what is theirs, and no longer than that.

    The purposes are listed in `second_wall.PURPOSES`.
    """
    if connection.vendor != "postgresql" or not connection.in_atomic_block:
        yield
        return
    with _told_meanwhile({name: value}, {name: ""}):
        yield


@contextmanager
def _told_meanwhile(now: dict[str, str], then: dict[str, str]) -> Iterator[None]:
    _tell(**now)
    try:
        yield
    finally:
        # After an error the transaction is over, and with it what it was told.
        if connection.connection.info.transaction_status != TransactionStatus.INERROR:
            _tell(**then)


def _told(name: str) -> str:
    asked = "SELECT coalesce(current_setting('stillwater.' || %s, true), '')"
    with connection.wrap_database_errors:
        return connection.connection.execute(asked, [name]).fetchone()[0]


def _tell(**facts: str) -> None:
    # Local to the transaction: the next borrower of a pooled connection must not inherit it.
    connection.ensure_connection()
    with connection.wrap_database_errors:
        settings = ", ".join(["set_config('stillwater.' || %s, %s, true)"] * len(facts))
        values = [part for fact in facts.items() for part in fact]
        connection.connection.execute(f"SELECT {settings}", values)
