"""One day of the diary, a month with counts, and choosing for whom a session is added."""

import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conftest import browser_of
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, at, book, off, works
from tests.factories import ClientFactory, start
from tests.reading import Page, read

WEDNESDAYS, NOVEMBER = "/diary/2025-11-26/day/", "/diary/2025-11-01/month/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def look(as_alice):
    def look(address: str) -> Page:
        answer = as_alice.get(address)
        assert answer.status_code == 200
        return read(answer)

    return look


# A day.


def test_a_day_has_its_sessions_and_what_can_be_done_with_its_free_times(look, alice, individual):
    works(alice, "15:00-18:00")
    session = book(individual)

    page = look(WEDNESDAYS)

    assert page.title.startswith("Diary, 26 November 2025 – ")
    assert page.heads[:2] == ["Diary", "Wednesday 26 November 2025"]
    assert (
        "3pm to 3:50pm Free Add a session at 3pm Block this time, 3pm "
        "4pm to 4:50pm Ann Ashby "
        "5pm to 5:50pm Free Add a session at 5pm Block this time, 5pm "
        "From 6pm Outside your hours Open a time"
    ) in page.text
    assert f"/sessions/{session.public_id}/" in page.addresses
    links = {text: address for address, text in page.links}
    assert links["Add a session at 3pm"] == "/diary/add/?day=2025-11-26&time=1500"
    assert links["Block this time, 5pm"] == "/diary/block/?day=2025-11-26&time=1700"
    assert links["Open a time"] == "/diary/open/?day=2025-11-26&time=1800"


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        ([], "All day Outside your hours Open a time"),
        (["09:00-13:00", "14:00-18:30"], "From 6:30pm Outside your hours Open a time"),
        (["09:00-00:00"], None),
    ],
)
def test_a_time_is_opened_outside_the_hours_of_the_day(look, alice, hours, said):
    if hours:
        works(alice, *hours)

    text = look(WEDNESDAYS).text

    assert (said in text) if said else ("Open a time" not in text)


@pytest.mark.parametrize(("way", "ends"), [("block", "17:50"), ("open", "18:50")])
def test_what_a_day_leads_to_is_filled_in(as_alice, look, alice, way, ends):
    works(alice, "17:00-18:00")
    (address,) = (a for a in look(WEDNESDAYS).addresses if f"/{way}/" in a)

    page = look(address)

    assert [page.value_of(name) for name in ("day", "starts", "ends")] == [
        "2025-11-26",
        {"17:50": "17:00", "18:50": "18:00"}[ends],
        ends,
    ]


def test_a_day_leads_to_its_neighbours_its_week_its_month_and_to_today(look):
    links = {text: address for address, text in look(WEDNESDAYS).links}

    assert links["Previous day"] == "/diary/2025-11-25/day/"
    assert links["Next day"] == "/diary/2025-11-27/day/"
    assert links["Today (this day)"] == "/diary/2025-11-20/day/"
    assert links["Week"] == "/diary/2025-11-26/"
    assert links["Month"] == "/diary/2025-11-26/month/"


def test_a_day_says_how_many_sessions_those_of_its_week_have(look, individual, couples, alice):
    book(individual)
    book(couples, WEDNESDAY + HOUR)
    book(individual, WEDNESDAY + DAY).cancel(by=alice.user)

    links = look(WEDNESDAYS).links

    assert (WEDNESDAYS, "WWednesday 26, 2 sessions") in links
    assert ("/diary/2025-11-27/day/", "TThursday 27, no sessions") in links


def test_a_day_says_where_and_the_next_meeting_is_one_press_away(look, individual):
    for hours, place in ((1, "https://meet.example/alice"), (2, "Room 2")):
        session = book(individual, NOW + hours * HOUR)
        session.set_place(place, by=session.booked_by)

    page = look("/diary/2025-11-20/day/")

    assert "11am to 11:50am Ann Ashby Online Next Open the meeting Session Details" in page.text
    assert "midday to 12:50pm Ann Ashby Room 2" in page.text
    assert ("https://meet.example/alice", "Open the meeting") in page.links
    assert page.text.count("Open the meeting") == 1


def test_a_day_off_and_a_day_without_anything_say_so(look, alice):
    assert "No sessions." in look(WEDNESDAYS).text
    off(alice, "2025-11-26", "2025-11-26", "Training")

    text = look(WEDNESDAYS).text

    assert "All day Day off" in text
    assert "Training" not in text
    assert "Open a time" not in text


def test_a_past_day_offers_nothing(look, alice, individual):
    works(alice)
    book(individual, NOW - DAY).set_attendance(attended=True)

    text = look("/diary/2025-11-19/day/").text

    assert "10am to 10:50am Ann Ashby Came" in text
    assert "Free" not in text
    assert "Open a time" not in text


@pytest.mark.parametrize("what", ["day", "month"])
@pytest.mark.parametrize(
    "day", ["today", "2025-02-30", "0001-01-01", "9999-12-31", "²", "-2025-11-17", "%00"]
)
def test_what_is_no_day_is_not_found(as_alice, what, day):
    assert as_alice.get(f"/diary/{day}/{what}/").status_code == 404


def test_a_day_written_otherwise_leads_to_its_address(as_alice):
    answer = as_alice.get("/diary/20251126/day/")

    assert (answer.status_code, answer.url) == (303, WEDNESDAYS)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize("day", ["0001-02-01", "9999-11-30", "1582-10-11"])
def test_far_days_are_empty_days(alice, zone, day):
    works(alice, zone=zone)
    browser = browser_of(alice.user)

    assert browser.get(f"/diary/{day}/day/").status_code == 200
    assert browser.get(f"/diary/{day}/month/", follow=True).status_code == 200


def test_a_colleagues_sessions_are_on_no_day(look, carl):
    book(start(carl))

    assert "Carl" not in look(WEDNESDAYS).text
    assert ("/diary/2025-11-26/day/", "26 November, no sessions") in look(NOVEMBER).links


def test_a_client_has_no_day_no_month_and_nobody_to_add(as_ann):
    for address in (WEDNESDAYS, NOVEMBER, "/diary/add/"):
        assert as_ann.get(address).status_code == 403


# A month.


def test_a_month_counts_what_stands_and_leads_to_each_day(look, alice, individual, couples):
    book(individual)
    book(couples, WEDNESDAY + HOUR)
    book(individual, WEDNESDAY + DAY).cancel(by=alice.user)

    page = look(NOVEMBER)

    assert page.heads[:2] == ["Diary", "November 2025"]
    links = dict(page.links)
    assert links[WEDNESDAYS] == "26 November, 2 sessions"
    assert links["/diary/2025-11-27/day/"] == "27 November, no sessions"
    assert links["/diary/2025-10-27/day/"] == "27 October, no sessions"
    assert "2 sessions in November." in page.text
    assert {"/diary/2025-10-01/month/", "/diary/2025-12-01/month/"} <= {*page.addresses}


def test_any_day_leads_to_the_month_it_is_in(as_alice):
    answer = as_alice.get("/diary/2025-11-20/month/")

    assert (answer.status_code, answer.url) == (303, NOVEMBER)


def test_a_session_is_counted_on_the_day_of_the_therapists_clock(alice, individual):
    works(alice, zone="Pacific/Auckland")
    book(individual, at("2025-11-27 00:30", "Pacific/Auckland"))

    links = read(browser_of(alice.user).get(NOVEMBER)).links

    assert ("/diary/2025-11-27/day/", "27 November, 1 session") in links


# However much there is.


@pytest.mark.parametrize("address", [WEDNESDAYS, NOVEMBER, "/diary/add/"])
def test_as_little_is_asked_of_the_database_with_much(as_alice, alice, address):
    works(alice, "00:00-00:00", days=range(7))
    numbers = []
    for wanted in (1, 20):
        while (number := alice.sessions.count()) < wanted:
            session = book(
                start(ClientFactory(therapist=alice)), at("2025-11-26 00:00") + number * HOUR
            )
            if number % 3 == 1:
                session.cancel(by=alice.user)
        with CaptureQueriesContext(connection) as captured:
            assert as_alice.get(address).status_code == 200
        numbers.append(len(captured))

    assert numbers[0] == numbers[1]


# For whom a session is added.


def test_a_session_is_added_for_whom_one_chooses_when_one_chose(look, alice, individual, couples):
    page = look("/diary/add/?day=2025-11-26&time=1600")

    assert "Wednesday 26 November 2025, 4pm (London time). Whom is it with?" in page.text
    links = [(a, text) for a, text in page.links if "/sessions/add/" in a]
    assert [text for _, text in links] == ["Ann Ashby", "Ann Ashby and Ben Bright"]
    form = look(links[0][0])
    assert (form.value_of("day"), form.value_of("time")) == ("2025-11-26", "16:00")


def test_only_active_relationships_are_offered(look, alice, individual):
    individual.end(by=alice.user, reason="completed")

    page = look("/diary/add/")

    assert "You have no active relationships." in page.text
    assert not [a for a in page.addresses if "/sessions/add/" in a]


@pytest.mark.parametrize(
    "query", ["day=x", "time=9999", "day=2025-11-26", "time=1600", "day=²", "day=&time=", ""]
)
def test_what_an_address_says_wrong_is_left_out(look, individual, query):
    page = look(f"/diary/add/?{query}")

    (address,) = (a for a in page.addresses if "/sessions/add/" in a)
    right = query if re.fullmatch(r"day=2025-11-26|time=1600", query) else ""
    assert address.partition("?")[2] == right
    assert look(address).heads[0] == "Add a session"


def test_many_are_offered_page_by_page_with_the_time_kept(look, alice):
    for _ in range(51):
        start(ClientFactory(therapist=alice))

    page = look("/diary/add/?day=2025-11-26&time=1600")

    assert len([a for a in page.addresses if "/sessions/add/" in a]) == 50
    assert "?day=2025-11-26&time=1600&page=2" in page.addresses
    rest = look("/diary/add/?day=2025-11-26&time=1600&page=2").addresses
    assert len([a for a in rest if "/sessions/add/?day=2025-11-26&time=1600" in a]) == 1
