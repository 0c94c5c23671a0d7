"""Addresses in messages: of pages, and those that messages are known by."""

from email.utils import parseaddr
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings

from practice.diary.models import Session


def whole(path: str) -> str:
    """Return the address of a page, or nothing where it is not known where the service is."""
    return f"{settings.SITE_URL}{path}" if settings.SITE_URL else ""


def sender() -> str:
    """Return the address that messages are sent from."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def message_id(session: Session) -> str:
    """Return a new Message-ID (RFC 5322, 3.6.4) for a message about a session."""
    host = urlsplit(settings.SITE_URL).hostname or sender().rpartition("@")[2] or "localhost"
    return f"<{session.public_id}.{uuid4().hex}@{host}>"
