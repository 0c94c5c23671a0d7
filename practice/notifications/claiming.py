"""Taking a message to send it, and writing down what became of it.

What a message tells is compared once more with what is, in the transaction that claims it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from practice.diary.models import News
from practice.notifications.composing import compose
from practice.notifications.failures import NO_ADDRESS
from practice.notifications.models import Message, Told
from practice.notifications.planning import for_messages
from practice.notifications.receivers import clients_as_receivers, therapist_as_receiver
from practice.notifications.reminders import is_night, next_morning

# Once it is to take a message, a mail server is waited for so many times as long as for a
# connection, because it may look through it first (RFC 5321, 4.5.3.2.6). Whoever gives up sooner
# sends what has been taken again and again. A claim lasts for all that there is to be answered.
PATIENCE, ANSWERS = 12, 5
A_MOMENT = timedelta(seconds=1)
GIVE_UP_AFTER = timedelta(days=3)
TOO_LATE = "It could not be sent in time."
STATE = Message.State


def claim(message: Message, now: datetime) -> EmailMultiAlternatives | None:
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
    if over := _no_longer(message, told, now):
        end(message, over)
        return None
    message.attempts += 1
    try:
        return compose(message, told)
    except ValueError:
        failed = {"state": STATE.FAILED, "in_doubt": False, "next_attempt_at": None}
        end(message, {"error": NO_ADDRESS, **failed})
        return None


def end(message: Message, columns: dict[str, Any]) -> None:
    """Write down what became of a message; its therapist reads of it on Today if it failed."""
    won = Message.objects.waiting().filter(pk=message.pk).update(**columns)
    if won and message.client and columns.get("state") == STATE.FAILED:
        line = message.told.select_related("session__therapist__user").earliest("starts_at")
        by = message.client.account or line.session.therapist.user
        News.tell(News.Kind.UNTOLD, by=by, session=line.session)


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
