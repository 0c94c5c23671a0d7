"""A session that did not take place: attended by nobody, missed by nobody, cancelled by nobody."""

import pytest
import time_machine

from practice.audit.models import Entry, Verb
from practice.diary.models import Session
from practice.profiles.figures import figures
from tests.diary import DAY, HOUR, MINUTE, NOW, book, browser_for, row_of
from tests.reading import read, sent_by


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def begun(individual) -> Session:
    """A session that began ten minutes ago."""
    return book(individual, NOW - 10 * MINUTE)


@pytest.fixture
def past(individual) -> Session:
    return book(individual, NOW - 2 * DAY)


def answer(browser, session: Session, said: str):
    place = f"/sessions/{session.public_id}/"
    form = sent_by(browser.get(place), "shown")
    return browser.post(f"{place}attendance/", form | {"attended": said})


def state_of(session: Session) -> str:
    return row_of(session)["state"]


@pytest.mark.parametrize("session", ["begun", "past"])
def test_the_therapist_says_so_with_one_press(as_alice, request, session):
    session = request.getfixturevalue(session)

    page = read(as_alice.get(answer(as_alice, session, "none").url))

    assert "Attendance noted" in page.heads
    assert "Session Details Did not take place" in page.text
    assert Session.objects.filter(state="not_held", cancelled_at=None, cancelled_by=None).exists()
    assert Entry.objects.filter(verb=Verb.ATTENDANCE_NOTED).count() == 1


def test_while_it_lasts_that_is_all_that_can_be_said(as_alice, begun):
    place = f"/sessions/{begun.public_id}/"
    values = [a.get("value") for tag, a in read(as_alice.get(place)).tags if tag == "button"]

    assert "none" in values
    assert not {"yes", "no"} & {*values}
    answer(as_alice, begun, "yes")
    assert state_of(begun) == "booked"


def test_before_it_begins_it_is_cancelled_instead(as_alice, individual):
    session = book(individual, NOW + MINUTE)

    with pytest.raises(Session.NotYet):
        session.set_not_held()

    assert "Did not take place" not in read(as_alice.get(f"/sessions/{session.public_id}/")).text
    as_alice.post(f"/sessions/{session.public_id}/attendance/", {"attended": "none"})
    assert state_of(session) == "booked"


def test_a_cancelled_one_stays_cancelled(as_alice, past, alice):
    past.cancel(by=alice.user)

    with pytest.raises(Session.AlreadyDone):
        past.set_not_held()

    assert state_of(past) == "cancelled"


def test_it_can_be_corrected_both_ways(as_alice, past):
    for said, state in [("yes", "attended"), ("none", "not_held"), ("no", "missed")]:
        assert answer(as_alice, past, said).status_code == 303
        assert state_of(past) == state


def test_its_time_is_free_again(as_alice, past, individual):
    answer(as_alice, past, "none")

    other = book(individual, past.starts_at)

    assert state_of(other) == "booked"


def test_it_does_not_come_back_to_a_time_that_is_taken(as_alice, past, individual):
    answer(as_alice, past, "none")
    book(individual, past.starts_at + 20 * MINUTE)

    refused = answer(as_alice, past, "yes")

    assert refused.status_code == 409
    assert "Nothing was noted. You have another session at that time." in read(refused).text
    assert state_of(past) == "not_held"


def test_what_another_tab_has_said_meanwhile_is_shown_first(as_alice, past):
    place = f"/sessions/{past.public_id}/"
    shown = sent_by(as_alice.get(place), "shown")
    past.set_attendance(attended=True)

    late = as_alice.post(f"{place}attendance/", shown | {"attended": "none"})

    assert late.status_code == 409
    assert state_of(past) == "attended"


def test_nobody_is_asked_about_it_any_more(as_alice, past):
    answer(as_alice, past, "none")

    assert not Session.objects.unanswered().exists()
    assert not Session.objects.held().exists()
    assert [*Session.objects.past()] == [past]


def test_the_client_reads_it_and_can_do_nothing_about_it(as_alice, begun, ann):
    answer(as_alice, begun, "none")
    browser = browser_for(ann)

    page = read(browser.get(f"/sessions/{begun.public_id}/"))

    assert "Session Details Did not take place" in page.text
    assert f"/sessions/{begun.public_id}/cancel/" not in page.addresses
    assert "Did not take place" in read(browser.get("/dashboard/sessions/")).text
    assert "Your next session" not in read(browser.get("/dashboard/")).heads


def test_a_client_cannot_say_so(ann, past):
    place = f"/sessions/{past.public_id}/attendance/"

    assert browser_for(ann).post(place, {"attended": "none"}).status_code == 403
    assert state_of(past) == "booked"


def test_calendars_take_it_away(as_alice, begun):
    answer(as_alice, begun, "none")

    file = as_alice.get(f"/sessions/{begun.public_id}/calendar.ics").content

    assert b"STATUS:CANCELLED" in file


def test_no_figure_is_moved_by_it(as_alice, alice, individual):
    """Neither as attended nor as missed, and Smooth Schedule does not take it for a cancelling."""
    for days in (20, 30, 40):
        book(individual, NOW - days * DAY).set_attendance(attended=True)
    extra = book(individual, NOW - HOUR)
    before = figures(alice, NOW)

    answer(as_alice, extra, "none")

    after = figures(alice, NOW)
    assert after.stats == before.stats
    assert [b.name for b in after.badges] == [b.name for b in before.badges]
    assert "Smooth Schedule" in [b.name for b in after.badges]
