"""`manage.py count_figures`: what pages show of all that there is, worked out for today."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from practice.imports.uploads import forget_old
from practice.profiles.figures import count_installation
from practice.profiles.settling import settle_everybody
from practice.records import settling as retention
from relationships.caseload import settling as caseload

NIGHTLY = timedelta(hours=1)  # older files of an import are forgotten then, so within a day


def tell_how_much_there_is() -> None:
    """Have SQLite count what its indexes find, which PostgreSQL does by itself.

    Until it knows, it looks through all of a therapist's work for that of one client.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


class Command(BaseCommand):
    """Works out the installation's figures as of midnight (UTC), and settles everybody's own.

    Until when records are kept is settled along with them, and files that were read and not brought
    in are forgotten: it is wanted every night, too.
    """

    help = "Work out what therapists are compared with, as of last midnight (UTC). Once a day."

    def handle(self, **options: Any) -> None:
        figures = count_installation(timezone.now())
        settle_everybody()
        retention.settle_everybody()
        caseload.settle_everybody()
        forget_old(NIGHTLY)
        tell_how_much_there_is()
        number = figures.therapists
        self.stdout.write(f"{number} therapist{'' if number == 1 else 's'} with figures.")
