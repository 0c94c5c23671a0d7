"""`python3 manage.py changepassword hannah@practice.example`, in the place of Django's own."""

from typing import Any

from django.core.management.base import CommandParser

from practice.audit.models import Verb
from practice.management.operator import OperatorCommand


class Command(OperatorCommand):
    """Chooses a password for somebody, which signs them out everywhere; asks for it.

    `reset_account` does more, for who has not shown yet that the address is theirs.
    """

    help = "Choose another password for an account: it is recorded, and its owner is told."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *, email: str, **options: Any) -> None:
        user = self.account_of(email)
        password = self.new_password(user)
        told = "chosen a new password for your account, and signed it out everywhere."
        with self.changing(user, Verb.PASSWORD_CHANGED, told):
            user.set_password(password)
            user.save(update_fields=["password"])
            user.sign_out_everywhere()
        self.stdout.write(f"{user.email} signs in with the new password.")
