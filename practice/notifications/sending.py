"""Handing what waits to the mail server: one message at a time, outside of any transaction.

A message is claimed by one UPDATE that tests and sets, so of several senders one has it. A claim is
for a time: what a sender that was killed has left is sent again by whoever comes next, with the
same Message-ID, for nobody knows whether it had arrived.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connections, transaction
from django.utils import timezone

from practice.accounts.access import as_therapist
from practice.accounts.models import Therapist
from practice.notifications.claiming import PATIENCE, claim, end
from practice.notifications.failures import after
from practice.notifications.models import Message

MOST_BROKEN = 3  # conversations, one after the other; then nobody talks to it for a while
MOST = 50  # messages of one therapist, before it is another's turn
OK = 250  # RFC 5321, 4.2.3
LONGEST_TURN = 60.0  # seconds; a mail server may take half a minute for each message
STATE = Message.State

log = logging.getLogger("django.practice")


@contextmanager
def acting_as_therapist(therapist: Therapist, *, only_reading: bool = False) -> Iterator[None]:
    """A transaction that sees and changes what is a therapist's, and nobody else's.

    To read, SQLite needs none, which would keep everybody else from writing.
    """
    with as_therapist(therapist), nullcontext() if only_reading else transaction.atomic():
        yield


def release_connections() -> None:
    """Give back what a pool has few of, for as long as a mail server may take."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


class Unreachable(Exception):
    """There is no way to the mail server, or it breaks off again and again."""


class MailServer:
    """A connection that stays open from one message to the next."""

    def __init__(self) -> None:
        self.backend: Any = get_connection(settings.MESSAGE_BACKEND)
        self.is_open, self.broken = False, 0

    def open(self) -> None:
        """Connect, unless that is done and the mail server still listens.

        Raises:
            Unreachable: it cannot be.
        """
        if self.is_open and self._listens():
            return
        self.close()
        try:
            self.backend.open()
        except (OSError, SMTPException) as error:
            self.close()
            raise Unreachable from error
        self.is_open = True
        connection = getattr(self.backend, "connection", None)
        if sock := getattr(connection, "sock", None):
            sock.settimeout(settings.EMAIL_TIMEOUT * PATIENCE)

    def _listens(self) -> bool:
        """Ask, before the next message is claimed: many hang up after one, or after some."""
        connection = getattr(self.backend, "connection", None)
        try:
            return connection is None or connection.noop()[0] == OK
        except (OSError, SMTPException):
            return False

    def send(self, mail: EmailMultiAlternatives) -> None:
        self.backend.send_messages([mail])
        self.broken = 0

    def is_broken(self) -> bool:
        """Note that it broke off; return whether it has done so too often to go on."""
        self.close()
        self.broken += 1
        return self.broken >= MOST_BROKEN

    def close(self) -> None:
        self.is_open = False
        try:
            self.backend.close()
        except (OSError, SMTPException):
            log.debug("The mail server had gone already")


def send_waiting(therapist: Therapist, server: MailServer) -> bool:
    """Send what is due of a therapist's messages, the oldest first; return whether there is more.

    No more than `MOST` at a time, and none begun after `LONGEST_TURN`, so that nobody waits until
    another's thousands are sent. What it finds to be planned anew waits for the next look, which
    plans first.

    Raises:
        Unreachable: there is no way to the mail server. What waits goes on waiting.
    """
    begun = monotonic()
    for number in range(MOST):
        if number and monotonic() - begun >= LONGEST_TURN:
            break
        message = _next(therapist)
        if message is None:
            return False
        release_connections()
        server.open()
        _send(therapist, message, server)
    return True


def _next(therapist: Therapist) -> Message | None:
    """Return a message that is due; one that was tried is not, until it is time to try again."""
    with acting_as_therapist(therapist, only_reading=True):
        due = therapist.messages.waiting().filter(next_attempt_at__lte=timezone.now())
        return due.select_related("client").order_by("next_attempt_at", "pk").first()


def _send(therapist: Therapist, message: Message, server: MailServer) -> None:
    with acting_as_therapist(therapist):
        mail = claim(message, timezone.now())
    if mail is None:
        return
    release_connections()
    trouble: Exception | None = None
    try:
        server.send(mail)
    except Exception as error:  # whatever it is, the next message is to be sent
        is_answer = isinstance(error, SMTPRecipientsRefused | SMTPDataError | SMTPSenderRefused)
        if not is_answer and server.is_broken():
            trouble = error
        log.warning("A message was not sent: %s", type(error).__name__)
        columns = after(error, message, timezone.now())
    else:
        now = timezone.now()
        columns = {"state": STATE.SENT, "sent_at": now, "next_attempt_at": None, "error": ""}
        columns |= {"in_doubt": False}
    with acting_as_therapist(therapist):
        end(message, columns)
    if trouble:
        raise Unreachable from trouble
