"""Pages on which a day without its year, or a time without its half, would tell too little."""

import re
from datetime import UTC, datetime

import pytest
import time_machine

from tests.conftest import browser_of
from tests.diary import NOW, at, book, browser_for, works
from tests.factories import ClientFactory, start
from tests.reading import read
from tests.records.archives import opened

AFTER, BEFORE = "after the clocks go back", "before the clocks go back"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def test_an_attendance_question_of_years_ago_names_the_year(as_alice, individual):
    book(individual, at("2019-11-20 16:00"))

    week = read(as_alice.get("/diary/2025-11-17/"))
    question = "did they come on Wednesday 20 November 2019, 4pm?"
    assert ("/diary/2019-11-20/day/", question) in week.links
    page = read(as_alice.get("/diary/2019-11-20/day/"))
    assert "Came Ann Ashby, Wednesday 20 November 2019, 4pm" in page.text


def test_the_next_session_in_the_list_names_the_year_when_it_is_far(as_alice, individual, ben):
    book(individual, at("2026-11-20 16:00"))
    book(start(ben), at("2025-11-26 16:00"))

    page = read(as_alice.get("/clients/"))

    assert "Friday 20 November 2026, 4pm" in page.text
    assert "Wednesday 26 November, 4pm" in page.text


def test_the_next_session_of_an_empty_week_names_the_year_when_it_is_far(as_alice, individual):
    book(individual, at("2026-11-20 16:00"))

    page = read(as_alice.get("/diary/2025-11-17/"))

    assert "Next session: Friday 20 November 2026, 4pm" in page.text


def test_a_notice_names_the_year_when_it_is_far(as_alice, individual, alice):
    book(individual, at("2026-11-20 16:00"))
    individual.end(by=alice.user, reason="completed")

    assert "session booked for Friday 20 November 2026, 4pm" in read(as_alice.get("/clients/")).text


# The night on which the clocks go back: 25 October 2026, 2am to 1am.


@pytest.mark.parametrize(
    ("start_at", "words"),
    [
        (datetime(2026, 10, 25, 0, 0, tzinfo=UTC), f"1am to 1:50am, {BEFORE}"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), f"1:30am to 1:20am, {AFTER}"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), f"1:30am to 2:20am, {AFTER}"),
    ],
)
def test_a_session_in_the_night_of_the_change_says_which(
    as_alice, as_ann, individual, start_at, words
):
    session = book(individual, start_at)
    details = f"/sessions/{session.public_id}/"

    for browser in (as_alice, as_ann):
        for address in (details, f"{details}cancel/"):
            assert f"Sunday 25 October 2026, {words}" in read(browser.get(address)).text
    assert words in read(as_alice.get("/diary/2026-10-19/")).text
    assert words in read(as_ann.get("/dashboard/")).text


def test_past_sessions_say_which_too(as_ann, individual, clock):
    book(individual, datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    clock.move_to(datetime(2026, 10, 26, 12, tzinfo=UTC))

    page = read(browser_for(individual.people[0]).get("/dashboard/sessions/"))

    assert page.cells[4] == "Sunday 25 October 2026, Session Details"
    assert page.cells[5].startswith("1:30am to 1:20am, after the clocks went back")


def test_what_is_booked_says_which_before_and_after(alice, clock):
    works(alice, "01:00-02:00", days=range(7))
    guest = ClientFactory(therapist=alice)
    clock.move_to(datetime(2026, 10, 20, 12, tzinfo=UTC))
    browser, relationship = browser_for(guest), start(guest)
    address = f"/book/{relationship.public_id}/2026-10-25/0100/?second=1"

    check = read(browser.get(address))
    booked = read(browser.post(address, follow=True))

    assert f"Sunday 25 October 2026, 1am to 1:50am, {AFTER}" in check.text
    assert (
        f"Sunday 25 October 2026, 1am to 1:50am, {AFTER} (London time), with Alice" in booked.text
    )


def test_the_free_times_of_the_diary_say_which(alice, clock):
    works(alice, "01:00-02:00", days=range(7))
    clock.move_to(datetime(2026, 10, 20, 12, tzinfo=UTC))

    page = read(browser_of(alice.user).get("/diary/2026-10-19/"))

    assert f"1am, {BEFORE}: add a session" in page.text
    assert f"1am, {AFTER}: add a session" in page.text


def test_an_archive_says_which(as_alice, individual, ann):
    book(individual, datetime(2025, 10, 26, 0, 30, tzinfo=UTC))

    files = opened(as_alice.post(f"/clients/{ann.public_id}/export/"))

    text = " ".join(re.sub("<[^>]+>", "", files["index.html"]).split())
    assert "1:30am to 1:20am, after the clocks went back: Booked" in text
