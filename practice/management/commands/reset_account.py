"""`python3 manage.py reset_account hannah@practice.example`."""

from typing import Any

from django.core.management.base import CommandParser

from practice.audit.models import Verb
from practice.management.operator import OperatorCommand


class Command(OperatorCommand):
    """For who cannot get a link by mail. Make sure that it is the owner of the address who asks."""

    help = "Hand an account to the owner of its address: with a new password, signed out elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:
        user = self.account_of(email)
        password = self.new_password(user)
        told = "chosen a new password for your account, and signed it out everywhere."
        with self.changing(user, Verb.PASSWORD_CHANGED, told):
            user.claim(password)
        self.stdout.write(f"{user.email} signs in with the new password.")
