"""A session is added at one of the therapist's free times, or at any other time."""

from datetime import date

import pytest
import time_machine

from practice.diary.free_week import FreeWeek
from practice.diary.models import Session
from tests.diary import DAY, FIFTY, HOUR, NOW, at, book, off, works
from tests.factories import ClientFactory, reads_in, start
from tests.pressing import hidden
from tests.reading import read

TUESDAY = at("2025-11-25 10:00")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def working(alice):
    return works(alice, "09:00-12:00")


@pytest.fixture
def address(individual) -> str:
    return f"/relationships/{individual.public_id}/sessions/add/"


def chosen(page) -> list[str]:
    radios = [a for t, a in page.tags if t == "input" and a.get("name") == "slot"]
    return [a["value"] for a in radios if "checked" in a]


def is_open(page) -> bool:
    return next("open" in a for t, a in page.tags if t == "details")


def send(browser, address, **typed: str):
    page = hidden(read(browser.get(address)))
    return browser.post(address, page | {"minutes": "50", "every": "0"} | typed)


def slots(free: FreeWeek) -> list:
    return [time.starts_at for _, times in free.days for time in times]


def test_this_week_is_offered_without_notice_and_without_what_is_over(working, individual):
    free = FreeWeek.of(working, None)

    assert free.week[0] == date(2025, 11, 17)
    assert slots(free) == [
        at(f"2025-11-{day}") for day in ("20 10:00", "20 11:00", "21 09:00", "21 10:00", "21 11:00")
    ]
    assert [day.weekday() for day, _ in free.days] == [0, 1, 2, 3, 4]


def test_where_this_week_has_none_the_first_that_has_is_offered(working):
    off(working, "2025-11-20", "2025-11-30")

    assert FreeWeek.of(working, None).week[0] == date(2025, 12, 1)


@pytest.mark.parametrize("asked", ["2025-11-26", "2026-06-10", "2027-11-10"])
def test_any_week_of_two_years_can_be_asked_for(working, asked):
    day = date.fromisoformat(asked)

    assert {slot.date() for slot in slots(FreeWeek.of(working, day))} >= {day}
    assert len(slots(FreeWeek.of(working, day))) == 15


@pytest.mark.parametrize("asked", ["2025-11-10", "0001-01-01", "9999-12-31"])
def test_a_week_that_is_over_or_out_of_reach_breaks_nothing(working, asked):
    free = FreeWeek.of(working, date.fromisoformat(asked))

    assert free.previous < free.following
    assert all(slot >= NOW for slot in slots(free))


def test_what_is_taken_or_off_is_not_offered_and_a_weekend_if_it_is_worked(alice, individual):
    works(alice, "10:00-11:00", days=range(6))
    book(individual, TUESDAY)
    off(alice, "2025-11-26", "2025-11-27")

    free = FreeWeek.of(alice, date(2025, 11, 24))

    assert [len(times) for _, times in free.days] == [1, 0, 0, 0, 1, 1]


def test_a_therapist_without_hours_types_the_time(as_alice, address):
    page = read(as_alice.get(address))

    assert "No free times this week." in page.text
    assert is_open(page)


def test_a_session_is_booked_at_a_free_time_by_one_press_more(
    as_alice, individual, address, working
):
    page = read(as_alice.get(address))
    assert not is_open(page)
    assert chosen(page) == []
    assert "Thursday 20 November, 10am" in page.text

    answer = send(as_alice, address, slot=TUESDAY.isoformat())

    assert answer.status_code == 303
    assert individual.sessions.get().starts_at == TUESDAY


def test_a_link_of_the_diary_chooses_the_free_time(as_alice, address, working):
    page = read(as_alice.get(f"{address}?day=2025-11-25&time=1000"))

    assert chosen(page) == [TUESDAY.isoformat()]
    assert not is_open(page)
    assert page.value_of("day") in (None, "")


def test_a_link_to_a_time_that_is_not_free_fills_in_the_other(as_alice, address, working):
    page = read(as_alice.get(f"{address}?day=2025-11-25&time=1530"))

    assert chosen(page) == ["other"]
    assert is_open(page)
    assert (page.value_of("day"), page.value_of("time")) == ("2025-11-25", "15:30")
    assert "24 to 30 November 2025" in page.text


def test_a_link_to_a_day_shows_its_week_and_chooses_nothing(as_alice, address, working):
    page = read(as_alice.get(f"{address}?day=2025-12-02"))

    assert "1 to 7 December 2025" in page.text
    assert chosen(page) == []
    assert not is_open(page)


@pytest.mark.parametrize("number", [None, "3"])
def test_a_free_time_is_meant_where_a_link_had_filled_in_another(
    as_alice, individual, address, working, number
):
    page = hidden(read(as_alice.get(f"{address}?day=2025-11-25&time=1530")))
    filled_in = {"day": "2025-11-25", "time": "15:30", "minutes": "50"}
    repeated = {"every": "1", "number": number} if number else {"every": "0"}

    answer = as_alice.post(address, page | filled_in | repeated | {"slot": TUESDAY.isoformat()})

    if number:
        assert read(answer).title.startswith("Check the dates")
        answer = as_alice.post(address, hidden(read(answer)))
    assert answer.status_code == 303
    assert individual.sessions.earliest("starts_at").starts_at == TUESDAY


@pytest.mark.parametrize("typed", [{}, {"slot": ""}, {"slot": "other"}])
def test_another_time_is_typed(as_alice, individual, address, working, typed):
    send(as_alice, address, day="2025-11-25", time="19:30", **typed)

    assert individual.sessions.get().starts_at == at("2025-11-25 19:30")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Enter the date"),
        ({"slot": "other"}, "Enter the time"),
        ({"slot": "soon"}, "Choose a time"),
        ({"slot": "9999-12-31T23:59:59-14:00"}, "Choose a time"),
        ({"slot": "2060-01-01T10:00:00+00:00"}, "within the last ten years or the next two"),
        ({"slot": "x" * 5000}, "Choose a time"),
        (
            {"slot": TUESDAY.isoformat(), "day": "2025-11-26", "time": "15:00"},
            "You have chosen Tuesday 25 November, 10am above, too.",
        ),
        ({"slot": TUESDAY.isoformat(), "came": "yes"}, "has not taken place yet"),
        ({"slot": TUESDAY.isoformat(), "place": "javascript:alert(1)"}, "begins with https://"),
        ({"slot": TUESDAY.isoformat(), "minutes": "5000"}, "A session lasts"),
        ({"slot": TUESDAY.isoformat(), "every": "1"}, "Enter how many sessions"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_kept(
    as_alice, individual, address, working, typed, said
):
    answer = send(as_alice, address, **typed)

    assert answer.status_code == 422
    page = read(answer)
    assert said in page.text
    assert not individual.sessions.exists()
    if typed.get("slot") == TUESDAY.isoformat():
        assert chosen(page) == [TUESDAY.isoformat()]
    values = {a.get("value") for tag, a in page.tags if tag == "input"}
    assert {value for name, value in typed.items() if name != "slot"} <= values


def test_a_free_time_taken_since_is_not_booked_and_gone(
    as_alice, alice, individual, address, working
):
    shown = hidden(read(as_alice.get(address)))
    book(start(ClientFactory(therapist=alice)), TUESDAY)

    answer = as_alice.post(
        address, shown | {"minutes": "50", "every": "0", "slot": TUESDAY.isoformat()}
    )

    assert answer.status_code == 422
    page = read(answer)
    assert "You have another session at that time" in page.text
    assert "Tuesday 25 November, 10am is chosen" in page.text
    assert not individual.sessions.exists()


def test_the_next_week_carries_what_was_chosen_and_typed(as_alice, individual, address, working):
    answer = send(
        as_alice, address, slot=TUESDAY.isoformat(), place="Room 9", every="1", week="2025-12-01"
    )

    assert answer.status_code == 200
    page = read(answer)
    assert "1 to 7 December 2025" in page.text
    assert "There is a problem" not in page.text
    assert chosen(page) == [TUESDAY.isoformat()]
    assert "Tuesday 25 November, 10am is chosen" in page.text
    assert page.value_of("place") == "Room 9"
    assert not individual.sessions.exists()


@pytest.mark.parametrize("week", ["never", "9999-12-31", ""])
def test_a_week_that_is_none_shows_one_that_is(as_alice, address, working, week):
    assert send(as_alice, address, week=week).status_code == 200


def test_a_series_begins_at_a_free_time(as_alice, individual, address, working):
    page = send(as_alice, address, slot=TUESDAY.isoformat(), every="1", number="3")
    assert read(page).title.startswith("Check the dates")

    as_alice.post(address, hidden(read(page)))

    assert [s.starts_at for s in individual.sessions.order_by("starts_at")] == [
        TUESDAY + n * 7 * DAY for n in range(3)
    ]


def test_the_free_times_are_on_the_therapist_s_clock(as_alice, alice, individual, address, working):
    reads_in(alice.user, "America/New_York")

    page = read(as_alice.get(f"{address}?day=2025-11-25&time=0900"))

    assert "(New York time)" in page.text
    assert chosen(page) == [at("2025-11-25 09:00", "America/New_York").isoformat()]


def test_a_time_that_comes_twice_is_the_one_that_was_chosen(as_alice, alice, individual, address):
    works(alice, "01:00-04:00", days=range(7), session_minutes=50, furthest_weeks=26)
    with time_machine.travel(at("2026-10-24 12:00"), tick=False):
        browser = as_alice
        browser.force_login(alice.user)
        free = slots(FreeWeek.of(alice, date(2026, 10, 25)))
        second = [s for s in free if s.hour == 1 and s.day == 25]
        send(browser, address, slot=second[0].isoformat())

        assert individual.sessions.get().starts_at == second[0]


def test_a_session_over_a_free_time_that_lasts_longer_is_refused_where_it_clashes(
    as_alice, alice, individual, address, working
):
    book(start(ClientFactory(therapist=alice)), TUESDAY + HOUR)

    assert send(as_alice, address, slot=TUESDAY.isoformat(), minutes="80").status_code == 422
    assert send(as_alice, address, slot=TUESDAY.isoformat()).status_code == 303
    assert Session.objects.get(starts_at=TUESDAY).length == FIFTY
