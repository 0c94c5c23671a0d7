"""How an entry is numbered by its writer, and sealed.

A seal is a keyed digest (HMAC-SHA256, key AUDIT_KEY) that only the installation can make.

A writer is a thread of the server, which counts the entries that it has committed. So a missing
entry leaves a hole in somebody's numbers, even before it is in a chain, and nobody has to hold a
lock for that: a thread writes one entry after the other.

A number counts only once its transaction is committed. What was rolled back up to a savepoint gives
its numbers back; of a whole transaction that was not committed nobody can be sure (the connection
may have been lost while the database answered), so after it the thread goes on under another name.
"""

import hmac
import json
import os
import secrets
import threading
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, transaction
from django.dispatch import Signal

COLUMNS_OF_ENTRY = (
    *("chain", "therapist_id", "at", "by", "role", "verb", "about", "outcome", "request_id"),
    *("event", "digest", "through", "writer", "writer_number"),
)
NOTHING = "0" * 64  # what the first entry of a chain follows


def seal(kind: str, *values: object) -> str:
    """Return the seal of some values, 64 hexadecimal characters; `kind` says what they are.

    Raises:
        ImproperlyConfigured: there is no AUDIT_KEY.
    """
    if not settings.AUDIT_KEY:
        raise ImproperlyConfigured("Set AUDIT_KEY: without it nothing can be recorded or verified.")
    text = json.dumps([kind, *map(_plain, values)], ensure_ascii=True, separators=(",", ":"))
    return hmac.new(settings.AUDIT_KEY.encode(), text.encode(), sha256).hexdigest()


def _plain(value: object) -> object:
    """Return a value as both databases give it back."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return str(value) if isinstance(value, str) else value


def seal_of_entry(entry: Any) -> str:
    """Return the seal of an entry: all that is known of it before it has a place in its chain."""
    return seal("entry", *(getattr(entry, column) for column in COLUMNS_OF_ENTRY))


def seal_of_place(former: str, number: int, sealed: str) -> str:
    """Return the seal of an entry's place: its number, and what came before (`former`)."""
    return seal("place", former, number, sealed)


def seal_of_head(head: Any) -> str:
    """Return the seal of a chain's head: so many entries, and the seal of the last place."""
    return seal("head", head.chain, head.length, head.mac)


def seal_of_event(event: Any) -> str:
    """Return the seal of a row of a relationship's history, whatever its note says included."""
    columns = ("pk", "therapist_id", "relationship_id", "kind", "at", "by_id", "reason", "note")
    of_people = ("client_id", "goes_on_as")
    return seal("event", *(getattr(event, column) for column in (*columns, *of_people)))


committed = Signal()  # an entry has been written for good

_thread = threading.local()


class Writer:
    """A thread, from one transaction of unknown outcome to the next."""

    def __init__(self, now: datetime) -> None:
        # When it began, in seconds, and chance: of holes older than a purge, nothing is known.
        self.name = f"{int(now.timestamp()):08x}{secrets.token_hex(4)}"
        self.at = now
        self.given = self.committed = 0  # the last numbers

    def next_number(self, how_many: int = 1) -> int:
        """Give out the last of so many numbers, which count if the transaction is committed."""
        pending = _pending(self)
        self.given = (pending.number if pending else self.committed) + how_many
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
