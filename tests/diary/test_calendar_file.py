"""The calendar file of a session, as a calendar reads it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from icalendar import Calendar

from practice.diary.models import Session
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, at, book, browser_for, works
from tests.factories import start

CANARY = "canary-of-the-private-note"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def session(individual) -> Session:
    return book(individual)


def download(browser, session: Session) -> str:
    answer = browser.get(f"/sessions/{session.public_id}/calendar.ics")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer["Content-Disposition"] == (
        f'attachment; filename="session-{session.public_id}.ics"'
    )
    assert answer["Cache-Control"] == "no-store, private"
    return answer.content.decode()


def event_of(text: str):
    """Return the one event of a file."""
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def test_a_calendar_reads_the_session(as_ann, session):
    text = download(as_ann, session)

    calendar, event = Calendar.from_ical(text), event_of(text)
    assert (calendar["VERSION"], calendar["METHOD"]) == ("2.0", "PUBLISH")
    assert calendar["PRODID"]
    assert event.start.astimezone(UTC) == session.starts_at
    assert event.end.astimezone(UTC) == session.ends_at
    assert event["DTSTAMP"].dt == NOW
    assert (event["STATUS"], event["SEQUENCE"], event["CLASS"]) == ("CONFIRMED", 0, "PRIVATE")
    assert event["SUMMARY"] == "Session (Alice Archer)"


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
    assert Calendar.from_ical(text)["METHOD"] == "CANCEL"


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


@pytest.mark.parametrize(
    "zone",
    ["Europe/London", "Europe/Stockholm", "Pacific/Auckland", "America/New_York", "Asia/Kolkata"],
)
@pytest.mark.parametrize(
    "reading",
    [
        "2026-03-28 16:00",
        "2026-03-29 16:00",
        "2026-04-05 16:00",
        "2026-10-24 16:00",
        "2026-10-25 16:00",
    ],
)
def test_times_are_in_the_readers_zone_which_the_file_defines(ann, individual, zone, reading):
    session = book(individual, at(reading))
    text = download(browser_for(ann, zone), session)

    event = event_of(text)
    (definition,) = Calendar.from_ical(text).walk("VTIMEZONE")
    assert event["DTSTART"].params["TZID"] == definition["TZID"] == zone
    local = session.starts_at.astimezone(ZoneInfo(zone))
    assert event.start.replace(tzinfo=None) == local.replace(tzinfo=None)
    # Nothing but what the file itself says of the zone.
    as_told = definition.to_tz(lookup_tzid=False)
    for around in range(-2, 3):
        moment = local.replace(tzinfo=None) + timedelta(days=around)
        assert moment.replace(tzinfo=as_told).utcoffset() == (
            moment.replace(tzinfo=ZoneInfo(zone)).utcoffset()
        )


def test_a_reader_in_utc_needs_no_definition(ann, session):
    event = event_of(download(browser_for(ann, "UTC"), session))

    assert event.start.astimezone(UTC) == session.starts_at


@pytest.mark.parametrize("hour", [0, 1], ids=["from the first into the second", "the second"])
def test_where_an_hour_comes_twice_a_calendar_reads_the_right_one(as_ann, individual, hour):
    session = book(individual, datetime(2026, 10, 25, hour, 30, tzinfo=UTC))
    event = event_of(download(as_ann, session))

    assert event.start.astimezone(UTC) == session.starts_at
    assert event.end.astimezone(UTC) == session.ends_at


# Whose names are in it.


def test_the_therapists_file_has_initials_and_no_name(as_alice, couples, individual):
    couples.end(by=couples.therapist.user, reason="lost_contact", note=CANARY)
    session = book(couples)

    text = download(as_alice, session)

    assert event_of(text)["SUMMARY"] == "Session (AA, BB)"
    for word in ("Ann", "Ashby", "Ben", "Bright", "mail.example", CANARY, "lost_contact"):
        assert word not in text


def test_a_clients_file_has_nobody_but_the_therapist(ann, couples):
    couples.end(by=couples.therapist.user, reason="lost_contact", note=CANARY)
    session = book(couples)

    text = download(browser_for(ann), session)

    assert "Alice Archer" in text
    for word in ("Ashby", "Ben", "Bright", "BB", "mail.example", CANARY, "lost_contact"):
        assert word not in text


def test_a_name_cannot_break_out_of_its_line(as_ann, session, alice):
    alice.name = "Alice, Archer; Dr\\nATTENDEE:mailto:x@y"
    alice.save()

    text = download(as_ann, session)

    assert event_of(text)["SUMMARY"] == "Session (Alice, Archer; Dr\\nATTENDEE:mailto:x@y)"
    assert "\r\nATTENDEE" not in text


def test_a_file_of_a_session_booked_in_the_browser(as_ann, alice, ann):
    works(alice)
    details = as_ann.post(f"/book/{start(ann).public_id}/2025-11-26/1600/").url

    event = event_of(as_ann.get(f"{details}calendar.ics").content.decode())

    assert event.start.astimezone(UTC) == WEDNESDAY
