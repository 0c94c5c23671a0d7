"""What whoever runs the service does to somebody's account: recorded as theirs, told by mail."""

from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.core.management.base import CommandError
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from practice.accounts.adapter import Adapter
from practice.accounts.models import User
from practice.audit.models import Entry, Verb
from practice.management.owner import OwnerCommand


class OperatorCommand(OwnerCommand):
    """Changes accounts. Whoever runs it makes sure first that it is the owner who asks."""

    def account_of(self, email: str) -> User:
        """Return the account of an address, however its letters were typed.

        Raises:
            CommandError: there is none.
        """
        try:
            return User.objects.get_by_natural_key(email)
        except User.DoesNotExist:
            raise CommandError(f"There is no account for {email}.") from None

    def new_password(self, user: User) -> str:
        """Ask for a password.

        Raises:
            CommandError: it is too weak; the text says why.
        """
        password = getpass("Password (12 characters or more): ")
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        return password

    @contextmanager
    def changing(
        self, user: User, verb: Verb, told: str, *, outcome: str = "done"
    ) -> Iterator[None]:
        """A transaction that changes an account and records it; then its owner is told.

        `told` goes on from "Whoever runs this service has". The mail is sent to the address that
        the account has at the beginning.
        """
        email = user.email
        with transaction.atomic():
            yield
            about = f"account:{user.pk}"
            Entry.record(verb, by=None, therapist=None, about=about, outcome=outcome)
        self.tell(user, email, told)

    def tell(self, user: User, email: str, told: str) -> None:
        """Write to the owner of an account; say so where that cannot be done."""
        sent = self.send(user, "account/email/by_operator", {"told": told}, email)
        if not sent:
            self.stdout.write(f"No mail was sent: tell {email} yourself.")

    def send(self, user: User, letter: str, context: dict[str, Any], email: str = "") -> bool:
        """Send a letter, and return whether that was done; if it failed, say why.

        It is done outside of any transaction: a mail server may be slow.
        """
        email = email or user.email
        about = {"service": settings.SERVICE_NAME, "support_email": settings.SUPPORT_EMAIL}
        context = {"timestamp": timezone.now()} | about | context
        with timezone.override(user.time_zone or settings.TIME_ZONE):
            text = render_to_string(f"{letter}_message.txt", context).strip()
        subject = Adapter().format_email_subject(render_to_string(f"{letter}_subject.txt"))
        try:
            send_mail(subject, text, None, [email])
        except (OSError, SMTPException) as error:
            self.stderr.write(f"The mail to {email} could not be sent: {error}")
            return False
        return bool(settings.EMAIL_HOST)
