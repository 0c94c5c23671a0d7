"""The therapist's diary: a week of sessions and free times, and what is to be answered."""

import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.diary.models import Session
from tests.conftest import browser_of
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, at, book, off, row_of, works
from tests.factories import ClientFactory, start
from tests.pressing import Browser
from tests.reading import Page, read

THIS_WEEK, NEXT_WEEK = "/diary/2025-11-17/", "/diary/2025-11-24/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def week(as_alice):
    """Open a week of Alice's diary."""

    def week(address: str = THIS_WEEK) -> Page:
        answer = as_alice.get(address)
        assert answer.status_code == 200
        return read(answer)

    return week


def sessions_on(page: Page) -> list[str]:
    return [a for a in page.addresses if a.startswith("/sessions/")]


# Which week.


def test_the_diary_opens_at_this_week(as_alice):
    answer = as_alice.get("/diary/")

    assert (answer.status_code, answer.url) == (303, THIS_WEEK)


@pytest.mark.parametrize(
    ("zone", "now", "monday"),
    [
        ("Pacific/Auckland", "2025-11-23 12:00", "2025-11-24"),
        ("Europe/London", "2025-11-23 12:00", "2025-11-17"),
        ("America/Los_Angeles", "2025-11-24 06:00", "2025-11-17"),
    ],
)
def test_this_week_is_the_therapists(alice, clock, zone, now, monday):
    works(alice, zone=zone)
    clock.move_to(at(now, "UTC"))

    assert browser_of(alice.user).get("/diary/").url == f"/diary/{monday}/"


@pytest.mark.parametrize("day", ["2025-11-18", "2025-11-20", "2025-11-23"])
def test_any_day_leads_to_its_monday(as_alice, day):
    answer = as_alice.get(f"/diary/{day}/")

    assert (answer.status_code, answer.url) == (303, THIS_WEEK)


@pytest.mark.parametrize(
    "day",
    [
        "today",
        "2025-02-30",
        "2025-13-01",
        "0000-00-00",
        "12025-11-17",
        "-2025-11-17",
        "2025-11-17T00:00",
        "0001-01-01",
        "9999-12-27",
        "9999-12-31",
        "%00",
        "²",
    ],
)
def test_what_is_no_week_is_not_found(as_alice, day):
    assert as_alice.get(f"/diary/{day}/").status_code == 404


@pytest.mark.parametrize("day", ["0001-01-08", "9999-12-20", "1582-10-11", "2300-01-01"])
@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_far_weeks_are_empty_weeks(as_alice, alice, day, zone):
    works(alice, zone=zone)

    assert "No sessions this week." in read(as_alice.get(f"/diary/{day}/", follow=True)).text


def test_the_week_names_itself_and_its_neighbours(week):
    page = week()

    assert page.title.startswith("Diary, 17 to 23 November 2025 – ")
    assert page.heads[:2] == ["Diary", "17 to 23 November 2025"]
    links = {text: address for address, text in page.links}
    assert links["Previous week"] == "/diary/2025-11-10/"
    assert links["Next week"] == NEXT_WEEK
    assert links["Today (this week)"] == "/diary/"
    assert {"previous-week", "this-week", "next-week"} <= set(page.ids)


@pytest.mark.parametrize(
    ("monday", "name"),
    [("2025-09-29", "29 September to 5 October 2025"), ("2025-12-29", "29 December 2025 to 4")],
)
def test_weeks_across_months_and_years_have_a_name(week, monday, name):
    assert week(f"/diary/{monday}/").heads[1].startswith(name)


def test_today_is_marked_in_words(week):
    heads = week().heads

    assert "Today, Thursday 20 November 2025" in heads
    assert sum("Today" in head for head in heads) == 1
    assert not any("Today" in head for head in week(NEXT_WEEK).heads)


def test_the_new_week_is_announced_to_those_who_hear_it(as_alice, individual):
    book(individual)
    book(individual, WEDNESDAY + DAY)

    swapped = read(as_alice.get(NEXT_WEEK, headers={"HX-Request": "true"}))

    assert swapped.ids["live"] == "24 to 30 November 2025, 2 sessions"
    assert read(as_alice.get(NEXT_WEEK)).ids["live"] == ""


# What is on it.


def test_sessions_and_free_times_stand_in_order_under_their_day(week, alice, individual):
    works(alice, "14:00-18:00")
    session = book(individual)

    page = week(NEXT_WEEK)

    assert wednesday_of(page) == (
        "Wednesday 26 November 2025 1 session 2pm Free 3pm Free 4pm to 4:50pm Ann Ashby 5pm Free"
    )
    assert sessions_on(page) == [f"/sessions/{session.public_id}/"]


def wednesday_of(page: Page) -> str:
    """Return what a week says of its Wednesday, without what only those hear who hear it."""
    text = page.text.partition(" Wednesday 26 ")[2].partition(" Thursday 27 ")[0]
    return "Wednesday 26 " + free(text)


def free(text: str) -> str:
    """Return a text with free times as they are seen."""
    return re.sub(
        r" to [\w:]+ Free, [^:]*?: add a session|Free, .*?: add a session",
        "Free",
        re.sub(r"(\w+) to [\w:]+ (Free, )", r"\1 \2", text),
    )


def test_a_free_time_is_a_link_to_add_a_session_then(week, alice):
    works(alice, "14:00-15:00")

    page = week(NEXT_WEEK)

    links = {text: address for address, text in page.links}
    spoken = "Free, Wednesday 26 November, 2pm: add a session"
    assert links[spoken] == "/diary/add/?day=2025-11-26&time=1400"


@pytest.mark.parametrize("day", ["Saturday", "Sunday"])
def test_the_weekend_has_a_place_only_if_there_is_a_reason(week, alice, individual, day):
    works(alice)
    number = ["Saturday", "Sunday"].index(day) + 5

    def shown() -> bool:
        return any(head.startswith(day) for head in week(NEXT_WEEK).heads)

    assert not shown()
    session = book(individual, at("2025-11-24 10:00") + number * DAY)
    assert shown()
    session.cancel(by=alice.user)
    assert shown()
    session.delete()
    assert not shown()
    works(alice, days=range(number, number + 1))
    assert shown()
    assert any(head.startswith("Friday") for head in week(NEXT_WEEK).heads)


def test_free_times_begin_when_a_client_could_still_book(week, alice):
    works(alice, "09:00-13:00")

    text = week().text

    assert "Today, Thursday 20 November 2025 No sessions. Friday" in text
    assert "Friday 21 November 2025 No sessions. 10am Free 11am Free midday Free" in free(text)


def test_no_free_times_on_days_off_or_in_past_weeks(week, alice):
    works(alice)
    off(alice, "2025-11-24", "2025-11-28", "Training")

    assert "Free" not in week(NEXT_WEEK).text
    assert "Training" not in week(NEXT_WEEK).text
    assert week(NEXT_WEEK).text.count("All day Day off") == 5
    assert "Free" not in week("/diary/2025-11-10/").text
    assert "Free" in week("/diary/2025-12-01/").text
    assert "Day off" not in week("/diary/2025-12-01/").text


def test_a_missed_session_stays_and_says_so(week, individual):
    book(individual, NOW - DAY).set_attendance(attended=False)

    assert "10am to 10:50am Ann Ashby Missed" in week().text


@pytest.mark.parametrize(("by", "name"), [("alice", "you"), ("ann", "Ann")])
def test_a_cancelled_session_stays_and_its_time_is_free(week, alice, ann, individual, by, name):
    works(alice, "16:00-16:50")
    session = book(individual)
    session.cancel(by=alice.user if by == "alice" else ann.account)

    page = week(NEXT_WEEK)

    assert sessions_on(page) == [f"/sessions/{session.public_id}/"] * 2  # the other puts it back
    assert wednesday_of(page).startswith(
        "Wednesday 26 November 2025 No sessions. 4pm to 4:50pm Ann Ashby "
        f"Cancelled by {name}, Thursday 20 November 2025 at 10am. Put back"
    )
    assert wednesday_of(page).endswith("4pm Free")
    assert "and 1 cancelled" not in page.text
    assert page.ids["live"] == ""


def test_a_cancelled_session_is_put_back_on_its_page_which_says_who_gets_a_message(
    as_alice, week, alice, individual, settings
):
    settings.SENDS_MESSAGES = True
    session = book(individual)
    session.cancel(by=alice.user)
    Session.objects.update(tell_at=None)  # the cancelling has been told

    (address,) = (to for to, words in week(NEXT_WEEK).links if words.startswith("Put back"))
    page = read(as_alice.get(address))
    assert "put back while its time is free. Ann gets a message." in page.text

    press(as_alice, page, "put-back")
    assert row_of(session)["state"] == "booked"
    assert "Cancelled" not in week(NEXT_WEEK).text


def press(browser: Browser, page: Page, action: str, **more: str):
    """Send the one form of a page whose address ends so, with the values of its fields."""
    (form,) = re.findall(
        rf'<form[^>]*action="([^"]*{action}/)"[^>]*>(.*?)</form>', page.source, re.S
    )
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[1]))
    return browser.post(form[0], fields | more)


@pytest.mark.parametrize("why", ["another has the time", "it is past"])
def test_what_cannot_be_put_back_does_not_offer_it(clock, alice, individual, couples, why):
    book(individual).cancel(by=alice.user)
    if why == "it is past":
        clock.move_to(WEDNESDAY + DAY)
    else:
        book(couples)

    text = read(browser_of(alice.user).get(NEXT_WEEK)).text

    assert "Cancelled by you" in text
    assert "Put back" not in text


def test_what_did_not_take_place_is_not_in_the_diary(week, individual, alice):
    book(individual, NOW - DAY).set_not_held(by=alice.user)

    assert sessions_on(week()) == []


def test_blocked_hours_say_what_for_and_lead_to_themselves(week, alice):
    hours = alice.dated_hours.create(
        kind="blocked", day="2025-11-26", starts="14:00", ends="16:00", note="Supervision"
    )

    page = week(NEXT_WEEK)

    assert "2pm to 4pm Supervision" in page.text
    assert f"/diary/times/{hours.public_id}/" in page.addresses


def test_the_next_session_is_marked_and_the_present_moment_stands_before_it(week, individual):
    for hours in (-2, 1, 3):
        book(individual, NOW + hours * HOUR)

    page = week()

    assert "8am to 8:50am Ann Ashby Came" in page.text
    today = page.text.partition("Today, Thursday")[2]
    assert today.index("8am to") < today.index("Now, 10am") < today.index("11am to")
    assert [attrs["class"] for tag, attrs in page.tags if attrs.get("aria-current") == "true"] == [
        "next"
    ]
    assert page.text.count("Now, 10am") == 1
    assert "Now, " not in week(NEXT_WEEK).text


def test_a_session_of_an_ended_relationship_has_a_tag_and_the_way_back(week, alice, couples):
    book(couples)
    couples.end(by=alice.user, reason="completed")

    page = week(NEXT_WEEK)

    assert (
        "4pm to 4:50pm Ann Ashby and Ben Bright Couples Relationship ended. "
        "Restart this Relationship"
    ) in page.text
    assert f"/relationships/{couples.public_id}/restart/" in page.addresses


def test_ending_a_relationship_takes_nothing_out_of_the_diary(week, alice, individual):
    session = book(individual)

    before = sessions_on(week(NEXT_WEEK))
    individual.end(by=alice.user, reason="completed")

    assert sessions_on(week(NEXT_WEEK)) == before == [f"/sessions/{session.public_id}/"]


def test_an_empty_week_leads_to_the_next_session(week, individual):
    session = book(individual)

    page = week()

    assert "No sessions this week. Next session: Wednesday 26 November, 4pm" in page.text
    assert sessions_on(page) == [f"/sessions/{session.public_id}/"]


def test_an_empty_week_with_nothing_to_come_just_says_so(week):
    text = week().text

    assert "No sessions this week." in text
    assert "Next session" not in text


def test_a_colleagues_sessions_are_not_in_the_diary(week, carl, individual):
    book(start(carl))

    page = week(NEXT_WEEK)

    assert sessions_on(page) == []
    assert "Carl" not in page.text


def test_a_client_has_no_diary(as_ann):
    for address in ("/diary/", THIS_WEEK, "/diary/availability/"):
        assert as_ann.get(address).status_code == 403


# What is to be answered.


def asked_on(page: Page) -> list[str]:
    """Return the sessions whose attendance a page asks about."""
    return re.findall(r'action="/sessions/(\w+)/attendance/"', page.source)


def test_past_sessions_without_an_answer_are_asked_about_in_their_place(
    as_alice, week, individual, couples
):
    earlier, older, newer = (
        book(work, NOW - days * DAY)
        for work, days in ((couples, 21), (couples, 2), (individual, 1))
    )
    book(individual, NOW - 3 * DAY).set_attendance(attended=True)
    book(individual)

    assert asked_on(week()) == [older.public_id, newer.public_id]
    assert asked_on(week(NEXT_WEEK)) == []
    # What waits in an earlier week is a link to it.
    assert ("/diary/2025-10-30/day/", "did they come on Thursday 30 October, 10am?") in week().links
    assert "/diary/2025-10-30/day/" in week(NEXT_WEEK).addresses
    assert asked_on(week("/diary/2025-10-30/day/")) == [earlier.public_id]
    for session in (earlier, older, newer):
        as_alice.post(
            f"/sessions/{session.public_id}/attendance/",
            {"attended": "yes", "shown": session.shown},
        )
    assert asked_on(week()) == []
    assert "did they come" not in week().text


def test_ten_attendances_take_ten_presses(as_alice, week, individual):
    sessions = [book(individual, NOW - hours * HOUR) for hours in range(2, 12)]

    for session in reversed(sessions):
        page = week()
        assert asked_on(page)[0] == session.public_id
        answer = answer_first(as_alice, page)
        assert (answer.status_code, answer.url) == (303, THIS_WEEK)

    assert {row_of(session)["state"] for session in sessions} == {"attended"}


def answer_first(browser: Browser, page: Page):
    form = page.source.partition('class="answer"')[2]
    address = re.search(r'action="([^"]*)"', form)[1]
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)[:3])
    return browser.post(address, fields | {"attended": "yes"})


def test_the_next_question_has_the_focus_and_the_last_one_a_banner(as_alice, week, individual):
    for hours in (4, 2):
        book(individual, NOW - hours * HOUR)
    assert "autofocus" not in week().source

    answer_first(as_alice, week())
    page = week()
    assert page.ids["live"] == "Attendance noted"
    assert "Attendance noted" not in page.heads
    assert page.source.count("autofocus") == 1
    assert page.source.index("8am") < page.source.index("autofocus")

    answer_first(as_alice, page)
    assert "Attendance noted" in week().heads


def test_the_question_is_asked_after_the_relationship_has_ended(week, individual, alice):
    session = book(individual, NOW - DAY)
    individual.end(by=alice.user, reason="completed")

    assert asked_on(week()) == [session.public_id]


def test_a_session_that_goes_on_is_not_asked_about(week, individual):
    book(individual, NOW - HOUR / 2)

    assert asked_on(week()) == []


def test_the_diary_asks_as_little_of_the_database_with_many_sessions(as_alice, alice):
    works(alice, "00:00-00:00", days=range(7))
    numbers = []
    for wanted in (1, 40):
        while (number := Session.objects.count()) < wanted:
            relationship = start(ClientFactory(therapist=alice))
            book(relationship, at("2025-11-24 00:00") + number * HOUR)
            if number % 2:
                relationship.end(by=alice.user, reason="completed")
        with CaptureQueriesContext(connection) as captured:
            assert as_alice.get(NEXT_WEEK).status_code == 200
        numbers.append(len(captured))

    assert numbers[0] == numbers[1]


# Weeks in which the clocks change.


@pytest.mark.parametrize(
    ("monday", "readings"),
    [
        ("2026-03-23", ["2026-03-23 00:00", "2026-03-29 00:30", "2026-03-29 23:00"]),
        ("2026-10-19", ["2026-10-19 00:00", "2026-10-25 00:30", "2026-10-25 23:00"]),
    ],
)
def test_a_week_with_a_change_of_clocks_is_whole(week, individual, monday, readings):
    inside = [book(individual, at(reading)) for reading in readings]
    before = book(individual, at(readings[0]) - HOUR)
    after = book(individual, at(readings[-1]) + HOUR)

    listed = sessions_on(week(f"/diary/{monday}/"))

    assert listed == [f"/sessions/{session.public_id}/" for session in inside]
    assert not {f"/sessions/{s.public_id}/" for s in (before, after)} & set(listed)
    assert row_of(before)["state"] == "booked"


def test_free_times_keep_their_hour_through_the_change(alice, clock):
    works(alice, "09:00-10:00", days=range(7))
    clock.move_to(at("2026-03-20 10:00"))
    browser = browser_of(alice.user)

    for monday in ("2026-03-23", "2026-03-30"):
        text = free(read(browser.get(f"/diary/{monday}/")).text)
        assert text.count("9am Free") == 7
        assert text.count("Free") == 7


def test_hours_that_come_twice_stand_twice(alice, clock):
    works(alice, "01:00-02:00", days=range(7))
    clock.move_to(at("2026-10-16 10:00"))

    page = read(browser_of(alice.user).get("/diary/2026-10-19/"))

    text = page.text.partition("Sunday 25 October 2026")[2]
    first, second = (f"1am, {half} the clocks go back: add" for half in ("before", "after"))
    assert 0 < text.index(first) < text.index(second)


# What was cancelled.


@pytest.mark.parametrize(("by", "words"), [("alice", "by you"), ("ann", "by Ann")])
def test_a_cancelled_session_stays_and_can_be_put_back(as_alice, alice, ann, individual, by, words):
    session = book(individual, at("2025-11-26 16:00"))
    session.cancel(by={"alice": alice.user, "ann": ann.account}[by])

    answer = as_alice.get(NEXT_WEEK)

    page = read(answer)
    assert f"Ann Ashby Cancelled {words}, Thursday 20 November 2025 at 10am" in page.text
    assert "No sessions this week." in page.text  # none that stands
    (offered,) = (to for to, words in page.links if words.startswith("Put back Ann Ashby, "))
    assert offered == f"/sessions/{session.public_id}/"


def test_a_cancelled_session_whose_time_is_taken_is_not_offered(
    as_alice, alice, individual, couples
):
    session = book(individual, at("2025-11-26 16:00"))
    session.cancel(by=alice.user)
    book(couples, at("2025-11-26 16:30"))

    answer = as_alice.get(NEXT_WEEK)

    assert "Cancelled by you" in read(answer).text
    assert "Put back" not in read(answer).text
