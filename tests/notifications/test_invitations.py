"""The invitation in a message, and what can be read of a message without opening it."""

import re
from datetime import UTC
from email.utils import parseaddr

import pytest
from django.core import mail

from clients.models import Client
from practice.accounts.models import Contact
from practice.diary.models import Session
from practice.notifications.models import Message
from tests.diary import DAY, HOUR, WEDNESDAY, at, book
from tests.factories import reads_in
from tests.notifications import delivered, event_of

# What tells somebody who sees a lock screen, or a list of messages, that this is about therapy.
TELLING = re.compile(
    r"therap|counsel|psych|session|client|relationship|mental|treatment|clinic|archer|ashby|bright"
    r"|couple|individual|family|group",
    re.IGNORECASE,
)


def test_the_invitation_is_the_last_alternative_and_asks_for_no_answer(individual, clock):
    made = book(individual)
    (letter,) = delivered(clock)

    assert letter.get_content_type() == "multipart/alternative"
    parts = [part.get_content_type() for part in letter.get_payload()]
    assert parts == ["text/plain", "text/html", "text/calendar"]
    method, event = event_of(letter)
    assert method == "REQUEST"
    assert event["UID"] == f"{made.public_id}@stillwater"
    assert event["ORGANIZER"] == "mailto:post@practice.example"
    assert event["ATTENDEE"] == "mailto:ann@mail.example"
    assert event["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert event["ATTENDEE"].params["RSVP"] == "FALSE"
    assert (event["SEQUENCE"], event["STATUS"]) == (0, "CONFIRMED")
    assert (event.start.astimezone(UTC), event.end.astimezone(UTC)) == (
        made.starts_at,
        made.ends_at,
    )
    text = letter.get_payload()[-1].get_payload(decode=True).decode()
    assert "VTIMEZONE" not in text
    assert "TZID" not in text


def test_moved_elsewhere_cancelled_put_back_it_is_the_same_event_and_a_later_word(
    session, alice, clock
):
    told = []
    for change in (
        lambda: session.move(starts_at=WEDNESDAY + DAY, by=alice.user),
        lambda: session.set_place("Room 2", by=alice.user),
        lambda: session.cancel(by=alice.user),
        lambda: session.put_back(by=alice.user),
    ):
        change()
        told.append(event_of(delivered(clock)[0]))

    assert [method for method, _ in told] == ["REQUEST", "REQUEST", "CANCEL", "REQUEST"]
    events = [event for _, event in told]
    assert len({event["UID"] for event in events}) == 1
    assert [event["SEQUENCE"] for event in events] == [1, 1, 2, 2]
    stamps = [event["DTSTAMP"].dt for event in events]
    assert stamps == sorted(set(stamps))
    assert events[1]["LOCATION"] == "Room 2"


def test_a_clock_that_is_set_back_writes_no_earlier_word(session, alice, clock):
    before = Message.objects.get().stamp
    clock.shift(-HOUR)
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    _, event = event_of(delivered(clock)[0])

    assert event["DTSTAMP"].dt > before


def test_a_move_threads_with_the_booking(session, alice, clock):
    first = mail.outbox[0].extra_headers["Message-ID"]
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    (second,) = delivered(clock)
    session.cancel(by=alice.user)
    (third,) = delivered(clock)

    assert (second["References"], second["In-Reply-To"]) == (first, first)
    assert third["References"].split() == [first, second["Message-ID"]]
    assert third["In-Reply-To"] == second["Message-ID"]


def test_nothing_that_is_read_without_opening_it_tells_of_therapy(couples, ann, alice, clock):
    made = book(couples, by=ann.account)
    letters = delivered(clock)
    made.move(starts_at=WEDNESDAY + DAY, by=ann.account)
    letters += delivered(clock)
    made.set_place("Room 2", by=alice.user)
    letters += delivered(clock)
    made.cancel(by=ann.account)
    letters += delivered(clock)
    made.put_back(by=ann.account)
    letters += delivered(clock)

    assert len(letters) == 15
    for letter in letters:
        (preheader,) = re.findall(r'overflow:hidden">(.*?)</div>', html_of(letter))
        seen = [letter["Subject"], letter["From"], preheader, event_of(letter)[1]["SUMMARY"]]
        seen += [part.get_filename() or "" for part in letter.walk()]
        assert [words for words in seen if TELLING.search(words)] == []
        assert letter["Auto-Submitted"] == "auto-generated"
        assert letter["From"] == "Stillwater <post@practice.example>"


def html_of(letter) -> str:
    return letter.get_payload()[1].get_payload(decode=True).decode()


def text_of(letter) -> str:
    return letter.get_payload()[0].get_payload(decode=True).decode()


def test_a_client_chooses_that_their_calendar_names_the_therapist(individual, ann, clock):
    Client.objects.filter(pk=ann.pk).update(calendar_names_therapist=True)
    book(individual)

    assert event_of(delivered(clock)[0])[1]["SUMMARY"] == "Appointment with Alice Archer"


def test_times_are_in_the_readers_zone_with_the_therapists_where_it_differs(individual, ann, clock):
    reads_in(ann.account, "America/New_York")
    book(individual)
    (letter,) = delivered(clock)

    assert letter["Subject"] == "Appointment on Wednesday 26 November, 11am"
    for body in (text_of(letter), html_of(letter)):
        assert "11am to 11:50am" in body
        assert "New York time (4pm London time)" in body


def test_the_text_and_the_html_say_the_same(individual, ann, alice, clock):
    Contact.objects.create(therapist=alice, email="hello@alice.example")
    made = book(individual)
    made.set_place("https://meet.example/alice", by=alice.user)
    (letter,) = delivered(clock)

    for body in (text_of(letter), html_of(letter)):
        words = " ".join(re.sub(r"<[^>]+>", " ", body).split())
        assert "Hello Ann" in words
        assert "Wednesday 26 November 2025 4pm to 4:50pm" in words
        assert "With Alice Archer" in words
        assert "https://meet.example/alice" in body
        assert f"https://practice.example/sessions/{made.public_id}/" in body
        assert "A reply goes to Alice Archer." in words
    assert not re.search(r"<img|<link|<script|url\(", html_of(letter))


def test_who_cannot_sign_in_is_led_to_no_page(couples, clock):
    book(couples)
    letter = next(letter for letter in delivered(clock) if "ben" in letter["To"])

    assert "/sessions/" not in text_of(letter)
    assert "To move or cancel, write or call Alice Archer." in text_of(letter)


HOSTILE = "Ann\r\nBcc: x@y.example\r\n\r\n<b>Ashby</b>"


def test_a_name_cannot_become_a_header_or_markup(individual, ann, alice, clock, settings):
    settings.SERVICE_NAME = 'Still, "water" <x@y.example>'
    Client.objects.filter(pk=ann.pk).update(name=HOSTILE, preferred_name=HOSTILE)
    type(alice).objects.filter(pk=alice.pk).update(name=HOSTILE)
    book(individual, by=ann.account)

    letters = delivered(clock)
    assert len(letters) == 2
    for letter in letters:
        assert letter["Bcc"] is None
        assert parseaddr(letter["From"])[1] == "post@practice.example"
        assert "<b>" not in html_of(letter)
        assert "\nBcc" not in letter.as_string().partition("\n\n")[0]


# The instant is the same for all, on both sides of a change of the clocks.
CHANGES = [
    *[("America/New_York", day) for day in ("2026-03-07", "2026-03-09", "2026-11-02")],
    *[("Australia/Sydney", day) for day in ("2026-04-04", "2026-04-06", "2026-10-05")],
    *[("Africa/Cairo", day) for day in ("2026-04-23", "2026-04-25", "2026-10-30")],
    *[("America/Santiago", day) for day in ("2026-04-04", "2026-04-06", "2026-09-07")],
    *[("Australia/Lord_Howe", day) for day in ("2026-04-04", "2026-04-06", "2026-10-05")],
]


@pytest.mark.parametrize(("zone", "day"), CHANGES)
def test_the_instant_is_the_same_whatever_the_zone(individual, ann, clock, zone, day):
    reads_in(ann.account, zone)
    made = book(individual, at(f"{day} 10:30", zone), by=ann.account)

    letters = delivered(clock)

    assert {event_of(letter)[1].start for letter in letters} == {made.starts_at}
    assert "10:30am" in letters[0]["Subject"]
    assert Session.objects.get() == made


def test_a_move_says_when_it_was_to_be_as_far_as_its_reader_knows(session, alice, clock):
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    session.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user)

    (letter,) = delivered(clock)

    for body in (text_of(letter), html_of(letter)):
        assert "It was to be Wednesday 26 November, 4pm." in body
