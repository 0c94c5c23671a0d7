"""`python3 manage.py reset_account hannah@practice.example`."""

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from practice.accounts.models import User
from practice.audit.models import Entry, Verb
from practice.management.owner import must_see_everything


class Command(BaseCommand):
    """For who cannot get a link by mail. Make sure that it is the owner of the address who asks."""

    help = "Hand an account to the owner of its address: with a new password, signed out elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:
        must_see_everything()
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no account for {email}.")
        password = getpass("Password (12 characters or more): ")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        with transaction.atomic():
            user.claim(password)
            Entry.record(Verb.PASSWORD_CHANGED, by=None, therapist=None, about=f"account:{user.pk}")
        self.stdout.write(f"{user.email} signs in with the new password.")
