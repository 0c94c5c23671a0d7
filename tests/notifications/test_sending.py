"""Handing messages to the mail server: whatever it does, each is sent once, or never lost."""

from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend

from clients.models import Client
from practice.diary.models import Session
from practice.notifications import sending
from practice.notifications.models import Message, Told
from practice.notifications.sending import MailServer, send_waiting
from practice.notifications.worker import send_everything
from practice.records.erasure import erase
from tests.application_role import application
from tests.diary import DAY, HOUR, MINUTE, WEDNESDAY, book
from tests.mail_servers import Down, Killed
from tests.notifications import LATER, delivered

HERE = "tests.notifications.test_sending"
WORKS = "django.core.mail.backends.locmem.EmailBackend"


class TakesAndKills(BaseEmailBackend):
    """It takes a message, and then the sender is killed."""

    def send_messages(self, messages):
        mail.outbox.extend(messages)
        raise Killed


class Refuses(BaseEmailBackend):
    """It knows no such address."""

    def send_messages(self, messages):
        raise SMTPRecipientsRefused({messages[0].to[0]: (550, b"5.1.1 no such\r\nmailbox")})


class PutsOff(BaseEmailBackend):
    """It will take it later."""

    def send_messages(self, messages):
        raise SMTPDataError(451, b"4.7.1 greylisted")


class Drops(BaseEmailBackend):
    """It takes a message, and the connection breaks before it says so."""

    def send_messages(self, messages):
        mail.outbox.extend(messages)
        raise SMTPServerDisconnected("Connection unexpectedly closed")


class Away(Down):
    """Nobody can connect."""

    def open(self):
        raise ConnectionRefusedError


@pytest.fixture
def waiting(individual, clock, settings) -> Message:
    """A message that is due, to Ann."""
    book(individual)
    settings.MESSAGE_BACKEND = f"{HERE}.Away"
    clock.shift(LATER)
    with pytest.raises(sending.Unreachable):
        send_everything()
    return Message.objects.get()


def sent() -> list[str]:
    send_everything()
    return [letter.extra_headers["Message-ID"] for letter in mail.outbox]


def test_what_cannot_be_sent_waits_and_is_sent_when_it_can(waiting, settings):
    assert (waiting.state, waiting.in_doubt, waiting.attempts) == ("waiting", False, 0)

    settings.MESSAGE_BACKEND = WORKS

    assert sent() == [waiting.message_id]
    waiting.refresh_from_db()
    assert (waiting.state, waiting.in_doubt, waiting.attempts) == ("sent", False, 1)
    assert sent() == [waiting.message_id]


def test_what_was_changed_while_it_waited_is_one_message_with_the_truth(
    waiting, alice, clock, settings
):
    settings.MESSAGE_BACKEND = WORKS
    Session.objects.get().move(starts_at=WEDNESDAY + DAY, by=alice.user)
    send_everything()
    assert mail.outbox == []  # the change has its own grace

    (letter,) = delivered(clock)

    assert letter["Subject"] == "Appointment on Thursday 27 November, 4pm"


@pytest.mark.parametrize("whose", ["client", "therapist"])
def test_what_waits_goes_to_the_address_of_now(individual, ann, alice, clock, settings, whose):
    settings.MESSAGE_BACKEND = f"{HERE}.Away"
    book(individual, by=ann.account)
    clock.shift(LATER)
    with pytest.raises(sending.Unreachable):
        send_everything()
    settings.MESSAGE_BACKEND = WORKS
    account = ann.account if whose == "client" else alice.user
    account.change_email("new@mail.example")

    send_everything()
    delivered_to = {letter.to[0] for letter in mail.outbox}
    delivered_to |= {letter["To"] for letter in delivered(clock)}

    kept = "alice@practice.example" if whose == "client" else "ann@mail.example"
    assert delivered_to == {"new@mail.example", kept}


def test_what_was_cancelled_while_it_waited_is_told_to_nobody(waiting, alice, clock, settings):
    settings.MESSAGE_BACKEND = WORKS
    Session.objects.get().cancel(by=alice.user)

    assert delivered(clock) == []


def test_a_sender_that_is_killed_sends_it_again_with_the_same_id(waiting, clock, settings):
    settings.MESSAGE_BACKEND = f"{HERE}.TakesAndKills"
    with pytest.raises(Killed):
        send_everything()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.in_doubt) == ("waiting", True)

    settings.MESSAGE_BACKEND = WORKS
    assert sent() == [waiting.message_id]  # by the one that was killed: it is claimed
    clock.shift(11 * MINUTE)

    assert sent() == [waiting.message_id] * 2
    clock.shift(HOUR)
    assert sent() == [waiting.message_id] * 2


def test_what_may_have_arrived_is_cancelled_by_a_message(waiting, alice, clock, settings):
    settings.MESSAGE_BACKEND = f"{HERE}.Drops"
    send_everything()
    settings.MESSAGE_BACKEND = f"{HERE}.Away"
    made = Session.objects.get()
    made.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    clock.shift(LATER)
    with pytest.raises(sending.Unreachable):
        send_everything()
    settings.MESSAGE_BACKEND = WORKS
    made.cancel(by=alice.user)

    (letter,) = delivered(clock)

    assert letter["Subject"] == "Appointment cancelled: Thursday 27 November, 4pm"


def test_two_senders_do_not_send_it_twice(waiting, alice, settings, monkeypatch):
    """The second comes while the first has found it, and not yet claimed it."""
    settings.MESSAGE_BACKEND = WORKS
    found = sending._next
    server = MailServer()

    def found_by_both(therapist):
        message = found(therapist)
        monkeypatch.setattr(sending, "_next", found)
        send_waiting(therapist, server)
        return message

    monkeypatch.setattr(sending, "_next", found_by_both)
    send_waiting(alice, server)

    assert len(mail.outbox) == 1


def test_an_address_that_does_not_exist_is_said_in_words_and_not_tried_again(
    waiting, clock, settings
):
    settings.MESSAGE_BACKEND = f"{HERE}.Refuses"
    send_everything()
    settings.MESSAGE_BACKEND = WORKS
    clock.shift(DAY)

    assert sent() == []
    waiting.refresh_from_db()
    assert waiting.state == "failed"
    assert waiting.error == "The mail server of the address says: 550 5.1.1 no such mailbox"


def test_what_is_put_off_is_tried_again_less_and_less_often(waiting, clock, settings):
    settings.MESSAGE_BACKEND = f"{HERE}.PutsOff"
    pauses = []
    for _ in range(11):
        send_everything()
        waiting.refresh_from_db()
        pauses.append((waiting.next_attempt_at - sending.timezone.now()) // MINUTE)
        clock.move_to(waiting.next_attempt_at)

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 240, 240, 240]
    assert (waiting.state, waiting.in_doubt) == ("waiting", False)


def test_what_is_put_off_for_three_days_is_given_up(waiting, clock, settings):
    settings.MESSAGE_BACKEND = f"{HERE}.PutsOff"
    send_everything()
    clock.shift(3 * DAY + HOUR)
    send_everything()

    waiting.refresh_from_db()
    assert (waiting.state, waiting.attempts) == ("failed", 2)
    assert "451 4.7.1 greylisted" in waiting.error


def test_after_days_without_a_mail_server_what_is_to_come_is_told(waiting, clock, settings):
    clock.shift(4 * DAY)
    settings.MESSAGE_BACKEND = WORKS

    assert sent() == [waiting.message_id]


def test_after_a_week_without_a_mail_server_what_is_over_is_not_told(waiting, clock, settings):
    clock.shift(7 * DAY)
    settings.MESSAGE_BACKEND = WORKS

    assert sent() == []
    waiting.refresh_from_db()
    assert (waiting.state, waiting.error) == ("failed", "It could not be sent in time.")


def test_a_clock_that_is_set_back_loses_nothing(waiting, clock, settings):
    settings.MESSAGE_BACKEND = WORKS
    clock.shift(-DAY)
    assert sent() == []
    clock.shift(DAY)

    assert sent() == [waiting.message_id]


@pytest.mark.django_db(transaction=True)
def test_no_transaction_waits_for_the_mail_server(individual, clock, settings):
    settings.MESSAGE_BACKEND = "tests.mail_servers.OutsideOfTransactions"
    book(individual)

    assert len(delivered(clock)) == 1
    assert Message.objects.get().state == "sent"


def test_the_role_of_the_server_may_do_all_of_it(individual, couples, ann, clock):
    """On PostgreSQL, where it sees of each practice what its therapist sees."""
    book(individual, by=ann.account)
    book(couples, WEDNESDAY + DAY)
    with application():
        assert len(delivered(clock)) == 4


def test_of_whoever_is_erased_no_message_stays(individual, ann, alice, clock):
    made = book(individual, by=ann.account)
    delivered(clock)
    made.cancel(by=ann.account)
    delivered(clock)
    individual.end(by=alice.user, reason="completed")

    erase(Client.objects.get(pk=ann.pk), by=alice.user)

    assert not Message.objects.exists()
    assert not Told.objects.exists()
