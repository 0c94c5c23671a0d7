"""Sessions that repeat: checked date by date, booked all or none, cancelled one or several."""

import re
from datetime import date, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from practice.audit.models import Entry
from practice.booking.models import TimeOff
from practice.diary.models import Session
from tests.diary import DAY, FIFTY, HOUR, NOW, at, book, works
from tests.factories import ClientFactory, reads_in, start
from tests.pressing import hidden
from tests.reading import read

FIRST = date(2026, 3, 3)  # a Tuesday; the clocks go forward on Sunday 29 March
TYPED = {"day": FIRST.isoformat(), "time": "10:00", "minutes": "50", "every": "1"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def address_of(relationship) -> str:
    return f"/relationships/{relationship.public_id}/sessions/add/"


def check(browser, relationship, **typed: str):
    """Fill in the form to add a session, and send it: the page of the dates comes."""
    address = address_of(relationship)
    return browser.post(address, hidden(read(browser.get(address))) | TYPED | typed)


def confirm(browser, relationship, checked, **answers: str):
    """Send the page of the dates, with these answers."""
    return browser.post(address_of(relationship), hidden(read(checked)) | answers)


def starts_of(relationship) -> list:
    return [s.starts_at for s in relationship.sessions.order_by("starts_at")]


@pytest.fixture
def series(individual, alice) -> list[Session]:
    """Five Tuesdays of one series."""
    return Session.book_series(
        individual,
        starts=[at("2026-03-03 10:00") + n * 7 * DAY for n in range(5)],
        length=FIFTY,
        by=alice.user,
        series=uuid4(),
    )


def test_twelve_weeks_over_a_clock_change_stay_at_ten(as_alice, individual):
    page = check(as_alice, individual, number="12")

    assert page.status_code == 200
    assert not individual.sessions.exists()
    text = read(page).text
    assert "Nothing is booked yet" in text
    assert "The clocks go forward on Sunday 29 March 2026. It stays 10am in London." in text

    assert confirm(as_alice, individual, page).status_code == 303

    expected = [at(f"{FIRST + n * timedelta(weeks=1)} 10:00") for n in range(12)]
    assert starts_of(individual) == expected
    assert expected[4] - expected[3] == 7 * DAY - HOUR
    assert individual.sessions.values("series").distinct().count() == 1
    assert Entry.objects.filter(verb="session_booked").count() == 12


def test_the_clock_is_the_therapist_s(as_alice, alice, individual):
    reads_in(alice.user, "America/New_York")

    confirm(as_alice, individual, check(as_alice, individual, number="2"))

    assert starts_of(individual) == [
        at("2026-03-03 10:00", "America/New_York"),
        at("2026-03-10 10:00", "America/New_York"),
    ]


@pytest.mark.parametrize(
    ("typed", "days"),
    [
        ({"every": "2", "number": "3"}, [0, 14, 28]),
        ({"every": "4", "number": "2"}, [0, 28]),
        ({"every": "1", "until": "2026-03-17"}, [0, 7, 14]),
        ({"every": "1", "until": "2026-03-16"}, [0, 7]),
    ],
)
def test_it_repeats_as_it_was_said(as_alice, individual, typed, days):
    confirm(as_alice, individual, check(as_alice, individual, **typed))

    expected = [at(f"{FIRST + timedelta(days=n)} 10:00") for n in days]
    assert starts_of(individual) == expected


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"number": "500"}, "A series has 52 sessions or fewer"),
        ({"number": "1"}, "A series has 2 sessions or more"),
        ({"number": "some"}, "Enter how many sessions, as a number"),
        ({}, "Enter how many sessions, or until which date"),
        ({"number": "3", "until": "2026-03-17"}, "Enter how many sessions or until when, not both"),
        ({"until": "2026-03-02"}, "The last date must not be before the first"),
        ({"until": "2027-06-01"}, "A series has 52 sessions or fewer"),
        ({"until": "9999-12-31"}, "A series has 52 sessions or fewer"),
        ({"every": "4", "number": "52"}, "choose dates within the next two years"),
        ({"every": "3", "number": "2"}, "Choose how often it repeats"),
        ({"number": "3", "place": "javascript:alert(1)"}, "begins with https://"),
        ({"number": "3", "day": "9999-12-30"}, "within the last ten years or the next two"),
        ({"number": "3", "day": "2026-03-29", "time": "01:30"}, "That time does not exist"),
        ({"number": "3", "came": "yes"}, "leave this open"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_kept(as_alice, individual, typed, said):
    answer = check(as_alice, individual, **typed)

    assert answer.status_code == 422
    page = read(answer)
    assert said in page.text
    assert "Add a session" in page.title
    values = [attrs.get("value") for tag, attrs in page.tags if tag == "input"]
    assert all(value in values for name, value in typed.items() if name != "every")
    assert not individual.sessions.exists()


def test_a_clash_in_the_middle_is_said_and_left_out(as_alice, alice, individual):
    other = start(ClientFactory(therapist=alice, name="Vikram Menon"))
    book(other, at("2026-03-10 10:30"))

    page = check(as_alice, individual, number="3")

    assert "Vikram Menon: booked at 10:30am" in read(page).text
    assert "Book it all the same" not in read(page).text
    confirm(as_alice, individual, page, **{"2026-03-10-do": "skip"})
    assert starts_of(individual) == [at("2026-03-03 10:00"), at("2026-03-17 10:00")]


def test_a_clash_is_given_another_time(as_alice, alice, individual):
    book(start(ClientFactory(therapist=alice)), at("2026-03-10 10:30"))
    page = check(as_alice, individual, number="3")
    moved = {"2026-03-10-do": "move", "2026-03-10-day": "2026-03-11", "2026-03-10-time": "16:00"}

    assert confirm(as_alice, individual, page, **moved).status_code == 303

    assert starts_of(individual)[1] == at("2026-03-11 16:00")


@pytest.mark.parametrize(
    "answer",
    [
        {"do": "move", "day": "2026-03-10", "time": "10:30"},  # taken
        {"do": "move", "day": "2026-03-17", "time": "09:30"},  # by the series itself
        {"do": "move", "day": "2026-03-10", "time": ""},
        {"do": "move", "day": "nonsense", "time": "10:30"},
        {"do": "move", "day": "2026-03-29", "time": "01:30"},  # which the clock skips
        {"do": "keep"},
        {"do": ""},
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_nothing_is_booked(
    as_alice, alice, individual, answer
):
    book(start(ClientFactory(therapist=alice)), at("2026-03-10 10:30"))
    page = check(as_alice, individual, number="3")
    answers = {f"2026-03-10-{name}": value for name, value in answer.items()}

    refused = confirm(as_alice, individual, page, **answers)

    assert refused.status_code == 422
    assert read(refused).title.startswith("Error: Check the dates")
    assert not individual.sessions.exists()


def test_without_any_answer_nothing_is_booked(as_alice, alice, individual):
    book(start(ClientFactory(therapist=alice)), at("2026-03-10 10:30"))
    shown = hidden(read(check(as_alice, individual, number="3")))
    shown = {name: value for name, value in shown.items() if not name.startswith("2026-")}

    assert as_alice.post(address_of(individual), shown).status_code == 422
    assert not individual.sessions.exists()


def test_where_every_date_is_left_out_nothing_is_booked(as_alice, alice, individual):
    TimeOff.objects.create(therapist=alice, first_day=FIRST, last_day=FIRST + 30 * DAY)
    page = check(as_alice, individual, number="2")

    answer = confirm(
        as_alice, individual, page, **{"2026-03-03-do": "skip", "2026-03-10-do": "skip"}
    )

    assert answer.status_code == 422
    assert "Every date is left out" in read(answer).text
    assert not individual.sessions.exists()


@pytest.mark.parametrize("kind", ["day off", "blocked"])
def test_a_day_off_is_said_and_can_be_booked_all_the_same(as_alice, alice, individual, kind):
    day = FIRST + 7 * DAY
    if kind == "day off":
        TimeOff.objects.create(therapist=alice, first_day=day, last_day=day)
    else:
        alice.dated_hours.create(kind="blocked", day=day, starts="10:30", ends="12:00")
    page = check(as_alice, individual, number="3")
    assert {"day off": "You have this day off", "blocked": "You have blocked this time"}[
        kind
    ] in read(page).text

    confirm(as_alice, individual, page, **{"2026-03-10-do": "keep"})

    assert len(starts_of(individual)) == 3


def test_a_time_that_the_clock_skips_is_said(as_alice, individual):
    page = check(as_alice, individual, day="2026-03-22", time="01:30", number="2")

    assert "The clocks go forward: there is no 1:30am" in read(page).text
    confirm(as_alice, individual, page, **{"2026-03-29-do": "skip"})
    assert starts_of(individual) == [at("2026-03-22 01:30")]


def test_a_date_taken_since_the_page_books_nothing_and_keeps_what_was_typed(
    as_alice, alice, individual
):
    page = check(as_alice, individual, number="3", place="Room 9")
    book(start(ClientFactory(therapist=alice, name="Vikram Menon")), at("2026-03-17 10:00"))

    answer = confirm(as_alice, individual, page)

    assert answer.status_code == 409
    text = read(answer).text
    assert "Nothing was booked." in text
    assert "Vikram Menon: booked at 10am" in text
    assert hidden(read(answer))["place"] == "Room 9"
    assert not individual.sessions.exists()
    confirm(as_alice, individual, answer, **{"2026-03-17-do": "skip"})
    assert len(starts_of(individual)) == 2


def test_what_was_answered_is_kept_where_something_else_has_changed(as_alice, alice, individual):
    other = start(ClientFactory(therapist=alice))
    book(other, at("2026-03-10 10:30"))
    page = check(as_alice, individual, number="3")
    TimeOff.objects.create(therapist=alice, first_day=date(2026, 3, 17), last_day=date(2026, 3, 17))
    moved = {"2026-03-10-do": "move", "2026-03-10-day": "2026-03-11", "2026-03-10-time": "16:20"}

    answer = confirm(as_alice, individual, page, **moved)

    assert answer.status_code == 409
    values = [attrs.get("value") for tag, attrs in read(answer).tags if tag == "input"]
    assert {"2026-03-11", "16:20"} <= set(values)


def test_going_back_from_the_dates_keeps_what_was_typed(as_alice, individual):
    page = check(as_alice, individual, number="3", place="Room 9", complimentary="on")

    back = confirm(as_alice, individual, page, change="")

    assert back.status_code == 200
    form = read(back)
    assert "Add a session" in form.title
    inputs = [attrs for tag, attrs in form.tags if tag == "input"]
    assert {"Room 9", "3", "2026-03-03"} <= {attrs.get("value") for attrs in inputs}
    assert {a["name"] for a in inputs if "checked" in a} == {"every", "complimentary", "slot"}
    assert not individual.sessions.exists()


def test_a_double_click_books_once(as_alice, individual):
    page = check(as_alice, individual, number="3")

    confirm(as_alice, individual, page)
    again = confirm(as_alice, individual, page)

    assert again.status_code == 303
    assert len(starts_of(individual)) == 3
    assert "Nothing was booked again" in read(as_alice.get(again.url)).text


def test_another_zone_since_the_form_was_opened_checks_nothing(as_alice, alice, individual):
    address = address_of(individual)
    shown = hidden(read(as_alice.get(address)))
    reads_in(alice.user, "Asia/Tokyo")

    assert as_alice.post(address, shown | TYPED | {"number": "3"}).status_code == 409


def test_one_that_is_taken_books_none(individual, alice):
    starts = [at("2026-03-03 10:00"), at("2026-03-10 10:00")]
    book(start(ClientFactory(therapist=alice)), starts[1])

    with pytest.raises(Session.Taken):
        Session.book_series(individual, starts=starts, length=FIFTY, by=alice.user, series=uuid4())

    assert not individual.sessions.exists()


def test_an_ending_leaves_a_series_standing(individual, alice, series):
    individual.end(by=alice.user, reason="completed")

    assert individual.sessions.booked().count() == 5


def cancel(browser, session: Session, **typed: str):
    address = f"/sessions/{session.public_id}/cancel/"
    return browser.post(address, hidden(read(browser.get(address))) | {"asked": "client"} | typed)


def booked(series: list[Session]) -> list[bool]:
    return [Session.objects.get(pk=s.pk).state == "booked" for s in series]


def test_only_this_one_is_cancelled(as_alice, series):
    assert cancel(as_alice, series[2], sessions="this").status_code == 303

    assert booked(series) == [True, True, False, True, True]


def test_this_one_and_those_after_it_are_cancelled(as_alice, series):
    page = read(as_alice.get(f"/sessions/{series[2].public_id}/cancel/"))
    assert "This one and the 2 after it, to Tuesday 31 March 2026" in page.text

    assert cancel(as_alice, series[2], sessions="later").status_code == 303

    assert booked(series) == [True, True, False, False, False]
    assert Entry.objects.filter(verb="session_cancelled").count() == 3
    assert set(Session.objects.filter(state="cancelled").values_list("cancelled_for_client")) == {
        (True,)
    }


def test_those_after_it_are_of_its_series_and_still_booked(series, alice):
    series[3].cancel(by=alice.user)
    other = book(series[0].relationship, at("2026-03-25 10:00"))

    assert list(series[2].later_in_series) == [series[4]]
    assert list(other.later_in_series) == []


def test_one_that_was_moved_stays_in_its_series(series, alice):
    series[3].move(starts_at=at("2026-03-02 10:00"), by=alice.user)

    assert list(series[2].later_in_series) == [series[4]]


def test_without_a_choice_nothing_is_cancelled(as_alice, series):
    assert cancel(as_alice, series[2]).status_code == 422
    assert booked(series) == [True] * 5


def test_the_last_one_and_a_single_one_ask_no_more(as_alice, series):
    page = read(as_alice.get(f"/sessions/{series[4].public_id}/cancel/"))

    assert "Which sessions?" not in page.text


@pytest.mark.parametrize("which", ["this", "later"])
def test_where_the_number_after_it_has_changed_nothing_is_cancelled(as_alice, alice, series, which):
    address = f"/sessions/{series[2].public_id}/cancel/"
    shown = hidden(read(as_alice.get(address)))
    series[4].cancel(by=alice.user)

    answer = as_alice.post(address, shown | {"asked": "client", "sessions": which})

    assert answer.status_code == 409
    assert "This one and the 1 after it" in read(answer).text
    assert booked(series) == [True, True, True, True, False]


def test_a_client_cancels_one_at_a_time(as_ann, series):
    page = read(as_ann.get(f"/sessions/{series[2].public_id}/cancel/"))
    assert "Which sessions?" not in page.text

    as_ann.post(f"/sessions/{series[2].public_id}/cancel/", hidden(page) | {"sessions": "later"})

    assert booked(series) == [True, True, False, True, True]


def test_a_link_names_day_and_time(as_alice, individual):
    page = read(as_alice.get(address_of(individual) + "?day=2026-03-03&time=1730"))

    values = [attrs.get("value") for tag, attrs in page.tags if tag == "input"]
    assert {"2026-03-03", "17:30"} <= set(values)


@pytest.mark.parametrize("query", ["?day=never&time=2500", "?day=&time=", "?day=2026-02-30"])
def test_a_link_that_names_no_day_or_time_begins_empty(as_alice, individual, query):
    page = read(as_alice.get(address_of(individual) + query))

    days = [attrs for tag, attrs in page.tags if attrs.get("name") in ("day", "time")]
    assert len(days) == 2
    assert not [attrs for attrs in days if attrs.get("value")]


@pytest.mark.parametrize(
    ("time", "said"),
    [("10:00", ""), ("18:30", "outside your working hours"), ("02:00", "It is at night")],
)
def test_an_unusual_time_is_said_softly_and_allowed(as_alice, alice, individual, time, said):
    works(alice, "09:00-17:00")

    answer = check(as_alice, individual, every="0", time=time)

    assert answer.status_code == 303
    text = read(as_alice.get(answer.url)).text
    assert "Session booked" in text
    assert said in text
    if not said:
        assert "working hours" not in text


def choices(page) -> dict[str, str]:
    """Return what can be done with a date, by its words."""
    found = {}
    for value, words in re.findall(r'value="(at [^"]+)"[^>]*>\s*<span>([^<]+)<', page.source):
        found[words] = value
    return found


@pytest.fixture
def clash(alice, individual):
    """A therapist who works from nine to midday, and has a clash on the second Tuesday."""
    works(alice, "09:00-12:00")
    return book(start(ClientFactory(therapist=alice)), at("2026-03-10 10:00"))


def test_free_times_near_a_clash_are_offered(as_alice, individual, clash):
    page = check(as_alice, individual, number="3")

    assert list(choices(read(page))) == [
        "Move to 9am, the same day",
        "Move to Monday 9 March, 10am",
    ]
    first, other = choices(read(page)).values()
    for answer, expected in ((first, "2026-03-10 09:00"), (other, "2026-03-09 10:00")):
        with transaction.atomic():
            booked = confirm(as_alice, individual, page, **{"2026-03-10-do": answer})
            assert booked.status_code == 303
            assert at(expected) in starts_of(individual)
            transaction.set_rollback(True)


def test_a_free_time_that_is_offered_and_taken_since_is_refused(as_alice, alice, individual, clash):
    page = check(as_alice, individual, number="3")
    answer = choices(read(page))["Move to 9am, the same day"]
    book(start(ClientFactory(therapist=alice)), at("2026-03-10 09:00"))

    refused = confirm(as_alice, individual, page, **{"2026-03-10-do": answer})

    assert refused.status_code == 422
    assert "You have another session at that time" in read(refused).text
    assert answer in read(refused).source
    assert not individual.sessions.exists()


@pytest.mark.parametrize("answer", ["at ", "at noon", "at 9999-12-31T23:59:59-14:00", "at" * 999])
def test_what_names_no_time_is_refused(as_alice, individual, clash, answer):
    page = check(as_alice, individual, number="3")

    assert confirm(as_alice, individual, page, **{"2026-03-10-do": answer}).status_code == 422
    assert not individual.sessions.exists()


def test_what_is_near_is_found_by_as_many_questions_for_one_clash_as_for_many(
    as_alice, alice, individual, clash
):
    with CaptureQueriesContext(connection) as for_one:
        check(as_alice, individual, number="30")
    off = {"first_day": date(2026, 3, 17), "last_day": date(2026, 12, 1)}
    TimeOff.objects.create(therapist=alice, **off)

    with CaptureQueriesContext(connection) as for_many:
        page = check(as_alice, individual, number="30")

    assert "29 of 30 dates cannot be booked as planned" in read(page).text
    assert len(for_many) == len(for_one)


def test_a_series_of_whole_days_that_clashes_is_checked_like_any_other(as_alice, individual, clash):
    page = check(as_alice, individual, number="3", minutes="1440")

    assert page.status_code == 200
    assert "1 of 3 dates cannot be booked as planned" in read(page).text
