"""Who writes the audit: each thread of the server counts the entries that it has committed.

So a missing entry leaves a hole in somebody's numbers, even before it is in a chain, and nobody has
to hold a lock for that: a thread writes one entry after the other.

A number counts only once its transaction is committed. What was rolled back up to a savepoint gives
its numbers back; of a whole transaction that was not committed nobody can be sure (the connection
may have been lost while the database answered), so after it the thread goes on under another name.
"""

import os
import secrets
import threading
from datetime import UTC, datetime

from django.db import connection, transaction
from django.dispatch import Signal

committed = Signal()  # an entry has been written for good

_thread = threading.local()


class Writer:
    """A thread, from one transaction of unknown outcome to the next."""

    def __init__(self, now: datetime) -> None:
        # When it began, in seconds, and chance: of holes older than a purge, nothing is known.
        self.name = f"{int(now.timestamp()):08x}{secrets.token_hex(4)}"
        self.at = now
        self.given = self.committed = 0  # the last numbers

    def next_number(self) -> int:
        """Give out a number, which counts if the present transaction is committed."""
        pending = _pending(self)
        self.given = (pending.number if pending else self.committed) + 1
        transaction.on_commit(Written(self, self.given))
        return self.given


class Written:
    """What a transaction does when it has been committed: count the entry as written."""

    def __init__(self, writer: Writer, number: int) -> None:
        self.writer, self.number = writer, number

    def __call__(self) -> None:
        self.writer.committed = self.number
        committed.send(Writer)


def present_writer(now: datetime) -> Writer:
    """Return who writes in this thread; call inside the transaction that writes.

    A writer lives forward in time: who finds the clock set back is another.
    """
    writer: Writer | None = getattr(_thread, "writer", None)
    is_sure = writer and (writer.given == writer.committed or _pending(writer))
    if writer is None or not is_sure or now < writer.at:
        writer = _thread.writer = Writer(now)
    writer.at = now
    return writer


def begin_anew() -> None:
    """Let this thread write under another name from here on."""
    _thread.__dict__.clear()


os.register_at_fork(after_in_child=begin_anew)  # two processes are two writers


def began_at(name: str) -> datetime | None:
    """Return when a writer of this name began, to the second; None if no writer is called so."""
    try:
        return datetime.fromtimestamp(int(name[:8], 16), UTC)
    except ValueError:
        return None


def _pending(writer: Writer) -> Written | None:
    """Return the last entry that this thread has written in the present transaction."""
    for _, hook, *_ in reversed(connection.run_on_commit):
        if isinstance(hook, Written) and hook.writer is writer:
            return hook
    return None
