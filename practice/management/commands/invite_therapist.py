"""`python3 manage.py invite_therapist "Hannah Okafor" hannah@practice.example`."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from practice.accounts.models import User
from practice.management.operator import OperatorCommand
from practice.management.therapists import link_for, new_therapist, save


class Command(OperatorCommand):
    """Adds a therapist, who chooses a password by a link: by mail, or handed over by you.

    Run again for somebody who has not used theirs, it makes a new link, and the old one is over.
    """

    help = "Add a therapist by a link that works once, for 7 days: nobody types their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("email")
        parser.add_argument("--time-zone", default="Europe/London", help="e.g. Europe/Berlin")

    def handle(self, *, name: str, email: str, time_zone: str, **options: Any) -> None:
        if not settings.SITE_URL:
            raise CommandError("Set SITE_URL: the link has to lead to the service.")
        user = self.invited_before(email)
        if user is None:
            therapist = new_therapist(name, email, time_zone)
            user = therapist.user
            user.set_unusable_password()
            save(therapist)
        link = link_for(user)
        if self.send(user, "account/email/therapist_invitation", {"name": name, "link": link}):
            self.stdout.write(f"A link is on its way to {user.email}. It works once, for 7 days.")
        else:
            self.stdout.write(f"Hand this link to {name}. It works once, for 7 days:\n{link}")

    def invited_before(self, email: str) -> User | None:
        """Return the account of a therapist who has chosen no password yet, with no link any more.

        What a link was made for is a password that nobody can use, and is another one now.
        """
        user = User.objects.filter(email=email.strip().lower(), therapist__isnull=False).first()
        if user is None or user.has_usable_password() or not user.is_active:
            return None
        former = user.password
        user.set_unusable_password()
        changed = User.objects.filter(pk=user.pk, password=former).update(password=user.password)
        return user if changed else None
