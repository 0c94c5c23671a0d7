"""`manage.py check_figures`: are the figures that pages show those of the rules?"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.management.owner import OwnerCommand
from practice.profiles.figures import everybody, visits_of
from practice.profiles.stats import Stats, installation, stats
from practice.profiles.sums import installation_of, stats_of


class Command(OwnerCommand):
    """Compares what the database works out with the pure functions; ends with 1 if they differ."""

    help = "Compare every therapist's figures, as the database has them, with those of the rules."

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        together = installation(self.by_the_rules(now))
        if self.wrong:
            raise CommandError(f"{self.wrong} found to be wrong.", returncode=1)
        if together != (found := installation_of(everybody(), now)):
            raise CommandError(f"Together: {found}, by the rules {together}.", returncode=1)
        self.stdout.write("All figures are those of the rules.")

    wrong = 0

    def by_the_rules(self, now: datetime) -> Iterator[Stats]:
        """Yield every therapist's numbers by the rules, and say where the database has others."""
        for therapist in Therapist.objects.order_by("pk").iterator():
            # Twice, as somebody may have changed a session between the one and the other.
            for _ in range(2):
                found = asdict(stats_of(therapist, now))
                expected = stats(visits_of(therapist), now)
                if found == asdict(expected):
                    break
            else:
                self.wrong += 1
                for name, number in asdict(expected).items():
                    if found[name] != number:
                        words = f"Therapist {therapist.pk}, {name}: {found[name]}, by the rules "
                        self.stdout.write(self.style.ERROR(f"{words}{number}"))
            yield expected
