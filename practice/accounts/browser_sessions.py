"""Browser sessions that know whose they are, so that ending an account's reads nobody else's.

Django's own way of extending sessions in the database: a model with a column more, and its store.
"""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils.http import base36_to_int

BEGUN = "account_login"  # allauth's, of a sign-in that waits for its second step


class BrowserSession(AbstractBaseSession):
    """What the server remembers of a browser until it signs out."""

    # The account that it is signed in to, or has begun to sign in to. It may be gone by now.
    account_id = models.BigIntegerField(null=True, db_index=True)

    @classmethod
    def get_session_store_class(cls) -> type["SessionStore"]:
        return SessionStore


class SessionStore(DatabaseStore):
    """Keeps sessions as Django does, with their account beside them."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        """Return the row of a session with this content."""
        row: BrowserSession = super().create_model_instance(data)  # type: ignore[assignment]
        row.account_id = account_of(data)
        return row


def account_of(data: dict[str, Any]) -> int | None:
    """Return which account a session is signed in to or has begun to sign in to, if any."""
    if SESSION_KEY in data:
        return int(data[SESSION_KEY])
    begun = data.get(BEGUN, {}).get("user_pk")
    return base36_to_int(begun) if begun else None
