"""A session and those after it in its series: moved, given another place, and listed."""

from datetime import date
from uuid import uuid4

import pytest
import time_machine

from practice.audit.models import Entry
from practice.booking.models import TimeOff
from practice.diary.in_series import Series
from practice.diary.models import Session
from tests.diary import DAY, FIFTY, HOUR, NOW, at, book, row_of
from tests.factories import ClientFactory, reads_in, start
from tests.pressing import hidden
from tests.reading import read

WEEK = 7 * DAY
FIRST = at("2026-03-03 10:00")  # a Tuesday; the clocks go forward on Sunday 29 March
TO_WEDNESDAY = {"sessions": "later", "day": "2026-03-11", "time": "16:00", "asked": "client"}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def series(individual, alice) -> list[Session]:
    """Five Tuesdays at ten on the therapist's clock."""
    days = ("03-03", "03-10", "03-17", "03-24", "03-31")
    return Session.book_series(
        individual,
        starts=[at(f"2026-{day} 10:00") for day in days],
        length=FIFTY,
        by=alice.user,
        series=uuid4(),
        place="Room 1",
    )


def address(session: Session, what: str = "move") -> str:
    return f"/sessions/{session.public_id}/{what}/"


def check(browser, session: Session, **typed: str):
    """Fill in the page to move a session and those after it: the page of the dates comes."""
    page = hidden(read(browser.get(address(session))))
    return browser.post(address(session), page | TO_WEDNESDAY | typed)


def confirm(browser, session: Session, checked, **answers: str):
    return browser.post(address(session), hidden(read(checked)) | answers)


def starts(series: list[Session]) -> list:
    return [Session.objects.get(pk=one.pk).starts_at for one in series]


def moved(*days: str, time: str = "16:00") -> list:
    return [at(f"2026-{day} {time}") for day in days]


BEFORE = moved("03-03", "03-10", "03-17", "03-24", "03-31", time="10:00")


@pytest.mark.database
def test_this_one_and_those_after_it_move_by_the_same_of_the_clock(as_alice, series):
    page = check(as_alice, series[1])

    assert page.status_code == 200
    text = read(page).text
    assert "Nothing is moved yet" in text
    assert "Wednesday 1 April 2026, 4pm Now Tuesday 31 March 2026, 10am" in text
    assert "The clocks go forward on Sunday 29 March 2026. It stays 4pm in London." in text
    assert starts(series) == BEFORE

    answer = confirm(as_alice, series[1], page)

    assert answer.status_code == 303
    assert read(as_alice.get(answer.url)).heads[0] == "4 sessions moved"
    assert starts(series) == [BEFORE[0], *moved("03-11", "03-18", "03-25", "04-01")]
    rows = [row_of(one) for one in series]
    assert [row["state"] for row in rows] == ["booked"] * 5
    assert [row["revision"] for row in rows] == [0, 1, 1, 1, 1]
    assert [row["moved_from"] for row in rows] == [None, *BEFORE[1:]]
    assert {row["moved_for_client"] for row in rows[1:]} == {True}
    assert Entry.objects.filter(verb="session_moved").count() == 4


def test_only_this_one_is_moved_alone(as_alice, series):
    check(as_alice, series[1], sessions="this")

    assert starts(series) == [BEFORE[0], *moved("03-11"), *BEFORE[2:]]


def test_a_week_further_each_takes_the_time_of_the_next(as_alice, series):
    page = check(as_alice, series[0], day="2026-03-10", time="10:00", asked="therapist")

    assert confirm(as_alice, series[0], page).status_code == 303
    assert starts(series) == [*BEFORE[1:], at("2026-04-07 10:00")]
    assert row_of(series[0])["last_own_move"] == NOW


def test_one_that_was_moved_alone_keeps_its_distance(as_alice, alice, series):
    series[2].move(starts_at=BEFORE[2] + DAY, by=alice.user)

    confirm(as_alice, series[1], check(as_alice, series[1]))

    assert starts(series)[2] == at("2026-03-19 16:00")


def test_the_clock_is_the_therapist_s(as_alice, alice, series):
    reads_in(alice.user, "America/New_York")  # 5am, and 6am while the clocks differ by four hours
    page = check(as_alice, series[1], day="2026-03-10", time="07:00")

    confirm(as_alice, series[1], page)

    assert starts(series)[1:] == [
        at(f"2026-{day}", "America/New_York")
        for day in ("03-10 07:00", "03-17 07:00", "03-24 07:00", "03-31 06:00")
    ]


@pytest.mark.database
@pytest.mark.parametrize(
    ("answer", "third"),
    [
        ({"do": "skip"}, BEFORE[2]),
        ({"do": "move", "day": "2026-03-19", "time": "09:00"}, at("2026-03-19 09:00")),
    ],
)
def test_a_clash_in_the_middle_stays_or_goes_elsewhere(as_alice, alice, series, answer, third):
    book(start(ClientFactory(therapist=alice, name="Vikram Menon")), at("2026-03-18 16:30"))
    page = check(as_alice, series[1])
    assert "1 of 4 sessions cannot be moved as planned" in read(page).text
    assert "Vikram Menon: booked at 4:30pm" in read(page).text
    assert "Move it all the same" not in read(page).text
    answers = {f"{series[2].public_id}-{name}": value for name, value in answer.items()}

    assert confirm(as_alice, series[1], page, **answers).status_code == 303

    expected = [BEFORE[0], *moved("03-11"), third, *moved("03-25", "04-01")]
    assert starts(series) == expected


def test_a_day_off_is_said_and_can_be_moved_to_all_the_same(as_alice, alice, series):
    TimeOff.objects.create(therapist=alice, first_day=date(2026, 3, 18), last_day=date(2026, 3, 18))
    page = check(as_alice, series[1])
    assert "You have this day off" in read(page).text

    confirm(as_alice, series[1], page, **{f"{series[2].public_id}-do": "keep"})

    assert starts(series)[2] == at("2026-03-18 16:00")


@pytest.mark.parametrize(
    "answer",
    [
        {"do": "move", "day": "2026-03-18", "time": "16:00"},  # taken
        {"do": "move", "day": "2026-03-11", "time": "16:20"},  # by another of the series
        {"do": "move", "day": "2026-03-29", "time": "01:30"},  # which the clock skips
        {"do": "move", "day": "", "time": ""},
        {"do": "keep"},
        {"do": ""},
    ],
)
def test_an_answer_that_cannot_be_is_refused_and_nothing_is_moved(as_alice, alice, series, answer):
    book(start(ClientFactory(therapist=alice)), at("2026-03-18 16:30"))
    page = check(as_alice, series[1])
    answers = {f"{series[2].public_id}-{name}": value for name, value in answer.items()}

    refused = confirm(as_alice, series[1], page, **answers)

    assert refused.status_code == 422
    assert read(refused).title.startswith("Error: Check the dates")
    assert starts(series) == BEFORE


def test_one_that_stays_is_in_the_way_of_the_one_that_would_take_its_time(as_alice, alice, series):
    book(start(ClientFactory(therapist=alice)), at("2026-04-07 10:00"))
    page = check(as_alice, series[0], day="2026-03-10", time="10:00")

    refused = confirm(as_alice, series[0], page, **{f"{series[4].public_id}-do": "skip"})

    assert refused.status_code == 422
    assert "You have another session at that time" in read(refused).text
    assert starts(series) == BEFORE


@pytest.mark.database
def test_two_of_a_series_may_change_places(as_alice, alice, series):
    book(start(ClientFactory(therapist=alice)), at("2026-04-07 10:00"))
    page = check(as_alice, series[3], day="2026-03-31", time="10:00")
    swap = {"do": "move", "day": "2026-03-24", "time": "10:00"}
    answers = {f"{series[4].public_id}-{name}": value for name, value in swap.items()}

    assert confirm(as_alice, series[3], page, **answers).status_code == 303

    assert starts(series) == [*BEFORE[:3], BEFORE[4], BEFORE[3]]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "2026-03-10", "time": "10:00"}, "That is the time they have"),
        ({"day": "2027-11-16"}, "choose dates within the next two years"),
        ({"day": "9999-12-30"}, "within the last ten years or the next two"),
        ({"day": "2026-03-29", "time": "01:30"}, "That time does not exist"),
        ({"day": ""}, "Enter the date"),
        ({"asked": ""}, "Choose who asked for this"),
        ({"sessions": "all"}, "Choose which sessions"),
        ({"sessions": ""}, "Choose which sessions"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_kept(as_alice, series, typed, said):
    answer = check(as_alice, series[1], **typed)

    assert answer.status_code == 422
    page = read(answer)
    assert said in page.text
    assert "Move this session" in page.title
    values = [attrs.get("value") for tag, attrs in page.tags if tag == "input"]
    kept = (TO_WEDNESDAY | typed)["day"]
    assert not kept or kept in values
    assert starts(series) == BEFORE


def test_going_back_from_the_dates_keeps_what_was_typed(as_alice, series):
    page = check(as_alice, series[1])

    back = confirm(as_alice, series[1], page, change="")

    assert back.status_code == 200
    inputs = [attrs for tag, attrs in read(back).tags if tag == "input"]
    assert {"2026-03-11", "16:00"} <= {attrs.get("value") for attrs in inputs}
    assert {a["value"] for a in inputs if "checked" in a} == {"later", "client"}
    assert starts(series) == BEFORE


@pytest.mark.parametrize("meanwhile", ["taken", "cancelled", "moved", "placed", "day off"])
def test_what_has_changed_since_the_dates_were_shown_is_shown_and_nothing_moved(
    as_alice, alice, series, meanwhile
):
    page = check(as_alice, series[1])
    if meanwhile == "taken":
        book(start(ClientFactory(therapist=alice)), at("2026-03-25 16:00"))
    elif meanwhile == "cancelled":
        series[4].cancel(by=alice.user)
    elif meanwhile == "moved":
        series[3].move(starts_at=BEFORE[3] + HOUR, by=alice.user)
    elif meanwhile == "placed":
        series[3].set_place("Room 2", by=alice.user)
    else:
        day = date(2026, 3, 25)
        TimeOff.objects.create(therapist=alice, first_day=day, last_day=day)
    before = starts(series)

    answer = confirm(as_alice, series[1], page)

    assert answer.status_code == 409
    assert "Nothing was moved." in read(answer).text
    assert hidden(read(answer))["day"] == "2026-03-11"
    assert starts(series) == before


@pytest.mark.database
def test_of_two_who_move_a_series_the_second_sees_where_it_is(as_alice, series):
    one, other = check(as_alice, series[1]), check(as_alice, series[1], time="12:00")
    confirm(as_alice, series[1], one)

    answer = confirm(as_alice, series[1], other)

    assert answer.status_code == 409
    assert "Now Wednesday 11 March 2026, 4pm" in read(answer).text
    assert starts(series)[1] == at("2026-03-11 16:00")


def test_a_second_click_moves_once(as_alice, series):
    page = check(as_alice, series[1])

    answers = [confirm(as_alice, series[1], page) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert row_of(series[2])["revision"] == 1


def test_one_that_is_no_longer_booked_moves_nothing(as_alice, alice, series):
    page = check(as_alice, series[1])
    series[1].cancel(by=alice.user)

    answer = confirm(as_alice, series[1], page)

    assert answer.status_code == 303
    assert "no longer booked" in read(as_alice.get(answer.url)).heads[0]
    assert starts(series) == BEFORE


@pytest.mark.database
@pytest.mark.parametrize("error", [Session.Taken, Session.Changed, Session.AlreadyDone])
def test_the_model_moves_all_or_none(alice, series, error):
    goal = {one.pk: one.starts_at + DAY for one in series}
    if error is Session.Taken:
        book(start(ClientFactory(therapist=alice)), BEFORE[3] + DAY)
    elif error is Session.AlreadyDone:
        Session.objects.get(pk=series[0].pk).cancel(by=alice.user)
    else:
        Session.objects.get(pk=series[3].pk).cancel(by=alice.user)

    with pytest.raises(error):
        series[0].move_with_later(goal, by=alice.user, for_client=True, if_still=lambda _: True)

    assert starts(series) == BEFORE
    assert "not_held" not in {row_of(one)["state"] for one in series}


# Where.


def place(browser, session: Session, **typed: str):
    page = hidden(read(browser.get(address(session, "place"))))
    return browser.post(address(session, "place"), page | {"place": "Room 2"} | typed)


def places(series: list[Session]) -> list[str]:
    return [row_of(one)["place"] for one in series]


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ("this", ["Room 1", "Room 2", "Room 1", "Room 1", "Room 1"]),
        ("later", ["Room 1", "Room 2", "Room 2", "Room 2", "Room 2"]),
    ],
)
def test_this_one_or_those_after_it_too_take_place_elsewhere(as_alice, series, which, expected):
    assert place(as_alice, series[1], sessions=which).status_code == 303

    assert places(series) == expected


@pytest.mark.parametrize(
    ("typed", "status"),
    [
        ({"place": "javascript:alert(1)", "sessions": "later"}, 422),
        ({"sessions": "all"}, 422),
        ({"sessions": "later", "shown": "9 nonsense"}, 409),
    ],
)
def test_a_place_that_cannot_be_or_an_old_page_changes_none(as_alice, series, typed, status):
    answer = place(as_alice, series[1], **typed)

    assert answer.status_code == status
    assert typed.get("place", "Room 2") in [a.get("value") for _, a in read(answer).tags]
    assert places(series) == ["Room 1"] * 5


# Which of its series a session is.


def test_a_session_names_its_series_and_leads_to_its_list(as_alice, alice, series):
    series[1].cancel(by=alice.user)

    page = read(as_alice.get(f"/sessions/{series[2].public_id}/"))
    assert "2 of 4, weekly until Tuesday 31 March 2026 All its sessions" in page.text
    assert address(series[2], "series") in page.addresses
    cancelled = read(as_alice.get(f"/sessions/{series[1].public_id}/")).text
    assert "One of 5, weekly until Tuesday 31 March 2026" in cancelled

    listed = read(as_alice.get(address(series[2], "series")))
    assert [a for a in listed.addresses if a in {f"/sessions/{s.public_id}/" for s in series}] == [
        f"/sessions/{series[2].public_id}/",
        *(f"/sessions/{s.public_id}/" for s in series),
    ]
    assert "Tuesday 10 March 2026, 10am to 10:50am, Session Details" in listed.text
    assert "Cancelled" in listed.text


@pytest.mark.parametrize(
    ("weeks", "every"), [(1, "weekly"), (2, "fortnightly"), (4, "every four weeks"), (3, "")]
)
def test_how_often_is_read_off_the_dates_whatever_was_moved(individual, alice, weeks, every):
    made = Session.book_series(
        individual,
        starts=[FIRST + n * weeks * WEEK for n in range(4)],
        length=FIFTY,
        by=alice.user,
        series=uuid4(),
    )
    made[3].move(starts_at=made[3].starts_at + DAY, by=alice.user)

    assert Series.of(made[0]).every == every


def test_a_session_that_was_booked_alone_has_no_series(as_alice, session):
    assert Series.of(session) is None
    assert "Series" not in read(as_alice.get(f"/sessions/{session.public_id}/")).text
    answer = as_alice.get(address(session, "series"))
    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")


def test_the_list_of_a_series_is_recorded_as_a_look(as_alice, series):
    as_alice.get(address(series[0], "series"))

    about = f"session:{series[0].public_id}"
    assert Entry.objects.filter(verb="session_opened", about=about).count() == 1
