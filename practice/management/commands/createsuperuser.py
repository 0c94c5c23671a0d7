"""Django's `createsuperuser` makes whom there are none of here."""

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    """Says what to do in its place."""

    help = "Nobody is above others here: see add_therapist."

    def handle(self, *args: object, **options: object) -> None:
        raise CommandError(
            "Nobody is above others here, and there is no admin site. Add a therapist: "
            'manage.py invite_therapist "Hannah Okafor" hannah@practice.example'
        )
