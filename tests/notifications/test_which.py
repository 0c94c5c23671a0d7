"""Who is told what happened to a session, when, and who is not."""

from uuid import uuid4

import pytest
from django.core import mail
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Contact
from practice.diary.models import Session
from practice.notifications.models import Message, MessageSettings
from practice.notifications.planning import next_summary, plan
from practice.notifications.worker import send_everything
from practice.records.merging import merge
from tests.diary import DAY, FIFTY, NOW, WEDNESDAY, at, book
from tests.factories import ClientFactory, start
from tests.notifications import GRACE, HOUR, LATER, delivered, event_of

BOOKED = "Appointment on Wednesday 26 November, 4pm"


def subjects(clock) -> list[tuple[str, str]]:
    return [(letter["To"], letter["Subject"]) for letter in delivered(clock)]


def test_a_client_is_told_what_their_therapist_booked_and_the_therapist_is_not(individual, clock):
    book(individual)

    assert subjects(clock) == [("ann@mail.example", BOOKED)]


def test_both_are_told_what_a_client_booked(individual, ann, clock):
    book(individual, by=ann.account)

    assert subjects(clock) == [("ann@mail.example", BOOKED), ("alice@practice.example", BOOKED)]


def test_nothing_is_sent_before_the_grace_is_over(individual, clock):
    book(individual)
    clock.shift(GRACE / 2)

    send_everything()

    assert mail.outbox == []
    assert len(delivered(clock)) == 1
    assert delivered(clock) == []  # and never again


def test_what_is_booked_and_cancelled_within_the_grace_is_told_to_nobody(individual, ann, clock):
    book(individual, by=ann.account).cancel(by=ann.account)

    assert delivered(clock) == []
    assert Session.objects.get().tell_at is None


def test_several_changes_are_one_message_with_the_last_truth(individual, alice, clock):
    made = book(individual)
    made.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    made.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user)

    assert subjects(clock) == [("ann@mail.example", "Appointment on Friday 28 November, 4pm")]


def test_moved_and_moved_back_within_the_grace_is_told_to_nobody(session, alice, clock):
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    session.move(starts_at=WEDNESDAY, by=alice.user)

    assert delivered(clock) == []


CHANGES = {
    "moved": (
        lambda s, by: s.move(starts_at=WEDNESDAY + DAY, by=by),
        "Appointment moved to Thursday 27 November, 4pm",
    ),
    "cancelled": (
        lambda s, by: s.cancel(by=by),
        "Appointment cancelled: Wednesday 26 November, 4pm",
    ),
    "elsewhere": (
        lambda s, by: s.set_place("Room 2", by=by),
        "Appointment on Wednesday 26 November, 4pm: where it takes place",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_client_is_told_of_a_change(session, alice, clock, change):
    do, subject = CHANGES[change]
    do(session, alice.user)

    assert subjects(clock) == [("ann@mail.example", subject)]


@pytest.mark.parametrize("change", ["moved", "cancelled"])
def test_a_therapist_is_told_of_a_change_by_a_client(session, ann, clock, change):
    do, subject = CHANGES[change]
    do(session, ann.account)

    assert subjects(clock)[-1] == ("alice@practice.example", subject)


def test_what_is_put_back_is_told(session, alice, clock):
    session.cancel(by=alice.user)
    delivered(clock)
    session.put_back(by=alice.user)

    (told,) = subjects(clock)
    assert told[1] == "Appointment takes place after all: Wednesday 26 November, 4pm"


def test_what_was_known_before_there_were_messages_is_told_when_it_changes(
    individual, ann, clock, settings
):
    settings.SENDS_MESSAGES = False
    first, second = book(individual), book(individual, WEDNESDAY + DAY, by=ann.account)
    settings.SENDS_MESSAGES = True
    clock.shift(DAY)
    first.cancel(by=ann.account)
    second.move(starts_at=WEDNESDAY + 2 * DAY, by=ann.account)

    told = subjects(clock)

    assert [subject for _, subject in told] == [
        "Appointment cancelled: Wednesday 26 November, 4pm",
        "Appointment moved to Friday 28 November, 4pm",
    ] * 2
    assert told[-1][0] == "alice@practice.example"


def test_a_series_is_one_message_with_an_event_each(individual, alice, clock):
    starts = [WEDNESDAY + week * 7 * DAY for week in range(12)]
    made = Session.book_series(
        individual, starts=starts, length=FIFTY, by=alice.user, series=uuid4()
    )

    (letter,) = delivered(clock)

    assert letter["Subject"] == "12 appointments from Wednesday 26 November, 4pm"
    files = [part for part in letter.walk() if part.get_content_type() == "text/calendar"]
    assert [file.get_filename() for file in files][:2] == ["invitation-1.ics", "invitation-2.ics"]
    assert len(files) == len(made)
    assert {file.get_param("method") for file in files} == {"REQUEST"}


def test_cancelling_the_rest_of_a_series_is_one_message(individual, alice, clock):
    starts = [WEDNESDAY + week * 7 * DAY for week in range(4)]
    made = Session.book_series(
        individual, starts=starts, length=FIFTY, by=alice.user, series=uuid4()
    )
    delivered(clock)
    made[1].cancel_with_later(by=alice.user, for_client=False, if_still=lambda _: True)

    assert subjects(clock) == [
        ("ann@mail.example", "3 appointments cancelled, from Wednesday 3 December, 4pm")
    ]


def test_what_is_over_is_told_to_nobody(individual, alice, clock):
    held = book(individual, NOW - DAY)
    held.set_attendance(attended=True)
    held.set_place("Room 2", by=alice.user)

    assert delivered(clock) == []


def test_attendance_is_told_to_nobody(session, clock):
    clock.move_to(session.ends_at + HOUR)
    session.set_attendance(attended=False)

    assert delivered(clock) == []


# Nothing about a relationship, and nobody who is not to be written to.


def test_what_happens_to_a_relationship_is_told_to_nobody(session, individual, alice, clock):
    individual.end(by=alice.user, reason="completed")
    individual.undo_end(by=alice.user)
    individual.end(by=alice.user, reason="lost_contact")
    individual.correct_reason(by=alice.user, reason="completed", ended_at=individual.ended_at)
    individual.restart(by=alice.user)

    assert delivered(clock) == []


def test_the_client_of_an_ended_relationship_is_told_of_their_booking(individual, ann, clock):
    individual.end(by=individual.therapist.user, reason="completed")
    book(individual, by=ann.account)

    assert [to for to, _ in subjects(clock)] == ["ann@mail.example", "alice@practice.example"]


def test_nobody_is_told_of_the_sessions_of_a_client_who_died(individual, couples, clock):
    individual.end(by=individual.therapist.user, reason="died")
    book(individual)
    book(couples, WEDNESDAY + DAY)

    assert [to for to, _ in subjects(clock)] == ["ben@mail.example"]


def test_who_is_marked_is_not_contacted_with_whichever_record(session, ann, ben, alice, clock):
    merge(ben, into=ann, by=alice.user)
    Client.objects.filter(pk=ben.pk).update(do_not_contact=True)
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    assert delivered(clock) == []


def test_who_is_marked_while_a_message_waits_does_not_get_it(individual, ann, clock, settings):
    settings.MESSAGE_BACKEND = "tests.mail_servers.Down"
    book(individual)
    delivered(clock)
    Client.objects.filter(pk=ann.pk).update(do_not_contact=True)
    settings.MESSAGE_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    clock.shift(HOUR)

    assert delivered(clock) == []
    assert Message.objects.get().state == "dropped"


def test_who_has_no_address_is_not_told(alice, clock):
    book(start(ClientFactory(therapist=alice, name="Dora Dove")))

    assert delivered(clock) == []


def test_two_with_one_address_get_one_message(alice, clock):
    twins = [
        ClientFactory(therapist=alice, name=f"{name} Elm", email="elm@mail.example")
        for name in ("Ed", "Em")
    ]
    book(start(*twins))

    assert [letter["To"] for letter in delivered(clock)] == ["elm@mail.example"]


def test_the_address_that_somebody_signs_in_with_is_the_one(individual, ann, clock):
    Client.objects.filter(pk=ann.pk).update(email="old@mail.example")
    book(individual)

    assert [letter["To"] for letter in delivered(clock)] == ["ann@mail.example"]


def test_both_of_a_couple_are_told(couples, clock):
    book(couples)

    assert sorted(to for to, _ in subjects(clock)) == ["ann@mail.example", "ben@mail.example"]


# A therapist chooses what they want to know.


@pytest.mark.parametrize("way", ["never", "at_once"])
def test_a_therapist_can_be_told_nothing(individual, ann, alice, clock, way):
    MessageSettings.objects.create(therapist=alice, way=way, tells_booked=False)
    book(individual, by=ann.account)

    assert [to for to, _ in subjects(clock)] == ["ann@mail.example"]


@pytest.mark.parametrize("change", [{"way": "never"}, {"tells_booked": False}])
def test_what_a_therapist_has_switched_off_since_is_not_sent(individual, ann, alice, clock, change):
    MessageSettings.objects.create(therapist=alice, way="daily")
    book(individual, by=ann.account)
    delivered(clock)
    MessageSettings.objects.update(**change)

    clock.move_to(NOW + 8 * HOUR)

    assert delivered(clock) == []
    assert Message.objects.get(client=None).state == "dropped"


def test_a_therapist_whose_account_is_disabled_is_told_nothing(individual, ann, alice, clock):
    book(individual, by=ann.account)
    clock.shift(LATER)
    plan(alice, timezone.now())
    alice.user.disable()
    book(individual, WEDNESDAY + DAY, by=ann.account)

    assert {to for to, _ in subjects(clock)} == {"ann@mail.example"}


def test_a_therapist_can_be_told_once_a_day(individual, ann, alice, clock):
    MessageSettings.objects.create(therapist=alice, way="daily")
    first, second = (book(individual, WEDNESDAY + n * DAY, by=ann.account) for n in range(2))
    assert {to for to, _ in subjects(clock)} == {"ann@mail.example"}
    first.cancel(by=ann.account)
    assert {to for to, _ in subjects(clock)} == {"ann@mail.example"}

    clock.move_to(NOW + 8 * HOUR)

    (letter,) = delivered(clock)
    assert letter["To"] == "alice@practice.example"
    assert letter["Subject"] == "A change of appointment"
    assert second.public_id in letter["Message-ID"]


def test_what_clients_do_at_different_hours_is_one_summary(individual, ann, alice, clock):
    MessageSettings.objects.create(therapist=alice, way="daily")
    book(individual, by=ann.account)
    delivered(clock)
    clock.shift(HOUR)
    book(individual, WEDNESDAY + DAY, by=ann.account)
    delivered(clock)

    clock.move_to(NOW + 8 * HOUR)

    (letter,) = delivered(clock)
    assert letter["Subject"] == "2 changes to your appointments"


@pytest.mark.parametrize(
    ("now", "zone", "then"),
    [
        ("2026-03-28 19:00", "Europe/London", "2026-03-29 18:00"),
        ("2026-10-24 17:59", "Europe/London", "2026-10-24 18:00"),
        ("2026-10-24 18:00", "Europe/London", "2026-10-25 18:00"),
        ("2026-04-04 23:30", "Australia/Lord_Howe", "2026-04-05 18:00"),
        ("2026-09-05 23:59", "America/Santiago", "2026-09-06 18:00"),
    ],
)
def test_the_changes_of_a_day_come_at_six_whatever_the_clocks_do(now, zone, then):
    assert next_summary(at(now, zone), zone) == at(then, zone)


def test_what_waits_for_a_client_whose_record_is_merged_is_sent(individual, ann, ben, alice, clock):
    start(ben)
    book(individual)
    clock.shift(LATER)
    plan(alice, timezone.now())
    merge(ann, into=ben, by=alice.user)

    assert len(delivered(clock)) == 1


def test_what_a_message_put_into_a_therapists_calendar_is_kept_true_there(
    individual, ann, alice, clock
):
    made = book(individual, by=ann.account)
    delivered(clock)
    made.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    method, event = event_of(delivered(clock)[-1])

    assert (method, event.start) == ("REQUEST", made.starts_at)


def test_an_answer_goes_to_the_therapist(individual, alice, clock):
    Contact.objects.create(therapist=alice, email="hello@alice.example")
    book(individual)

    (letter,) = delivered(clock)
    assert letter["Reply-To"] == "hello@alice.example"
