"""Reminders: once, in time, by day, and of what is booked at that moment."""

import pytest
from django.core import mail
from django.test import Client as Browser

from clients.models import Client
from practice.audit.models import Entry
from practice.notifications.models import Message, MessageSettings
from practice.notifications.reminders import not_at_night
from practice.notifications.worker import remind_everybody, send_everything
from tests.application_role import application
from tests.diary import DAY, HOUR, MINUTE, WEDNESDAY, at, book
from tests.factories import reads_in
from tests.notifications import LATER
from tests.reading import read

TUESDAY = WEDNESDAY - DAY
PUTS_OFF, DROPS = (f"tests.notifications.test_sending.{name}" for name in ("PutsOff", "Drops"))
REMINDER = "Reminder: appointment on Wednesday 26 November, 4pm"


def reminded(clock, moment=None) -> list:
    """Return what a sender sends that comes then."""
    if moment:
        clock.move_to(moment)
    mail.outbox.clear()
    remind_everybody()
    send_everything()
    return [letter.message() for letter in mail.outbox]


def test_a_client_is_reminded_a_day_before_and_once(session, clock):
    assert reminded(clock, TUESDAY - MINUTE) == []

    (letter,) = reminded(clock, TUESDAY)

    assert (letter["To"], letter["Subject"]) == ("ann@mail.example", REMINDER)
    assert [part.get_content_type() for part in letter.get_payload()] == ["text/plain", "text/html"]
    for later in (MINUTE, HOUR, 20 * HOUR, DAY):
        assert reminded(clock, TUESDAY + later) == []


@pytest.mark.parametrize(
    ("chosen", "hours"), [("none", []), ("2", [2]), ("48,2", [48, 2]), ("", [24])]
)
@pytest.mark.parametrize("by", ["the client", "the therapist"])
def test_when_is_chosen_by_the_client_or_else_by_the_therapist(
    session, ann, alice, clock, chosen, hours, by
):
    other = "24" if by == "the client" and chosen else chosen or "24"
    MessageSettings.objects.create(therapist=alice, reminders=other)
    own = chosen if by == "the client" else ""
    Client.objects.filter(pk=ann.pk).update(reminders=own)
    clock.move_to(WEDNESDAY - 60 * HOUR)
    found = []
    for before in (60, 49, 48, 47, 25, 24, 23, 3, 2, 1):
        found += [before] * len(reminded(clock, WEDNESDAY - before * HOUR))

    assert found == hours


def test_nobody_is_reminded_of_what_was_cancelled_or_moved(session, individual, alice, clock):
    other = book(individual, WEDNESDAY + 2 * HOUR)
    clock.shift(HOUR)
    send_everything()
    session.cancel(by=alice.user)
    other.move(starts_at=WEDNESDAY + 5 * DAY, by=alice.user)
    clock.shift(HOUR)
    send_everything()

    assert reminded(clock, TUESDAY + 3 * HOUR) == []
    assert len(reminded(clock, WEDNESDAY + 4 * DAY)) == 1


def test_a_reminder_that_waits_is_not_sent_once_it_is_moved(session, alice, clock, settings):
    settings.MESSAGE_BACKEND = "tests.mail_servers.Down"
    reminded(clock, TUESDAY)
    settings.MESSAGE_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    session.move(starts_at=WEDNESDAY + 3 * DAY, by=alice.user)

    (letter,) = reminded(clock, TUESDAY + HOUR)

    assert letter["Subject"] == "Appointment moved to Saturday 29 November, 4pm"
    assert Message.objects.get(kind="reminder").state == "dropped"


def test_a_reminder_that_waits_is_not_sent_once_reminders_are_off(session, ann, clock, settings):
    settings.MESSAGE_BACKEND, works = "tests.mail_servers.Down", settings.MESSAGE_BACKEND
    reminded(clock, TUESDAY)
    Client.objects.filter(pk=ann.pk).update(reminders="none")
    settings.MESSAGE_BACKEND = works

    assert reminded(clock, TUESDAY + HOUR) == []
    assert Message.objects.filter(kind="reminder", state="dropped").count() == 1


def test_who_was_told_after_it_was_due_is_not_reminded(individual, clock):
    clock.move_to(TUESDAY + HOUR)
    book(individual)
    clock.shift(HOUR)
    send_everything()

    assert reminded(clock) == []


def test_what_is_put_back_after_its_reminder_was_due_is_told_once(session, alice, clock):
    clock.move_to(TUESDAY - HOUR)
    session.cancel(by=alice.user)
    reminded(clock, TUESDAY)
    session.put_back(by=alice.user)

    told = [letter["Subject"] for letter in reminded(clock, TUESDAY + HOUR)]
    told += [letter["Subject"] for letter in reminded(clock, TUESDAY + 2 * HOUR)]

    assert told == ["Appointment takes place after all: Wednesday 26 November, 4pm"]


def test_what_is_told_after_a_reminder_was_due_is_told_once(session, alice, clock):
    """The booking of before it was due is handed over after that, by a sender that was away."""
    session.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user)

    (letter,) = reminded(clock, WEDNESDAY + DAY + HOUR)
    assert letter["Subject"].startswith("Appointment moved")
    assert reminded(clock, WEDNESDAY + DAY + 2 * HOUR) == []


def test_what_was_put_back_while_nobody_heard_of_it_is_reminded_of(session, alice, clock):
    clock.move_to(TUESDAY - MINUTE)
    session.cancel(by=alice.user)
    clock.shift(MINUTE)
    session.put_back(by=alice.user)

    (letter,) = reminded(clock, TUESDAY + HOUR) + reminded(clock, TUESDAY + 2 * HOUR)

    assert letter["Subject"] == REMINDER


def test_a_reminder_that_waits_says_nothing_of_what_another_message_tells(
    session, individual, alice, clock, settings
):
    """A reminder of two; the one was cancelled and put back while the mail server was away."""
    book(individual, WEDNESDAY + HOUR)
    reminded(clock, TUESDAY - DAY)
    settings.MESSAGE_BACKEND, works = PUTS_OFF, settings.MESSAGE_BACKEND
    reminded(clock, TUESDAY)
    settings.MESSAGE_BACKEND = works
    session.cancel(by=alice.user)
    clock.shift(LATER)
    Message.objects.filter(kind="reminder").update(next_attempt_at=TUESDAY + HOUR)
    send_everything()
    session.put_back(by=alice.user)

    told = {letter["Subject"] for letter in reminded(clock, TUESDAY + 2 * HOUR)}

    assert told == {
        "Appointment takes place after all: Wednesday 26 November, 4pm",
        "Reminder: appointment on Wednesday 26 November, 5pm",
    }


def test_a_reminder_that_may_have_arrived_is_not_sent_anew(session, alice, clock, settings):
    """Switched off and on again while nobody knew whether it had arrived."""
    settings.MESSAGE_BACKEND, works = DROPS, settings.MESSAGE_BACKEND
    assert len(reminded(clock, TUESDAY)) == 1
    settings.MESSAGE_BACKEND = works
    Client.objects.update(reminders="none")
    assert reminded(clock, TUESDAY + HOUR) == []
    Client.objects.update(reminders="")

    assert reminded(clock, TUESDAY + 2 * HOUR) == []


def test_several_sessions_of_a_day_are_one_reminder(session, individual, clock):
    book(individual, WEDNESDAY + HOUR)
    clock.shift(HOUR)
    send_everything()

    (letter,) = reminded(clock, TUESDAY)

    assert letter["Subject"] == "Reminder: 2 appointments from Wednesday 26 November, 4pm"
    assert reminded(clock, TUESDAY + HOUR) == []


def test_a_sender_that_comes_late_reminds_as_long_as_it_is_of_use(session, clock):
    assert len(reminded(clock, WEDNESDAY - HOUR)) == 1


def test_a_sender_that_comes_too_late_reminds_of_nothing(session, clock):
    assert reminded(clock, WEDNESDAY - HOUR + MINUTE) == []


# Never at night, in the zone of whoever reads it.


@pytest.mark.parametrize(
    ("starts", "hours", "due"),
    [
        ("2025-11-26 16:00", 24, "2025-11-25 16:00"),
        ("2025-11-26 07:00", 24, "2025-11-25 08:00"),
        ("2025-11-26 22:00", 24, "2025-11-26 08:00"),
        ("2025-11-26 09:30", 2, "2025-11-26 08:00"),
        ("2025-11-26 08:30", 2, "2025-11-25 20:00"),
        ("2025-11-26 23:30", 2, "2025-11-26 20:00"),
        ("2025-11-26 02:00", 2, "2025-11-25 20:00"),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/London", "Australia/Lord_Howe"])
def test_at_night_it_waits_or_comes_the_evening_before(starts, hours, due, zone):
    assert not_at_night(at(starts, zone), hours, zone) == at(due, zone)


def test_it_is_night_where_the_reader_is(session, ann, clock):
    reads_in(ann.account, "Australia/Sydney")  # 3am there

    assert reminded(clock, TUESDAY) == []
    assert len(reminded(clock, at("2025-11-26 08:00", "Australia/Sydney"))) == 1


def test_a_sender_that_comes_at_night_waits_for_the_morning(session, clock, settings):
    settings.MESSAGE_BACKEND = "tests.mail_servers.Down"
    reminded(clock, TUESDAY + 4 * HOUR)
    settings.MESSAGE_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert reminded(clock, at("2025-11-26 02:00")) == []
    assert len(reminded(clock, at("2025-11-26 08:00"))) == 1


# Stopping them from the mail program.


def address_in(letter) -> str:
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return letter["List-Unsubscribe"].strip("<>").removeprefix("https://practice.example")


def test_one_post_without_signing_in_stops_reminders_and_nothing_else(
    session, alice, ann, individual, clock
):
    address = address_in(reminded(clock, TUESDAY)[0])

    for _ in range(2):
        answer = Browser(enforce_csrf_checks=True).post(
            address, {"List-Unsubscribe": "One-Click"}, secure=True
        )
        assert answer.status_code == 200
        assert f"no more reminders of your appointments with {alice.name}." in read(answer).text

    ann.refresh_from_db()
    assert (ann.reminders, ann.do_not_contact) == ("none", False)
    assert Entry.objects.filter(outcome="reminders stopped").count() == 1
    book(individual, WEDNESDAY + 3 * HOUR)
    clock.shift(HOUR)
    assert len(reminded(clock)) == 1  # of the booking
    assert reminded(clock, WEDNESDAY - 2 * HOUR) == []


def test_who_has_stopped_them_by_mistake_has_them_again_by_the_same_address(session, ann, clock):
    address, browser = address_in(reminded(clock, TUESDAY)[0]), Browser()
    stopped = browser.post(address, {"List-Unsubscribe": "One-Click"}, secure=True)
    assert "Have reminders again" in read(stopped).text

    for _ in range(2):
        answer = browser.post(address, {"do": "again"}, secure=True)
        assert "You get reminders again" in read(answer).text

    ann.refresh_from_db()
    assert ann.reminders == ""
    assert Entry.objects.filter(outcome="reminders again").count() == 1


def test_what_somebody_has_chosen_is_left_by_having_reminders_again(session, ann, clock):
    address = address_in(reminded(clock, TUESDAY)[0])
    Client.objects.filter(pk=ann.pk).update(reminders="48")

    Browser().post(address, {"do": "again"}, secure=True)

    ann.refresh_from_db()
    assert ann.reminders == "48"


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_address_changes_nothing(session, ann, clock, method):
    address = address_in(reminded(clock, TUESDAY)[0])

    assert getattr(Browser(), method)(address, secure=True).status_code == 200

    ann.refresh_from_db()
    assert ann.reminders == ""


def test_an_address_that_was_made_up_does_not_exist(session, ann, ben, clock):
    address = address_in(reminded(clock, TUESDAY)[0])

    for other in (address.replace("/stop/", "x/stop/"), "/reminders/x/stop/"):
        assert Browser().post(other, secure=True).status_code == 404


def test_only_reminders_can_be_stopped_so(individual, clock):
    book(individual)
    clock.shift(HOUR)

    (letter,) = reminded(clock)

    assert letter["List-Unsubscribe"] is None


def test_the_role_of_the_server_may_remind(session, clock):
    with application():
        assert len(reminded(clock, TUESDAY)) == 1
