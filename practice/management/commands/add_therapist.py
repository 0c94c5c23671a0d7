"""`python3 manage.py add_therapist "Hannah Okafor" hannah@practice.example`."""

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from practice.management.operator import OperatorCommand
from practice.management.therapists import new_therapist, save


class Command(OperatorCommand):
    """Adds a therapist with an account; asks for the password. For who is their own operator.

    `invite_therapist` lets them choose it themselves.
    """

    help = "Add a therapist who can sign in, with a password that you type."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("email")
        parser.add_argument("--time-zone", default="Europe/London", help="e.g. Europe/Berlin")

    def handle(self, *, name: str, email: str, time_zone: str, **options: Any) -> None:
        therapist = new_therapist(name, email, time_zone)
        user = therapist.user
        user.set_password(self.new_password(user))
        user.email_verified_at = timezone.now()  # the operator knows whose address it is
        save(therapist)
        self.stdout.write(f"{therapist.name} can sign in as {user.email}.")
