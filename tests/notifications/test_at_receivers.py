"""What calendars make of our messages: a few random histories, by a mail server of the tests.

The long form, with receivers of other people, is `python -m tests.harness.messages`.
"""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from practice.diary.models import Session
from practice.notifications.invitations import invitation
from practice.notifications.worker import send_everything
from tests.diary import DAY, FIFTY, HOUR, NOW, book
from tests.harness import calendar_receivers as receivers
from tests.harness.calendar_receivers import Entry, read
from tests.harness.histories import (
    FORBIDDEN,
    Histories,
    Letter,
    Mailboxes,
    differences,
    indiscretions,
    never_told,
    truth,
)
from tests.harness.messages import WAYS, files_of, group_files, groups
from tests.notifications import LATER
from tests.smtp_server import smtp_server


@pytest.fixture
def boxes(settings):
    """A mail server that takes everything, by which messages go."""
    taken = Mailboxes()
    with smtp_server(taken) as port:
        settings.MESSAGE_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield taken


@pytest.mark.django_db
def test_a_calendar_ends_with_the_apps_state_however_messages_arrive(boxes, clock):
    chance = random.Random(3)
    histories = Histories(chance, NOW)
    histories.set_up(2)
    histories.run(12, clock.shift, send_everything)

    letters, state = boxes.of_each(), truth()
    ids = [letter.message_id for letter in boxes.letters]
    assert len(ids) == len(set(ids)) > 10
    for way in WAYS.values():
        for group in groups(letters):
            delivered, wanted = way(group_files(group), state, chance)
            assert differences(receivers.reference(delivered), wanted) == []
    told = {to: receivers.reference(files_of(own)) for to, own in letters.items()}
    assert never_told(told) == []
    assert indiscretions(boxes.letters) == []


def test_what_is_forbidden_is_found(boxes, individual, clock, settings):
    settings.SERVICE_NAME = "Riverside Therapy"
    book(individual)
    clock.shift(LATER)
    send_everything()

    assert "Riverside Therapy" in " ".join(indiscretions(boxes.letters))


@pytest.mark.parametrize("text", ["Your session", "With your therapist", "Alice Archer", "Ended"])
def test_a_forbidden_word_is_one(text):
    assert FORBIDDEN.search(text)


def file(session: Session, stamp: datetime = NOW) -> bytes:
    return invitation(session, "Appointment", receiver="ann@mail.example", stamp=stamp)


@pytest.mark.parametrize(
    "zone",
    [
        "America/New_York",
        "Australia/Sydney",
        "Africa/Cairo",
        "America/Santiago",
        "Australia/Lord_Howe",
    ],
)
def test_a_calendar_reads_the_same_instant_on_both_sides_of_a_change(individual, zone):
    for starts_at in around_changes(zone):
        session = Session(
            relationship=individual,
            therapist=individual.therapist,
            starts_at=starts_at,
            ends_at=starts_at + FIFTY,
            booked_at=NOW,
        )
        ends_at = int((starts_at + FIFTY).timestamp())
        assert read(file(session)).entry == Entry(int(starts_at.timestamp()), ends_at, "")


def around_changes(zone: str) -> list[datetime]:
    """Return instants around the two changes of a zone's clocks in a year, given in that zone."""
    there, hour = ZoneInfo(zone), datetime(2027, 1, 1, tzinfo=UTC)
    found = []
    while hour.year == 2027:
        if hour.astimezone(there).utcoffset() != (hour + HOUR).astimezone(there).utcoffset():
            steps = (timedelta(hours=hours) for hours in (-24, -1, 0, 1, 24))
            found += [(hour + step).astimezone(there) for step in steps]
        hour += HOUR
    assert len(found) == 10
    return found


def test_the_receiver_of_the_tests_is_awake(individual, clock):
    """An earlier word after a later one, and one that is the same twice, change nothing."""
    session = book(individual)
    first = file(session)
    session.move(starts_at=session.starts_at + DAY, by=individual.therapist.user)
    second = file(session, NOW + HOUR)
    session.set_place("Room 2", by=individual.therapist.user)
    third = file(session, NOW + 2 * HOUR)

    for delivered in ([first, second, third], [third, second, first], [second, third, second]):
        [entry] = receivers.reference(delivered).values()
        assert (entry.starts_at, entry.place) == (int(session.starts_at.timestamp()), "Room 2")
    wrong = {uid: entry._replace(place="") for uid, entry in truth().items()}
    assert len(differences(receivers.reference([third]), wrong)) == 1


def test_a_letter_is_read_as_a_list_of_messages_shows_it(boxes, individual, clock):
    book(individual)
    clock.shift(LATER)
    send_everything()

    [letter] = boxes.letters
    seen = " | ".join(Letter(letter.raw).seen_unopened())
    assert seen.startswith("Appointment on Wednesday 26 November, 4pm | Stillwater")
    assert "4pm to 4:50pm" in seen
    assert "invitation.ics" in seen
    assert seen.endswith("Appointment")
