"""Taking a message to send it, and writing down what became of it.

What a message tells is compared once more with what is, in the transaction that claims it.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import InterfaceError, OperationalError, transaction

from practice.diary.models import News
from practice.notifications.composing import compose
from practice.notifications.failures import NO_ADDRESS, NOT_MADE
from practice.notifications.models import Message, MessageSettings, Told
from practice.notifications.planning import for_messages
from practice.notifications.receivers import (
    Receiver,
    clients_as_receivers,
    therapist_as_receiver,
)
from practice.notifications.reminders import chosen_hours, is_night, next_morning

# Once it is to take a message, a mail server is waited for so many times as long as for a
# connection, because it may look through it first (RFC 5321, 4.5.3.2.6). Whoever gives up sooner
# sends what has been taken again and again. A claim lasts for all that there is to be answered.
PATIENCE, ANSWERS = 12, 5
A_MOMENT = timedelta(seconds=1)
GIVE_UP_AFTER = timedelta(days=3)
TOO_LATE = "It could not be sent in time."
STATE = Message.State

log = logging.getLogger("django.practice")


def claim(message: Message, now: datetime) -> EmailMultiAlternatives | None:
    """Take a message for this sender, and return what is to be sent; None where nothing is.

    What it tells is compared once more with what is: what is no longer so is told by another
    message, and a reminder of what was cancelled or moved by none. It goes to the address of now.
    """
    lease = timedelta(seconds=settings.EMAIL_TIMEOUT * PATIENCE * ANSWERS)
    mine = Message.objects.waiting().filter(
        pk=message.pk, attempts=message.attempts, next_attempt_at=message.next_attempt_at
    )
    if not mine.update(attempts=message.attempts + 1, in_doubt=True, next_attempt_at=now + lease):
        return None
    message.attempts += 1
    try:
        with transaction.atomic():
            return _mail_of(message, now)
    except (InterfaceError, OperationalError):  # of the database, and so of every message
        raise
    except Exception:  # whatever it is, the next message is to be sent
        log.exception("Message %s could not be put together", message.pk)
        _fail(message, NOT_MADE)
    return None


def _mail_of(message: Message, now: datetime) -> EmailMultiAlternatives | None:
    told = _lines(message)
    receiver = _receiver_now(message, told)
    over = _no_longer(message, told, receiver, now)
    if not over and message.kind != Message.Kind.REMINDER:
        told = _without_changed(message, _wanted(message, told), now)
        over = _too_late(message, told, now)
    if over or receiver is None:
        end(message, over)
        return None
    if receiver.address != message.address:
        message.address = receiver.address
        message.save(update_fields=["address"])
    try:
        return compose(message, told)
    except ValueError:
        _fail(message, NO_ADDRESS)
        return None


def _fail(message: Message, error: str) -> None:
    failed = {"state": STATE.FAILED, "in_doubt": message.in_doubt, "next_attempt_at": None}
    end(message, {"error": error, **failed})


def end(message: Message, columns: dict[str, Any]) -> None:
    """Write down what became of a message; its therapist reads of it on Today if it failed.

    A sender whose claim has run out, and whose message another has taken since, can only say that
    it was sent: all else is for the other to say.
    """
    waiting = Message.objects.waiting().filter(pk=message.pk)
    if columns.get("state") != STATE.SENT:
        waiting = waiting.filter(attempts=message.attempts)
    won = waiting.update(**columns)
    if won and message.client and columns.get("state") == STATE.FAILED:
        line = message.told.select_related("session__therapist__user").earliest("starts_at")
        by = message.client.account or line.session.therapist.user
        News.tell(News.Kind.UNTOLD, by=by, session=line.session)


def _lines(message: Message) -> list[Told]:
    """Return what a message tells, but for what a later one has told its receiver, or is to."""
    sessions = for_messages(message.therapist.sessions.filter(told__message=message))
    of_pk = {session.pk: session for session in sessions}
    told = list(message.told.order_by("starts_at", "pk"))
    overtaken = _overtaken(message, told)
    told = [line for line in told if line.session_id not in overtaken]
    for line in told:
        line.session = of_pk[line.session_id]
    return told


def _no_longer(
    message: Message, told: list[Told], receiver: Receiver | None, now: datetime
) -> dict[str, Any]:
    """Return what becomes of a message that is not to be sent now; nothing if it is."""
    if not told or receiver is None:
        return _dropped(message)
    if message.kind == Message.Kind.REMINDER:
        return _reminder_no_longer(message, told, receiver, now)
    pending = [line.session.tell_at for line in told if line.session.tell_at]
    if pending:  # it will be planned anew, with what is changed
        at = max(*pending, now + A_MOMENT)
        return {"next_attempt_at": at, "in_doubt": message.in_doubt}
    return {}


def _dropped(message: Message) -> dict[str, Any]:
    return {"state": STATE.DROPPED, "in_doubt": message.in_doubt, "next_attempt_at": None}


def _wanted(message: Message, told: list[Told]) -> list[Told]:
    """Return the lines without what a therapist has switched off since they were written."""
    if not message.is_to_therapist:
        return told
    chosen = MessageSettings.of(message.therapist)
    return [line for line in told if chosen.wants(line.kind)]


def _without_changed(message: Message, told: list[Told], now: datetime) -> list[Told]:
    """Return the lines that are still so; the others are planned anew.

    With them whatever stands beside them, unless the message may have arrived: then nothing else
    tells that again.
    """
    anew = [line for line in told if not line.is_still_so(line.session)]
    if anew and not message.in_doubt:
        anew = told
    if anew:
        ids = [line.session_id for line in anew]
        message.therapist.sessions.filter(pk__in=ids).update(tell_at=now)
    return [line for line in told if line not in anew]


def _too_late(message: Message, told: list[Told], now: datetime) -> dict[str, Any]:
    """Return what becomes of a message of which nothing is left to tell, or not in time.

    What has been tried for days is given up; what found no mail server for days is sent now.
    """
    if not told:
        return _dropped(message)
    is_over = all(max(line.ends_at, line.session.ends_at) <= now for line in told)
    last = message.created_at + GIVE_UP_AFTER + _wait_for_summary(message)
    if is_over or (message.attempts > 1 and last <= now):
        return _dropped(message) | {"state": STATE.FAILED, "error": message.error or TOO_LATE}
    return {}


def _reminder_no_longer(
    message: Message, told: list[Told], receiver: Receiver, now: datetime
) -> dict[str, Any]:
    """Return the same of a reminder: nobody is reminded of what is over or was changed.

    Nor is somebody who has switched that off since.
    """
    is_so = all(line.is_still_so(line.session) for line in told)
    usual = MessageSettings.of(message.therapist).reminders
    is_wanted = told[0].hours_before in chosen_hours(receiver.client, usual)
    if not is_so or not is_wanted or any(line.starts_at <= now for line in told):
        return _dropped(message)
    pending = [line.session.tell_at for line in told if line.session.tell_at]
    if pending or is_night(now, receiver.zone):
        later = max(*pending, now + A_MOMENT) if pending else next_morning(now, receiver.zone)
        return {"next_attempt_at": later, "in_doubt": message.in_doubt}
    return {}


def _wait_for_summary(message: Message) -> timedelta:
    return timedelta(days=message.kind == Message.Kind.SUMMARY)


def _receiver_now(message: Message, told: list[Told]) -> Receiver | None:
    """Return the receiver as they are now; None if they may not be written to of all of this."""
    if message.client is None:
        return therapist_as_receiver(message.therapist)
    by_session = clients_as_receivers([line.session for line in told])
    found = None
    for line in told:
        same = (one for one in by_session[line.session_id] if one.client_id == message.person_id)
        if (found := next(same, None)) is None:
            break
    return found


def _overtaken(message: Message, told: list[Told]) -> set[int]:
    """Return the sessions of which a later message has told the same receiver, or is to."""
    later = Told.objects.filter(
        session__in=[line.session_id for line in told],
        message__client__person_id=message.person_id,
        message__pk__gt=message.pk,
    ).exclude(kind=Message.Kind.REMINDER)
    later = later.exclude(message__state__in=[STATE.DROPPED, STATE.FAILED])
    return set(later.values_list("session", flat=True))
