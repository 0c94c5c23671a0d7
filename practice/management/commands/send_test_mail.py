"""`python3 manage.py send_test_mail ADDRESS`: does the mail server take a message?"""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from practice.checks import is_sender
from practice.management.mail_failures import in_words

TEXT = """This is a test of the mail settings of {service}.

It has arrived, so they work. Nobody needs to answer it.
"""


class Command(BaseCommand):
    """Sends one message by the settings of mail, and says what became of it; 1 if it failed."""

    help = "Send a test message to an address, and say what the mail server did with it."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", help="who gets it")

    def handle(self, *, address: str, **options: Any) -> None:
        if not settings.EMAIL_HOST:
            raise CommandError("EMAIL_HOST is not set: no mail is sent.")
        if not is_sender(settings.DEFAULT_FROM_EMAIL):
            raise CommandError("Set DEFAULT_FROM_EMAIL to an address that you may send from.")
        try:
            validate_email(address)
        except ValidationError:
            raise CommandError(f"{address} is not an email address.") from None
        message = EmailMessage(
            f"Test message from {settings.SERVICE_NAME}",
            TEXT.format(service=settings.SERVICE_NAME),
            to=[address],
            headers={"Auto-Submitted": "auto-generated"},
        )
        try:
            with get_connection() as connection:  # closes it, also where it fails to open
                connection.send_messages([message])
        except OSError as error:
            raise CommandError(in_words(error)) from None
        self.stdout.write(
            f"{settings.EMAIL_HOST} has taken the message for {address}. If it does not arrive, "
            "look among the unwanted mail, and whether the domain of DEFAULT_FROM_EMAIL allows "
            "this server to send (SPF, DKIM)."
        )
