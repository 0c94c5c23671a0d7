"""`manage.py count_figures`: what pages show of all that there is, worked out for today."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from practice.profiles.figures import count_installation
from practice.profiles.settling import settle_everybody
from practice.records import settling as retention


class Command(BaseCommand):
    """Works out the installation's figures as of midnight (UTC), and settles everybody's own.

    Until when records are kept is settled along with them: it is wanted every night, too.
    """

    help = "Work out what therapists are compared with, as of last midnight (UTC). Once a day."

    def handle(self, **options: Any) -> None:
        figures = count_installation(timezone.now())
        settle_everybody()
        retention.settle_everybody()
        number = figures.therapists
        self.stdout.write(f"{number} therapist{'' if number == 1 else 's'} with figures.")
