"""Where a session takes place: a place, or an https link of an online meeting."""

import pytest
import time_machine
from icalendar import Calendar

from practice.accounts.models import Contact
from practice.audit.models import Entry
from practice.profiles.models import Profile
from practice.records.erasure import erase
from tests.diary import NOW, book, row_of
from tests.pressing import hidden
from tests.reading import read

ROOM, MEETING = "Room 2, 14 Fountain Street", "https://meet.example/alice"
NO_PLACES = [
    "javascript:alert(1)", "JavaScript:alert(1)", "\u200bjavascript:alert(1)",
    " javascript:alert(1)",
    "http://meet.example/alice", "//meet.example", "www.meet.example", "ftp://meet.example",
    "data:text/html,hello", "https://", "https:meet.example", "https://bank.example@evil.example/",
    "https://meet.example/a b", 'https://meet.example/"onclick=x', "https://meet.example/<b>",
    "mailto:alice@mail.example", "R" * 201,
]  # fmt: skip


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def contact(alice) -> Contact:
    return Contact.objects.create(therapist=alice, place=ROOM)


def send(browser, address: str, **typed: str):
    """Open a form, type, and send it."""
    return browser.post(address, hidden(read(browser.get(address))) | typed)


def add(browser, relationship, **typed: str):
    address = f"/relationships/{relationship.public_id}/sessions/add/"
    return send(browser, address, day="2025-12-03", time="10:00", minutes="50", **typed)


def links(page, address: str) -> list[dict]:
    return [attrs for tag, attrs in page.tags if tag == "a" and attrs.get("href") == address]


@pytest.mark.parametrize("typed", NO_PLACES)
def test_what_is_no_place_is_refused_and_kept_in_the_form(as_alice, session, typed):
    before = row_of(session)

    answer = send(as_alice, f"/sessions/{session.public_id}/place/", place=typed)

    assert answer.status_code == 422
    page = read(answer)
    assert page.title.startswith("Error: ")
    fields = [attrs for tag, attrs in page.tags if attrs.get("name") == "place"]
    assert fields[0]["value"] == typed
    assert row_of(session) == before


@pytest.mark.parametrize("typed", [ROOM, MEETING, "Note: ring twice", "Practice: 2nd floor", ""])
def test_a_place_or_an_https_link_is_saved_for_the_session_alone(as_alice, session, typed):
    other = book(session.relationship, session.starts_at.replace(hour=15))

    assert send(as_alice, f"/sessions/{session.public_id}/place/", place=typed).status_code == 303

    session.refresh_from_db()
    other.refresh_from_db()
    assert (session.place, other.place) == (typed, "")


def test_a_change_of_place_has_one_entry_and_a_higher_number_for_calendars(as_alice, session):
    address = f"/sessions/{session.public_id}/place/"
    send(as_alice, address, place=ROOM)
    send(as_alice, address, place=ROOM)

    entries = Entry.objects.filter(verb="place_changed")
    assert [entry.about for entry in entries] == [f"session:{session.public_id}"]
    session.refresh_from_db()
    assert session.revision == 1


def test_a_relationship_s_place_has_one_entry_and_leaves_its_sessions(as_alice, session):
    work = session.relationship

    send(as_alice, f"/relationships/{work.public_id}/place/", place=MEETING)

    work.refresh_from_db()
    session.refresh_from_db()
    assert (work.place, session.place) == (MEETING, "")
    entry = Entry.objects.get(verb="place_changed")
    assert entry.about == f"relationship:{work.public_id}"


@pytest.mark.parametrize("what", ["sessions", "relationships"])
def test_of_two_who_change_a_place_the_second_is_asked(as_alice, session, what):
    row = session if what == "sessions" else session.relationship
    address = f"/{what}/{row.public_id}/place/"
    shown = hidden(read(as_alice.get(address)))
    type(row).objects.filter(pk=row.pk).update(place="Elsewhere")

    answer = as_alice.post(address, shown | {"place": ROOM})

    assert answer.status_code == 409
    assert "changed meanwhile to “Elsewhere”" in read(answer).text
    row.refresh_from_db()
    assert row.place == "Elsewhere"


def test_a_session_takes_place_where_its_therapist_s_usually_do(individual, contact):
    assert book(individual).place == ROOM


def test_a_relationship_s_own_place_comes_first(individual, contact):
    individual.place = MEETING
    individual.save()

    assert book(individual).place == MEETING


def test_the_form_to_add_a_session_begins_with_the_usual_place(as_alice, individual, contact):
    page = read(as_alice.get(f"/relationships/{individual.public_id}/sessions/add/"))
    assert ROOM in [attrs.get("value") for tag, attrs in page.tags if tag == "input"]

    add(as_alice, individual, place="At the park")

    assert individual.sessions.get().place == "At the park"


def test_added_without_a_place_a_session_has_none(as_alice, individual, contact):
    add(as_alice, individual, place="")

    assert individual.sessions.get().place == ""


@pytest.mark.parametrize("place", [ROOM, MEETING, "R" * 200])
def test_a_client_reads_the_place_before_booking_there(as_ann, individual, alice, place):
    individual.place = place
    individual.save()
    alice.weekly_hours.create(weekday=2, starts="09:00", ends="17:00")
    address = f"/book/{individual.public_id}/2025-11-26/1000/"
    page = read(as_ann.get(address))

    assert as_ann.post(address, hidden(page)).status_code == 303

    assert place.removeprefix("https://") in page.text
    assert individual.sessions.get().place == place


def test_where_a_place_has_changed_since_the_page_nothing_is_booked(as_ann, individual, alice):
    alice.weekly_hours.create(weekday=2, starts="09:00", ends="17:00")
    address = f"/book/{individual.public_id}/2025-11-26/1000/"
    shown = hidden(read(as_ann.get(address)))
    individual.place = ROOM
    individual.save()

    answer = as_ann.post(address, shown)

    assert answer.status_code == 409
    assert ROOM in read(answer).text
    assert not individual.sessions.exists()


def test_a_link_that_is_none_adds_no_session(as_alice, individual):
    answer = add(as_alice, individual, place="javascript:alert(1)")

    assert answer.status_code == 422
    assert "a link that begins with https://" in read(answer).text
    assert not individual.sessions.exists()


def test_both_sides_are_shown_the_place(as_alice, as_ann, session):
    session.set_place(ROOM, by=session.therapist.user)

    for browser in (as_alice, as_ann):
        assert ROOM in read(browser.get(f"/sessions/{session.public_id}/")).text
    assert ROOM in read(as_ann.get("/dashboard/")).text


def test_a_link_opens_without_a_way_back_to_this_page(as_alice, as_ann, session):
    session.set_place(MEETING, by=session.therapist.user)

    for browser in (as_alice, as_ann):
        found = links(read(browser.get(f"/sessions/{session.public_id}/")), MEETING)
        assert found
        assert {attrs.get("rel") for attrs in found} == {"noopener"}
    assert "Open the meeting" in read(as_ann.get(f"/sessions/{session.public_id}/")).text


def test_the_calendar_file_names_the_place(as_ann, session):
    def event():
        file = as_ann.get(f"/sessions/{session.public_id}/calendar.ics").content
        (found,) = Calendar.from_ical(file).walk("VEVENT")
        return found

    assert "location" not in event()
    session.set_place(ROOM, by=session.therapist.user)
    assert (str(event()["location"]), "url" in event()) == (ROOM, False)
    session.set_place(MEETING, by=session.therapist.user)
    assert (str(event()["location"]), str(event()["url"])) == (MEETING, MEETING)


def test_the_therapist_says_the_usual_place_in_their_account(as_alice, alice):
    assert send(as_alice, "/account/contact/", place="http://meet.example").status_code == 422
    assert send(as_alice, "/account/contact/", place=MEETING).status_code == 303

    assert Contact.objects.get(therapist=alice).place == MEETING
    assert links(read(as_alice.get("/account/")), MEETING)


def test_visitors_never_read_the_usual_place(client, alice, contact):
    Contact.objects.update(email="hello@alice.example")
    Profile.objects.update_or_create(
        therapist=alice, defaults={"is_published": True, "shows_contact": True}
    )

    page = client.get(f"/therapists/{alice.slug}/")

    assert "hello@alice.example" in page.content.decode()
    assert ROOM not in page.content.decode()


def test_an_erased_client_s_shared_work_has_no_place_any_more(couples, ben):
    couples.place = "At Ben’s"
    couples.save()
    couples.end(by=couples.therapist.user, reason="completed")

    erase(ben, by=couples.therapist.user)

    couples.refresh_from_db()
    assert (couples.is_closed, couples.place) == (True, "")


def test_work_that_is_closed_has_no_place_to_change(as_alice, couples, ben):
    couples.end(by=couples.therapist.user, reason="completed")
    erase(ben, by=couples.therapist.user)

    address = f"/relationships/{couples.public_id}/place/"
    assert as_alice.get(address).status_code == 404
    assert as_alice.post(address, {"place": ROOM}).status_code == 404
