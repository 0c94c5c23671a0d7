"""`manage.py count_figures`: what profiles show and compare, added up for today."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from practice.profiles.figures import count_installation
from practice.profiles.settling import settle_everybody


class Command(BaseCommand):
    """Works out the installation's figures as of midnight (UTC), and settles everybody's own."""

    help = "Work out what therapists are compared with, as of last midnight (UTC). Once a day."

    def handle(self, **options: Any) -> None:
        figures = count_installation(timezone.now())
        settle_everybody()
        number = figures.therapists
        self.stdout.write(f"{number} therapist{'' if number == 1 else 's'} with figures.")
