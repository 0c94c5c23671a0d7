"""The calendar file of a session, as a calendar reads it."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from icalendar import Calendar

from clients.models import Client
from practice.diary.models import Session
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, at, book, browser_for, works
from tests.factories import start

CANARY = "canary-of-the-private-note"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def download(browser, session: Session) -> str:
    answer = browser.get(f"/sessions/{session.public_id}/calendar.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == (
        f'attachment; filename="appointment-{session.public_id}.ics"'
    )
    assert answer["Cache-Control"] == "no-store, private"
    return answer.content.decode()


def unfolded(text: str) -> list[str]:
    """Return the lines of a file as RFC 5545, 3.1 has them, read without any library."""
    return text.replace("\r\n ", "").split("\r\n")


def lines_of(text: str) -> dict[str, str]:
    """Return the value of each property of a file, which has each once."""
    parts = [
        re.fullmatch(r"([A-Z-]+)((?:;[^:\"]*|\"[^\"]*\")*):(.*)", x) for x in unfolded(text) if x
    ]
    found = [(part[1], part[3]) for part in parts if part[1] not in {"BEGIN", "END"}]
    assert len(dict(found)) == len(found)
    return dict(found)


def instant(value: str) -> datetime:
    """Return the instant of a time in UTC, as RFC 5545, 3.3.5 writes it; no other is understood."""
    return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def event_of(text: str):
    """Return the one event of a file, as the library reads it."""
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def test_a_calendar_reads_the_session(as_ann, session):
    text = download(as_ann, session)

    calendar, event = Calendar.from_ical(text), event_of(text)
    assert calendar["VERSION"] == "2.0"
    assert "METHOD" not in calendar  # nobody is invited, and no calendar asks for an answer
    assert calendar["PRODID"]
    assert event.start.astimezone(UTC) == session.starts_at
    assert event.end.astimezone(UTC) == session.ends_at
    assert event["DTSTAMP"].dt == NOW
    assert (event["STATUS"], event["SEQUENCE"], event["CLASS"]) == ("CONFIRMED", 0, "PRIVATE")
    assert event["SUMMARY"] == "Appointment"


def test_every_line_ends_and_is_as_short_as_the_format_asks(as_ann, session):
    text = download(as_ann, session)

    assert text.endswith("\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")


@pytest.mark.usefixtures("hours_pass")
def test_moved_and_cancelled_it_is_the_same_event_and_a_later_word(as_ann, session, alice, clock):
    files = [event_of(download(as_ann, session))]
    for days in (1, 2):
        clock.shift(HOUR)
        session.move(starts_at=WEDNESDAY + days * DAY, by=alice.user)
        files.append(event_of(download(as_ann, session)))
    clock.shift(HOUR)
    session.cancel(by=alice.user)
    text = download(as_ann, session)
    files.append(event_of(text))

    assert len({file["UID"] for file in files}) == 1
    assert [file["SEQUENCE"] for file in files] == [0, 1, 2, 3]
    assert [file["DTSTAMP"].dt for file in files] == [NOW + i * HOUR for i in range(4)]
    assert files[2].start.astimezone(UTC) == WEDNESDAY + 2 * DAY
    assert files[3]["STATUS"] == "CANCELLED"
    assert files[3].start.astimezone(UTC) == WEDNESDAY + 2 * DAY


@pytest.mark.usefixtures("hours_pass")
def test_put_back_it_is_a_later_word_than_the_cancelling(as_ann, session, alice, clock):
    """A calendar that has the cancelled one goes by SEQUENCE, and of two alike by DTSTAMP."""
    session.cancel(by=alice.user)
    cancelled = event_of(download(as_ann, session))
    clock.shift(HOUR)

    session.put_back(by=alice.user)

    back = event_of(download(as_ann, session))
    assert back["STATUS"] == "CONFIRMED"
    assert (back["SEQUENCE"], back["DTSTAMP"].dt) > (cancelled["SEQUENCE"], cancelled["DTSTAMP"].dt)


def test_both_sides_have_the_same_event(as_ann, as_alice, session):
    one, other = (event_of(download(browser, session)) for browser in (as_ann, as_alice))

    assert one["UID"] == other["UID"]
    assert one.start.astimezone(UTC) == other.start.astimezone(UTC)


def test_each_session_has_an_event_of_its_own(as_ann, session, individual):
    other = book(individual, WEDNESDAY + DAY)

    uids = {event_of(download(as_ann, one))["UID"] for one in (session, other)}

    assert len(uids) == 2


def test_attendance_is_no_news_for_a_calendar(as_ann, individual):
    session = book(individual, NOW - DAY)
    before = download(as_ann, session)

    session.set_attendance(attended=True)

    assert download(as_ann, session) == before


# Nobody who reads the file needs to know when whose clocks change.

ZONES = [
    *("Europe/London", "Europe/Stockholm", "Europe/Dublin", "Europe/Moscow", "Africa/Casablanca"),
    *("America/New_York", "America/St_Johns", "America/Sao_Paulo", "America/Asuncion"),
    *("Asia/Kolkata", "Asia/Tehran", "Australia/Lord_Howe", "Pacific/Auckland", "UTC"),
]


@pytest.mark.parametrize("zone", ZONES)
def test_times_are_instants_whatever_the_readers_zone(ann, individual, zone):
    browser = browser_for(ann, zone)
    for reading in ("2026-03-28", "2026-03-29", "2026-04-05", "2026-10-24", "2026-10-25"):
        session = book(individual, at(f"{reading} 16:00"))

        text = download(browser, session)

        event = lines_of(text)
        assert instant(event["DTSTART"]) == session.starts_at
        assert instant(event["DTEND"]) == session.ends_at
        assert "TZID" not in text
        assert "VTIMEZONE" not in text


@pytest.mark.parametrize("hour", [0, 1], ids=["from the first into the second", "the second"])
def test_where_an_hour_comes_twice_a_calendar_reads_the_right_one(as_ann, individual, hour):
    session = book(individual, datetime(2026, 10, 25, hour, 30, tzinfo=UTC))

    event = lines_of(download(as_ann, session))

    assert instant(event["DTSTART"]) == session.starts_at
    assert instant(event["DTEND"]) == session.ends_at


def test_two_readers_write_the_same_event(ann, individual):
    session = book(individual)

    files = [download(browser_for(ann, zone), session) for zone in ("UTC", "Pacific/Auckland")]

    assert files[0] == files[1]


# Whose names are in it.


def test_the_therapists_file_has_initials_and_no_name(as_alice, couples, individual):
    couples.end(by=couples.therapist.user, reason="lost_contact", note=CANARY)
    session = book(couples)

    text = download(as_alice, session)

    assert event_of(text)["SUMMARY"] == "Appointment (AA, BB)"
    for word in ("Ann", "Ashby", "Ben", "Bright", "mail.example", CANARY, "lost_contact"):
        assert word not in text


def test_a_clients_file_names_nobody(ann, couples):
    couples.end(by=couples.therapist.user, reason="lost_contact", note=CANARY)
    session = book(couples)

    text = download(browser_for(ann), session)

    for word in ("Alice", "Ashby", "Ben", "Bright", "BB", "mail.example", CANARY, "lost_contact"):
        assert word not in text


def test_a_clients_file_names_the_therapist_if_they_chose_so(as_ann, ann, session):
    Client.objects.filter(pk=ann.pk).update(calendar_names_therapist=True)

    assert event_of(download(as_ann, session))["SUMMARY"] == "Appointment with Alice Archer"


def test_a_name_cannot_break_out_of_its_line(as_ann, ann, session, alice):
    Client.objects.filter(pk=ann.pk).update(calendar_names_therapist=True)
    alice.name = "Alice, Archer; Dr\\nATTENDEE:mailto:x@y"
    alice.save()

    text = download(as_ann, session)

    assert event_of(text)["SUMMARY"] == "Appointment with Alice, Archer; Dr\\nATTENDEE:mailto:x@y"
    assert "\r\nATTENDEE" not in text


def test_a_file_of_a_session_booked_in_the_browser(as_ann, alice, ann):
    works(alice)
    details = as_ann.post(f"/book/{start(ann).public_id}/2025-11-26/1600/").url

    event = event_of(as_ann.get(f"{details}calendar.ics").content.decode())

    assert event.start.astimezone(UTC) == WEDNESDAY
