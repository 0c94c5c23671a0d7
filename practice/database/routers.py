"""Which connection what is asked for goes by."""

from typing import Any

from django.conf import settings
from django.db.models import Model

CACHE = "cache"


class CacheRouter:
    """Give the shared cache, which is in the same database, a connection of its own.

    On PostgreSQL a request is one transaction. What the limits of sign-in count would be locked as
    long, so that people at one address signed in one after the other; and a request that fails
    would not have been counted. (On SQLite there is one connection: nothing is locked so long.)
    """

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        is_cache = model._meta.app_label == "django_cache"
        return CACHE if is_cache and CACHE in settings.DATABASES else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == CACHE else None
