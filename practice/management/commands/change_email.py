"""`python3 manage.py change_email hannah@practice.example hannah@elsewhere.example`."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from practice.accounts.models import User
from practice.audit.models import Entry, Verb


class Command(BaseCommand):
    """For an installation that sends no mail. Make sure that it is the owner who asks."""

    help = "Let an account sign in with another address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("old")
        parser.add_argument("new")

    @transaction.atomic
    def handle(self, *, old: str, new: str, **options: object) -> None:
        new = new.strip().lower()
        user = User.objects.filter(email=old.strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no account for {old}.")
        try:
            validate_email(new)
            user.change_email(new)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except User.EmailTaken:
            raise CommandError(f"There is an account for {new} already.") from None
        Entry.record(
            Verb.SETTINGS_CHANGED,
            by=None,
            therapist=None,
            about=f"account:{user.pk}",
            outcome="email address",
        )
        self.stdout.write(f"The account signs in as {new}.")
