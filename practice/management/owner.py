"""Commands that have to see everything."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from practice.database import row_security


def must_see_everything() -> None:
    """Look whether row-level security would hide rows from this command.

    Raises:
        CommandError: it would.
    """
    try:
        row_security.check_owner()
    except ImproperlyConfigured:
        raise CommandError(
            "Run this as the owner of the tables, who sees everything: let DATABASE_URL name "
            "stillwater_owner (docs/operate.md)."
        ) from None


class OwnerCommand(BaseCommand):
    """A command for the owner of the tables, which says so before it asks or does anything."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        must_see_everything()
        return super().execute(*args, **options)
