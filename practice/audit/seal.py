"""Seals: keyed digests (HMAC-SHA256, key AUDIT_KEY) that only the installation can make."""

import hmac
import json
from datetime import UTC, datetime
from hashlib import sha256

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NOTHING = "0" * 64  # what the first entry of a chain follows


def seal(kind: str, *facts: object) -> str:
    """Return the seal of some facts, 64 hexadecimal characters; `kind` says what they are.

    Raises:
        ImproperlyConfigured: there is no AUDIT_KEY.
    """
    if not settings.AUDIT_KEY:
        raise ImproperlyConfigured("Set AUDIT_KEY: without it nothing can be recorded or verified.")
    text = json.dumps([kind, *map(_plain, facts)], ensure_ascii=True, separators=(",", ":"))
    return hmac.new(settings.AUDIT_KEY.encode(), text.encode(), sha256).hexdigest()


def _plain(fact: object) -> object:
    """Return a fact as both databases give it back."""
    if isinstance(fact, datetime):
        return fact.astimezone(UTC).isoformat(timespec="microseconds")
    return str(fact) if isinstance(fact, str) else fact


def seal_of_entry(entry: object, former: str) -> str:
    """Return the seal that binds an entry to the one before it, whose seal is `former`."""
    columns = ("chain", "therapist_id", "number", "at", "by", "role", "verb", "about")
    columns += ("outcome", "request_id", "event", "digest", "through")
    return seal("entry", former, *(getattr(entry, column) for column in columns))


def seal_of_head(head: object) -> str:
    """Return the seal of a chain's head: so many entries, and the seal of the last."""
    return seal("head", head.chain, head.length, head.mac)


def seal_of_event(event: object) -> str:
    """Return the seal of a row of a relationship's history, whatever its note says included."""
    columns = ("pk", "therapist_id", "relationship_id", "kind", "at", "by_id", "reason", "note")
    return seal("event", *(getattr(event, column) for column in columns))
