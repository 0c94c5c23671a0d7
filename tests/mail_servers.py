"""Mail servers that do not do what one hopes, and one that looks at when it is asked."""

from smtplib import SMTPConnectError

from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction


class Killed(BaseException):
    """The process ends here."""


class Down(BaseEmailBackend):
    """It is there, and does not serve."""

    def send_messages(self, messages):
        raise SMTPConnectError(421, b"try again later")


class Unreachable(BaseEmailBackend):
    """Nobody reaches it."""

    def send_messages(self, messages):
        raise TimeoutError


class OutsideOfTransactions(BaseEmailBackend):
    """It is asked only when nothing is locked."""

    def send_messages(self, messages):
        assert not transaction.get_connection().in_atomic_block
        mail.outbox.extend(messages)
        return len(messages)
