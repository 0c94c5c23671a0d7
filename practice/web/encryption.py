"""What the server must keep and its database must not tell: encrypted with the server's key."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from hashlib import sha256

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def encrypt(text: str, purpose: str) -> str:
    """Return what only `decrypt` reads, with the same purpose: letters, digits, - and _."""
    return _fernet(purpose).encrypt(text.encode()).decode().rstrip("=")


def decrypt(encrypted_text: str, purpose: str, *, max_age: timedelta | None = None) -> str:
    """Return what was encrypted, with the server's key or with one that it had before.

    Raises:
        cryptography.fernet.InvalidToken: it was not, or for another purpose, or is older.
    """
    seconds = None if max_age is None else int(max_age.total_seconds())
    padded = encrypted_text + "=" * (-len(encrypted_text) % 4)
    return _fernet(purpose).decrypt(padded.encode(), ttl=seconds).decode()


def renew(encrypted_text: str, purpose: str) -> str:
    """Return the same text, encrypted with the server's present key, and as old as it was.

    Raises:
        cryptography.fernet.InvalidToken: it was not encrypted with any of its keys.
    """
    padded = encrypted_text + "=" * (-len(encrypted_text) % 4)
    return _fernet(purpose).rotate(padded.encode()).decode().rstrip("=")


def _fernet(purpose: str) -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (sha256(f"{purpose}{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
