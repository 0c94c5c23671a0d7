"""`manage.py count_figures`: what therapists are compared with, worked out for today."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from practice.profiles.figures import count_installation


class Command(BaseCommand):
    """Works out the figures of the installation as of midnight (UTC), for a nightly cron."""

    help = "Work out what therapists are compared with, as of last midnight (UTC). Once a day."

    def handle(self, **options: Any) -> None:
        figures = count_installation(timezone.now())
        number = figures.therapists
        self.stdout.write(f"{number} therapist{'' if number == 1 else 's'} with figures.")
