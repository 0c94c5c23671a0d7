"""Seals: keyed digests (HMAC-SHA256, key AUDIT_KEY) that only the installation can make."""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

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


def seal_of_entry(entry: object) -> str:
    """Return the seal of an entry: all that is known of it before it has a place in its chain."""
    return seal("entry", *(getattr(entry, column) for column in COLUMNS_OF_ENTRY))


def seal_of_place(former: str, number: int, sealed: str) -> str:
    """Return the seal of an entry's place: its number, and what came before (`former`)."""
    return seal("place", former, number, sealed)


def seal_of_head(head: Any) -> str:
    """Return the seal of a chain's head: so many entries, and the seal of the last place."""
    return seal("head", head.chain, head.length, head.mac)


def seal_of_event(event: object) -> str:
    """Return the seal of a row of a relationship's history, whatever its note says included."""
    columns = ("pk", "therapist_id", "relationship_id", "kind", "at", "by_id", "reason", "note")
    return seal("event", *(getattr(event, column) for column in columns))
