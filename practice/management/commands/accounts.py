"""`python3 manage.py accounts list`, and what can be done to one of them."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email
from django.db.models import Exists, OuterRef

from practice.accounts.access import SECOND_FACTORS
from practice.accounts.models import User
from practice.audit.models import Verb
from practice.management.operator import OperatorCommand


class Command(OperatorCommand):
    """Lists accounts, closes and opens them, and helps who cannot get in by themselves."""

    help = "List accounts; disable, enable, change the address or reset the factors of one."

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help="address, part, second factor, last sign-in")
        listing.add_argument("part", nargs="?", default="", help="a part of the address")
        for act, text in {
            "disable": "sign it out everywhere, and let nobody sign in until it is enabled",
            "enable": "let its owner sign in again",
            "reset-factors": "remove every second factor, and sign it out everywhere",
            "change-email": "let it sign in with another address",
        }.items():
            one = acts.add_parser(act, help=text)
            one.add_argument("email")
            if act == "change-email":
                one.add_argument("new")

    def handle(self, *, act: str, part: str = "", email: str = "", **options: Any) -> None:
        if act == "list":
            self.show(part)
        else:
            user = self.account_of(email)
            getattr(self, act.replace("-", "_"))(user, **options)

    def show(self, part: str) -> None:
        factors = Authenticator.objects.filter(user=OuterRef("pk"), type__in=SECOND_FACTORS)
        accounts = User.objects.filter(email__contains=part.strip().lower()).order_by("email")
        accounts = accounts.select_related("therapist").annotate(has_factor=Exists(factors))
        number = 0
        for user in accounts.iterator():
            number += 1
            last = f"{user.last_login:%Y-%m-%d}" if user.last_login else "never"
            words = [
                "therapist" if hasattr(user, "therapist") else "client",
                "second factor" if user.has_factor else "password alone",
                f"last sign-in {last}",
                *([] if user.is_active else ["disabled"]),
            ]
            self.stdout.write(f"{user.email}  {', '.join(words)}")
        self.stdout.write(f"{number} account{'' if number == 1 else 's'}.")

    def disable(self, user: User, **options: Any) -> None:
        told = "closed your account for now. Nobody can sign in to it, and nothing is deleted."
        if not user.is_active:
            raise CommandError(f"{user.email} is disabled already.")
        with self.changing(user, Verb.SETTINGS_CHANGED, told, outcome="disabled"):
            user.disable()
        self.stdout.write(f"Nobody can sign in as {user.email}.")

    def enable(self, user: User, **options: Any) -> None:
        told = "opened your account again. You sign in as before."
        with self.changing(user, Verb.SETTINGS_CHANGED, told, outcome="enabled"):
            if not user.enable():
                raise CommandError(f"{user.email} is not disabled, or was erased.")
        self.stdout.write(f"{user.email} can sign in again.")

    def reset_factors(self, user: User, **options: Any) -> None:
        told = (
            "removed the second step of your account: authenticator app, passkeys and recovery "
            "codes. You have been signed out everywhere, sign in by your password alone, and can "
            "add a second step again."
        )
        with self.changing(user, Verb.SECOND_FACTOR_REMOVED, told):
            Authenticator.objects.filter(user=user).delete()
            user.sign_out_everywhere()
        self.stdout.write(f"{user.email} signs in by password alone, and can add a second factor.")

    def change_email(self, user: User, *, new: str, **options: Any) -> None:
        new = new.strip().lower()
        told = f"changed the address that you sign in with: from now on it is {new}."
        try:
            validate_email(new)
            with self.changing(user, Verb.SETTINGS_CHANGED, told, outcome="email address"):
                if not user.change_email(new):
                    raise CommandError("The account was changed a moment ago. Try again.")
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except User.EmailTaken:
            raise CommandError(f"There is an account for {new} already.") from None
        self.stdout.write(f"The account signs in as {new}.")
