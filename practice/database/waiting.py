"""How long a request waits for the database, before it is answered 503 (`practice/site/errors.py`).

Only the web server's processes are told (`practice/wsgi.py`): a command such as `migrate` waits for
its turn, and takes the time that it needs.
"""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

# Milliseconds, for each statement; a request that waits in vain may send a second one, and a third.
FOR_A_LOCK = 2_500
FOR_A_STATEMENT = 3_000
FOR_A_CONNECTION = 2_000
FOR_THE_NETWORK = 5_000  # to take along what was sent: the other machine may be gone


def limit_waiting(database: MutableMapping[str, Any]) -> None:
    """Set the limits in the settings of a database; what connects from here on has them."""
    options = database.setdefault("OPTIONS", {})
    if database["ENGINE"].endswith("sqlite3"):
        options["timeout"] = FOR_A_LOCK / 1000
        return
    limits = {"lock_timeout": FOR_A_LOCK, "statement_timeout": FOR_A_STATEMENT}
    told = [options.get("options", ""), *(f"-c {name}={ms}ms" for name, ms in limits.items())]
    options["options"] = " ".join(filter(None, told))
    options.setdefault("connect_timeout", FOR_A_CONNECTION // 1000)
    options.setdefault("tcp_user_timeout", FOR_THE_NETWORK)


@contextmanager
def without_limit() -> Iterator[None]:
    """Give the statements within all the time they need: for reading that nobody waits for.

    On SQLite no statement has a limit, and a transaction would keep everybody else from writing.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield
