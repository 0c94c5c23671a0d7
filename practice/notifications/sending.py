"""Handing what waits to the mail server: one message at a time, outside of any transaction.

A message is claimed by one UPDATE that tests and sets, so of several senders one has it. A claim is
for a time: what a sender that was killed has left is sent again by whoever comes next, with the
same Message-ID, for nobody knows whether it had arrived.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from smtplib import (
    SMTPDataError,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connections, transaction
from django.utils import timezone

from practice.accounts.access import act_as_therapist, transaction_of
from practice.accounts.models import Therapist
from practice.diary.models import News
from practice.notifications.composing import compose
from practice.notifications.models import Message, Told
from practice.notifications.planning import for_messages
from practice.notifications.receivers import clients_as_receivers, therapist_as_receiver
from practice.notifications.reminders import is_night, next_morning

# Once it is to take a message, a mail server is waited for so many times as long as for a
# connection, because it may look through it first (RFC 5321, 4.5.3.2.6). Whoever gives up sooner
# sends what has been taken again and again. A claim lasts for all that there is to be answered.
PATIENCE, ANSWERS = 12, 5
MOST_BROKEN = 3  # conversations, one after the other; then nobody talks to it for a while
A_MOMENT = timedelta(seconds=1)
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=4)
GIVE_UP_AFTER = timedelta(days=3)
TOO_LATE = "It could not be sent in time."
NOT_TAKEN = "The mail server could not be reached, or did not take it."
NO_ADDRESS = "The address cannot be written to."
STATE = Message.State

log = logging.getLogger("django.practice")


@contextmanager
def acting_as_therapist(therapist: Therapist, *, only_reading: bool = False) -> Iterator[None]:
    """A transaction that sees and changes what is a therapist's, and nobody else's.

    To read, SQLite needs none, which would keep everybody else from writing.
    """
    with transaction_of(therapist.user_id):
        act_as_therapist()
        with nullcontext() if only_reading else transaction.atomic():
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
        """Connect, unless that is done.

        Raises:
            Unreachable: it cannot be.
        """
        if self.is_open:
            return
        try:
            self.backend.open()
        except (OSError, SMTPException) as error:
            self.close()
            raise Unreachable from error
        self.is_open = True
        connection = getattr(self.backend, "connection", None)
        if sock := getattr(connection, "sock", None):
            sock.settimeout(settings.EMAIL_TIMEOUT * PATIENCE)

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


def send_waiting(therapist: Therapist, server: MailServer) -> None:
    """Send what is due of a therapist's messages, the oldest first.

    What it finds to be planned anew waits for the next look, which plans first.

    Raises:
        Unreachable: there is no way to the mail server. What waits goes on waiting.
    """
    while message := _next(therapist):
        release_connections()
        server.open()
        _send(therapist, message, server)


def _next(therapist: Therapist) -> Message | None:
    """Return a message that is due; one that was tried is not, until it is time to try again."""
    with acting_as_therapist(therapist, only_reading=True):
        due = therapist.messages.waiting().filter(next_attempt_at__lte=timezone.now())
        return due.select_related("client").order_by("next_attempt_at", "pk").first()


def _send(therapist: Therapist, message: Message, server: MailServer) -> None:
    with acting_as_therapist(therapist):
        mail = _claim(message, timezone.now())
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
        columns = _after(error, message, timezone.now())
    else:
        now = timezone.now()
        columns = {"state": STATE.SENT, "sent_at": now, "next_attempt_at": None, "error": ""}
        columns |= {"in_doubt": False}
    with acting_as_therapist(therapist):
        _end(message, columns)
    if trouble:
        raise Unreachable from trouble


def _end(message: Message, columns: dict[str, Any]) -> None:
    """Write down what became of a message; its therapist reads of it on Today if it failed."""
    won = Message.objects.waiting().filter(pk=message.pk).update(**columns)
    if won and message.client and columns.get("state") == STATE.FAILED:
        line = message.told.select_related("session__therapist__user").earliest("starts_at")
        by = message.client.account or line.session.therapist.user
        News.tell(News.Kind.UNTOLD, by=by, session=line.session)


def _claim(message: Message, now: datetime) -> EmailMultiAlternatives | None:
    """Take a message for this sender, and return what is to be sent; None where nothing is.

    What it tells is compared once more with what is: what is no longer so is told by another
    message, and a reminder of what was cancelled or moved by none.
    """
    lease = timedelta(seconds=settings.EMAIL_TIMEOUT * PATIENCE * ANSWERS)
    mine = Message.objects.waiting().filter(
        pk=message.pk, attempts=message.attempts, next_attempt_at=message.next_attempt_at
    )
    if not mine.update(attempts=message.attempts + 1, in_doubt=True, next_attempt_at=now + lease):
        return None
    told = _lines(message)
    if end := _no_longer(message, told, now):
        _end(message, end)
        return None
    message.attempts += 1
    try:
        return compose(message, told)
    except ValueError:
        failed = {"state": STATE.FAILED, "in_doubt": False, "next_attempt_at": None}
        _end(message, {"error": NO_ADDRESS, **failed})
        return None


def _lines(message: Message) -> list[Told]:
    sessions = for_messages(message.therapist.sessions.filter(told__message=message))
    of_pk = {session.pk: session for session in sessions}
    told = list(message.told.order_by("starts_at", "pk"))
    for line in told:
        line.session = of_pk[line.session_id]
    return told


def _no_longer(message: Message, told: list[Told], now: datetime) -> dict[str, Any]:
    """Return what becomes of a message that is not to be sent now; nothing if it is."""
    ended = {"in_doubt": message.in_doubt, "next_attempt_at": None}
    dropped = {"state": STATE.DROPPED, **ended}
    address = _address_now(message, told) if told else ""
    if not address or _is_overtaken(message, told):
        return dropped
    if address != message.address:  # it is written anew, for the address of now
        message.therapist.sessions.filter(told__message=message).update(tell_at=now)
        return dropped
    if message.kind == Message.Kind.REMINDER:
        return _reminder_no_longer(message, told, now, dropped)
    pending = [line.session.tell_at for line in told if line.session.tell_at]
    is_so = all(line.is_still_so(line.session) for line in told)
    if pending:  # it will be planned anew, with what is changed
        at = max(*pending, now + A_MOMENT)
        return {"next_attempt_at": at, "in_doubt": message.in_doubt}
    if not is_so:
        ids = [line.session_id for line in told]
        message.therapist.sessions.filter(pk__in=ids).update(tell_at=now)
        return {"next_attempt_at": now + A_MOMENT, "in_doubt": message.in_doubt}
    is_over = all(max(line.ends_at, line.session.ends_at) <= now for line in told)
    if is_over or message.created_at + GIVE_UP_AFTER <= now - _wait_for_summary(message):
        return {"state": STATE.FAILED, "error": message.error or TOO_LATE, **ended}
    return {}


def _reminder_no_longer(
    message: Message, told: list[Told], now: datetime, dropped: dict[str, Any]
) -> dict[str, Any]:
    """Return the same of a reminder: nobody is reminded of what is over or was changed."""
    is_so = all(line.is_still_so(line.session) for line in told)
    if not is_so or any(line.starts_at <= now for line in told):
        return dropped
    pending = [line.session.tell_at for line in told if line.session.tell_at]
    zone = message.client.zone if message.client else message.therapist.time_zone
    if pending or is_night(now, zone):
        later = max(*pending, now + A_MOMENT) if pending else next_morning(now, zone)
        return {"next_attempt_at": later, "in_doubt": message.in_doubt}
    return {}


def _wait_for_summary(message: Message) -> timedelta:
    return timedelta(days=message.kind == Message.Kind.SUMMARY)


def _address_now(message: Message, told: list[Told]) -> str:
    """Return where the receiver may be written to now; empty where they may not be any more."""
    if message.client is None:
        return therapist_as_receiver(message.therapist).address
    found = ""
    receivers = clients_as_receivers([line.session for line in told])
    for line in told:
        own = [r.address for r in receivers[line.session_id] if r.client_id == message.client_id]
        if not own:
            return ""
        found = own[0]
    return found


def _is_overtaken(message: Message, told: list[Told]) -> bool:
    """Whether a later message has told the same receiver of one of these, or is to."""
    later = Told.objects.filter(
        session__in=[line.session_id for line in told],
        message__client=message.client_id,
        message__pk__gt=message.pk,
        message__in=Message.objects.exclude(state__in=[STATE.DROPPED, STATE.FAILED]),
    )
    is_reminder = message.kind == Message.Kind.REMINDER
    return not is_reminder and later.exclude(kind=Message.Kind.REMINDER).exists()


def _after(error: Exception, message: Message, now: datetime) -> dict[str, Any]:
    """Return what becomes of a message that was not sent, or of which nobody knows."""
    pause = min(FIRST_RETRY * 2 ** min(message.attempts - 1, 12), LONGEST_RETRY)
    again = {"next_attempt_at": now + pause, "error": in_words(error)}
    if is_permanent(error):
        ended = {"state": STATE.FAILED, "in_doubt": False, "next_attempt_at": None}
        return {"error": in_words(error)} | ended
    refused = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)
    # A connection that broke may have done so after the message was taken.
    return again | {"in_doubt": not isinstance(error, refused)}


def is_permanent(error: Exception) -> bool:
    """Whether the mail server, or the address itself, says that it will never be taken."""
    match error:
        case SMTPRecipientsRefused():
            return all(code >= 500 for code, _ in error.recipients.values())
        case SMTPDataError():
            return error.smtp_code >= 500
        case SMTPNotSupportedError() | UnicodeError():  # an address that it cannot have
            return True
    return False


def in_words(error: Exception) -> str:
    """Return what a therapist reads of it: no address, and what the server said."""
    match error:
        case SMTPRecipientsRefused():
            code, said = next(iter(error.recipients.values()))
            return f"The mail server of the address says: {code} {_line(said)}"[:300]
        case SMTPDataError() | SMTPSenderRefused():
            return f"The mail server says: {error.smtp_code} {_line(error.smtp_error)}"[:300]
        case SMTPNotSupportedError() | UnicodeError():
            return NO_ADDRESS
    return NOT_TAKEN


def _line(said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())
