"""Commands that have to see everything."""

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

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
            "Run this as the owner of the tables, who sees everything (docs/operate.md)."
        ) from None
