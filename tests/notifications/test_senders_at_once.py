"""Several senders at once: each message is sent by one of them, on either database."""

from threading import Thread

import pytest
from django.core import mail
from django.db import connections
from django.utils import timezone

from practice.diary.models import Session
from practice.notifications.models import Message
from practice.notifications.reminders import remind
from practice.notifications.sending import acting_as_therapist
from practice.notifications.worker import remind_everybody, send_everything
from tests.diary import DAY, HOUR, WEDNESDAY, book
from tests.notifications import LATER
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def send() -> None:
    remind_everybody()
    send_everything()


def test_of_four_senders_one_sends_each_message(individual, couples, ann, clock):
    for number in range(6):
        work = individual if number % 2 else couples
        book(work, WEDNESDAY + number * HOUR, by=ann.account)
    clock.shift(LATER)

    at_once(*[send] * 4)
    send()

    told = [(letter.to[0], letter.extra_headers["Message-ID"]) for letter in mail.outbox]
    assert len(told) == len(set(told)) == Message.objects.count() == 6 + 6 + 3
    assert not Message.objects.exclude(state="sent").exists()
    assert not Session.objects.exclude(tell_at=None).exists()


def test_of_two_senders_one_reminds(session, alice, clock):
    """The second comes while the first has written its reminders, and not yet committed them."""
    clock.move_to(WEDNESDAY - DAY)
    mail.outbox.clear()
    second = Thread(target=look_for_reminders)
    with acting_as_therapist(alice):
        remind(alice, timezone.now())
        second.start()
        second.join(timeout=0.3)
    second.join()
    send_everything()

    assert len(mail.outbox) == 1


def look_for_reminders() -> None:
    try:
        remind_everybody()
    finally:
        connections.close_all()
