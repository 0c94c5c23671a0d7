"""Mail servers that are slow, or that break off, and what changes while a message waits."""

import asyncio
from datetime import timedelta
from time import sleep
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from practice.notifications import sending
from practice.notifications.claiming import claim, end
from practice.notifications.models import Message, MessageSettings
from practice.notifications.planning import plan
from practice.notifications.sending import MailServer, Unreachable, send_waiting
from practice.notifications.worker import send_everything, send_some
from tests.diary import DAY, FIFTY, WEDNESDAY, book
from tests.factories import ClientFactory, reads_in, start
from tests.notifications import LATER, delivered
from tests.reading import read
from tests.smtp_server import HOST, Inbox, smtp_server


class Slow(Inbox):
    """It takes a message, and a while to say so."""

    async def handle_DATA(self, *conversation):  # noqa: N802 - aiosmtpd's name
        said = await super().handle_DATA(*conversation)
        await asyncio.sleep(0.6)
        return said


class LeavesAfterOne(Inbox):
    """It takes a message, and then it hangs up."""

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        said = await super().handle_DATA(server, session, envelope)
        asyncio.get_running_loop().call_later(0.02, server.transport.close)
        return said


class TakesOne(Inbox):
    """It takes one message of a conversation, and wants no other in it."""

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        if getattr(session, "has_brought_one", False):
            return "421 4.7.0 Too many messages in this connection"
        session.has_brought_one = True
        envelope.mail_from = address
        return "250 OK"


@pytest.fixture
def mail_by(settings):
    """Send by the mail server at a port."""

    def configure(port: int) -> None:
        settings.EMAIL_BACKEND = settings.MESSAGE_BACKEND = (
            "django.core.mail.backends.smtp.EmailBackend"
        )
        settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_TIMEOUT = 0.2

    return configure


@pytest.fixture
def no_loop(monkeypatch):
    """Let nobody look at the same messages for ever."""
    found, looked = sending._next, []

    def counted(therapist):
        looked.append(therapist)
        assert len(looked) < 20, "it looks again and again"
        return found(therapist)

    monkeypatch.setattr(sending, "_next", counted)


def test_a_server_that_takes_long_to_answer_gets_each_message_once(individual, clock, mail_by):
    """Whoever gives up too soon sends what has arrived again and again (RFC 5321, 4.5.3.2.6)."""
    inbox = Slow()
    book(individual)
    clock.shift(LATER)
    with smtp_server(inbox) as port:
        mail_by(port)
        for _ in range(3):
            send_everything()
            clock.shift(DAY / 24)

    assert len(inbox.messages) == 1
    assert Message.objects.get().state == "sent"


def test_a_server_that_hangs_up_after_each_message_gets_all_of_them_at_once(
    individual, clock, mail_by
):
    inbox = LeavesAfterOne()
    for number in range(3):
        book(individual, WEDNESDAY + number * DAY)
    clock.shift(LATER)
    with smtp_server(inbox) as port:
        mail_by(port)
        found = MailServer.open

        def opened(server):
            sleep(0.05)  # it has hung up by then
            found(server)

        with patch.object(MailServer, "open", opened):
            send_everything()

    assert len(inbox.messages) == 3
    assert set(Message.objects.values_list("state", "attempts")) == {("sent", 1)}


def test_a_server_that_takes_one_message_of_a_conversation_gets_each_once(
    individual, clock, mail_by
):
    inbox = TakesOne()
    for number in range(3):
        book(individual, WEDNESDAY + number * DAY)
    clock.shift(LATER)
    with smtp_server(inbox) as port:
        mail_by(port)
        send_everything()
        assert len(inbox.messages) == 2
        assert not Message.objects.filter(in_doubt=True).exists()
        clock.shift(LATER)
        send_everything()

    assert len({letter["Message-ID"] for letter in inbox.messages}) == len(inbox.messages) == 3


@pytest.mark.parametrize(
    ("said", "state"),
    [("450 4.2.0 Greylisted", "waiting"), ("550 5.1.1 No such mailbox", "failed")],
)
def test_of_several_in_one_conversation_the_others_get_theirs(
    couples, ann, alice, clock, mail_by, said, state
):
    inbox = Inbox()
    inbox.refused["ann@mail.example"] = said
    book(couples, by=ann.account)
    clock.shift(LATER)
    with smtp_server(inbox) as port:
        mail_by(port)
        send_everything()

    assert len(inbox.messages) == 2
    refused = Message.objects.get(client=ann)
    assert (refused.state, refused.in_doubt) == (state, False)
    assert said[:3] in refused.error


def test_a_server_that_breaks_off_again_and_again_is_left_alone_for_a_while(
    individual, clock, settings
):
    settings.MESSAGE_BACKEND = "tests.notifications.test_sending.Drops"
    for number in range(6):
        book(individual, WEDNESDAY + number * DAY)
    clock.shift(LATER)

    with pytest.raises(Unreachable) as trouble:
        send_everything()

    assert len(mail.outbox) == sending.MOST_BROKEN == 3
    assert "unexpectedly closed" in str(trouble.value.__cause__)


@pytest.mark.parametrize("change", ["moved", "cancelled", "elsewhere"])
def test_a_change_between_planning_and_sending_is_told_by_the_next_look(
    individual, alice, clock, settings, no_loop, change
):
    settings.MESSAGE_GRACE = timedelta(0)
    made = book(individual)
    plan(alice, timezone.now())
    if change == "moved":
        made.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    elif change == "cancelled":
        made.cancel(by=alice.user)
    else:
        made.set_place("Room 2", by=alice.user)

    send_waiting(alice, MailServer())

    assert mail.outbox == []
    told = delivered(clock)
    assert len(told) == (change != "cancelled")
    assert Message.objects.filter(state="waiting").count() == 0


def test_what_changes_without_a_word_is_told_by_the_next_look(
    individual, alice, clock, settings, no_loop
):
    """A correction in the database, of which nobody has said that it is to be told."""
    book(individual)
    clock.shift(LATER)
    plan(alice, timezone.now())
    Session.objects.update(place="Room 2")

    send_waiting(alice, MailServer())
    (letter,) = delivered(clock)

    assert "Room 2" in letter.as_string()


def test_whoever_has_another_address_by_now_is_told_there(individual, ann, alice, clock):
    """The old one may be somebody else's; and nothing is lost by the change."""
    book(individual, by=ann.account)
    clock.shift(LATER)
    plan(alice, timezone.now())
    assert ann.account.change_email("ann@elsewhere.example")
    assert alice.user.change_email("alice@elsewhere.example")

    send_waiting(Therapist.objects.select_related("user").get(pk=alice.pk), MailServer())

    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "alice@elsewhere.example",
        "ann@elsewhere.example",
    ]
    assert not Message.objects.filter(state="waiting").exists()


# What may have arrived, or not.

DROPS = "tests.notifications.test_sending.Drops"
WORKS = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def in_doubt(individual, alice, clock, settings) -> list[Session]:
    """A series of three, booked by Ann, in messages that may have arrived or not."""
    settings.MESSAGE_BACKEND = DROPS
    starts = [WEDNESDAY + week * 7 * DAY for week in range(3)]
    client = individual.clients.get().account
    made = Session.book_series(individual, starts=starts, length=FIFTY, by=client, series=uuid4())
    clock.shift(LATER)
    send_everything()
    assert len(mail.outbox) == 2
    mail.outbox.clear()
    settings.MESSAGE_BACKEND = WORKS
    return made


def test_what_may_not_have_arrived_is_told_though_part_of_it_has_changed(in_doubt, ann, clock):
    in_doubt[0].move(starts_at=WEDNESDAY + DAY, by=ann.account)

    told = [letter["Subject"] for letter in delivered(clock) if "ann" in letter["To"]]

    assert sorted(told) == [
        "2 appointments from Wednesday 3 December, 4pm",
        "Appointment moved to Thursday 27 November, 4pm",
    ]


def test_what_may_not_have_arrived_goes_to_the_address_of_now(in_doubt, ann, alice, clock):
    assert ann.account.change_email("ann@elsewhere.example")

    told = {letter["To"] for letter in delivered(clock)}

    assert told == {"ann@elsewhere.example", "alice@practice.example"}


def test_a_change_that_nobody_wants_to_know_ends_what_is_in_doubt(in_doubt, ann, alice, clock):
    MessageSettings.objects.create(therapist=alice, tells_moved=False)
    for session in in_doubt:
        session.move(starts_at=session.starts_at + DAY, by=ann.account)
    for _ in range(3):
        delivered(clock)

    assert not Message.objects.filter(state="waiting").exists()


@pytest.mark.parametrize("then", ["greylisted", "refused"])
def test_what_may_have_arrived_goes_on_being_so_whatever_the_server_says_later(
    in_doubt, clock, settings, then
):
    """Else a cancelling would be told to nobody, of whom some have the booking."""
    backend = {"greylisted": "PutsOff", "refused": "Refuses"}[then]
    settings.MESSAGE_BACKEND = f"tests.notifications.test_sending.{backend}"
    clock.shift(DAY)
    send_everything()
    settings.MESSAGE_BACKEND = WORKS
    for session in in_doubt:
        session.cancel(by=session.therapist.user)

    told = {letter["To"]: letter["Subject"] for letter in delivered(clock)}

    cancelled = "3 appointments cancelled, from Wednesday 26 November, 4pm"
    assert told == {"ann@mail.example": cancelled, "alice@practice.example": cancelled}


@pytest.mark.django_db(transaction=True)
def test_what_fails_for_one_therapist_keeps_no_other_waiting(individual, alice, bob, clock, caplog):
    book(individual, by=individual.clients.get().account)
    book(start(ClientFactory(therapist=bob, name="Dora Dove", email="dora@mail.example")))
    MessageSettings.objects.create(therapist=alice, way=MessageSettings.Way.DAILY)
    User.objects.filter(pk=alice.user_id).update(time_zone="Nowhere/Else")

    assert [letter["To"] for letter in delivered(clock)] == ["dora@mail.example"]
    assert "have to wait" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_planned_keeps_nothing_waiting_that_was(individual, ann, alice, clock):
    book(individual)
    clock.shift(LATER)
    plan(alice, timezone.now())
    book(individual, WEDNESDAY + DAY, by=ann.account)
    MessageSettings.objects.create(therapist=alice, way=MessageSettings.Way.DAILY)
    User.objects.filter(pk=alice.user_id).update(time_zone="Nowhere/Else")
    Client.objects.update(time_zone="Nowhere/Else")

    delivered(clock)

    assert Message.objects.get().state != "waiting"


def test_a_message_that_cannot_be_made_is_said_and_keeps_none_waiting(
    couples, ann, ben, as_alice, clock, caplog
):
    book(couples)
    reads_in(ann.account, "Nowhere/Else")

    assert [letter["To"] for letter in delivered(clock)] == ["ben@mail.example"]

    failed = Message.objects.get(client=ann)
    assert (failed.state, failed.error) == ("failed", "It could not be put together.")
    assert "Ann Ashby could not be sent a message" in read(as_alice.get("/")).text
    assert f"Message {failed.pk} could not be put together" in caplog.text


def test_a_sender_whose_claim_has_run_out_does_not_end_what_another_sends(
    individual, alice, clock, settings
):
    """It hears that nobody can take it, long after another has begun to send it again."""
    book(individual)
    clock.shift(LATER)
    plan(alice, timezone.now())
    message, slow = (Message.objects.get() for _ in range(2))
    assert claim(slow, timezone.now())
    clock.shift(DAY / 24)
    assert claim(Message.objects.get(), timezone.now())

    end(slow, {"state": "failed", "next_attempt_at": None})

    message.refresh_from_db()
    assert message.state == "waiting"
    end(slow, {"state": "sent", "sent_at": timezone.now(), "next_attempt_at": None})
    message.refresh_from_db()
    assert message.state == "sent"


def test_nobody_waits_long_because_the_mail_server_is_slow(
    individual, alice, bob, clock, monkeypatch
):
    """A turn is a number of messages, and no longer than some time."""
    monkeypatch.setattr(sending, "LONGEST_TURN", 0)
    for number in range(3):
        book(individual, WEDNESDAY + number * DAY)
    book(start(ClientFactory(therapist=bob, name="Dora Dove", email="dora@mail.example")))
    clock.shift(LATER)

    assert send_some()

    assert sorted(letter.to[0] for letter in mail.outbox) == [
        "ann@mail.example",
        "dora@mail.example",
    ]
    send_everything()
    assert len(mail.outbox) == 4


def test_nobody_waits_until_anothers_thousands_are_sent(individual, alice, bob, clock, monkeypatch):
    monkeypatch.setattr(sending, "MOST", 2)
    for number in range(5):
        book(individual, WEDNESDAY + number * DAY)
    book(start(ClientFactory(therapist=bob, name="Dora Dove", email="dora@mail.example")))
    clock.shift(LATER)

    assert send_some()

    assert [letter.to[0] for letter in mail.outbox].count("dora@mail.example") == 1
    assert len(mail.outbox) == 3
    send_everything()
    assert len(mail.outbox) == 6
