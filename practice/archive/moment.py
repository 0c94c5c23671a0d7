"""A practice as of one moment, however long it takes to read it, and while people go on working."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from practice.accounts.access import act_as_therapist, transaction_of


@contextmanager
def one_moment(account_id: int | None = None) -> Iterator[None]:
    """Read all within as it is now; nothing can be written, and nobody waits for it.

    The database is told that the account asks, as the therapist it is; None is the owner of the
    tables. Within a transaction it is that transaction's moment.
    """
    if connection.in_atomic_block:
        with _asked_by(account_id):
            yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
            with _asked_by(account_id):
                yield
    else:
        # A transaction of Django's would keep everybody else from writing (`IMMEDIATE`).
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


@contextmanager
def _asked_by(account_id: int | None) -> Iterator[None]:
    if account_id is None:
        yield
        return
    with transaction_of(account_id):
        act_as_therapist()
        yield
