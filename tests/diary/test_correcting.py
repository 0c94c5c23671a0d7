"""What was recorded wrongly: another day, another length, or no session at all."""

from datetime import timedelta

import pytest
import time_machine

from practice.audit.models import Entry, Verb
from practice.diary.models import Session
from practice.profiles.figures import figures
from tests.diary import DAY, HOUR, MINUTE, NOW, at, book, browser_for, row_of
from tests.reading import read, sent_by


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def past(individual) -> Session:
    """A session of two days ago, 10am, that was attended."""
    session = book(individual, NOW - 2 * DAY)
    session.set_attendance(attended=True)
    return session


def correct(browser, session: Session, **typed: str):
    """Send the page that corrects a session, as it stands but for what is typed."""
    place = f"/sessions/{session.public_id}/correct/"
    return browser.post(place, sent_by(browser.get(place), "minutes") | typed)


def mistaken(browser, session: Session):
    place = f"/sessions/{session.public_id}/correct/"
    return browser.post(place, sent_by(browser.get(place), "mistaken"))


@pytest.mark.database
def test_a_session_of_a_wrong_day_is_given_the_right_one(as_alice, past):
    answer = correct(as_alice, past, day="2025-11-17", time="09:30", minutes="80")

    assert answer.status_code == 303
    assert "Session corrected" in read(as_alice.get(answer.url)).heads
    row = row_of(past)
    assert row["starts_at"] == at("2025-11-17 09:30")
    assert row["ends_at"] - row["starts_at"] == 80 * MINUTE
    assert row["state"] == "attended"


@pytest.mark.parametrize("what", ["minutes", "mistaken"])
def test_a_second_click_corrects_once_and_says_the_same(as_alice, past, what):
    place = f"/sessions/{past.public_id}/correct/"
    sent = sent_by(as_alice.get(place), what)
    sent |= {"day": "2025-11-17"} if what == "minutes" else {}

    answers = [as_alice.post(place, sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    heads = {"minutes": "Session corrected", "mistaken": "Recorded by mistake"}
    assert read(as_alice.get(answers[1].url)).heads[0] == heads[what]
    verbs = [Verb.SESSION_CORRECTED, Verb.SESSION_MISTAKEN]
    assert Entry.objects.filter(verb__in=verbs).count() == 1


def test_it_is_on_record_and_is_no_move(as_alice, alice, past):
    before = figures(alice, NOW)
    correct(as_alice, past, day="2025-11-17")

    row = row_of(past)
    assert (row["moved_at"], row["last_own_move"], row["tell_at"]) == (None, None, None)
    assert (row["revision"], row["sequence"]) == (1, 0)
    assert Entry.objects.filter(verb=Verb.SESSION_CORRECTED, about=f"session:{past.public_id}")
    after = figures(alice, NOW)
    assert (before.stats.is_smooth, after.stats.is_smooth) == (True, True)
    assert after.stats.since == at("2025-11-17 10:00")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"day": "2025-11-21"}, "Enter when it was: this is still to come"),
        ({"minutes": "1441"}, "A session lasts 1,440 minutes (24 hours) or less"),
        ({"minutes": "14"}, "A session lasts 15 minutes or more"),
        ({"day": "2025-11-20", "time": "09:30"}, "It would not be over yet"),
        ({"day": "2025-11-19", "time": "15:00"}, "You have another session at that time"),
        ({"day": "yesterday"}, "Enter a date"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_what_was_typed_is_kept(
    as_alice, past, individual, typed, said
):
    book(individual, at("2025-11-19 15:30"))
    before = row_of(past)

    answer = correct(as_alice, past, **typed)

    assert answer.status_code == 422
    assert said in read(answer).text
    assert sent_by(answer, "minutes").items() >= typed.items()
    assert row_of(past) == before


def test_an_old_page_is_shown_what_is_so_now(as_alice, past):
    place = f"/sessions/{past.public_id}/correct/"
    old_time, old_mistake = (sent_by(as_alice.get(place), n) for n in ("minutes", "mistaken"))
    correct(as_alice, past, time="09:00")

    for form in (old_time | {"time": "08:00"}, old_mistake):
        answer = as_alice.post(place, form)
        assert answer.status_code == 409
        assert "Nothing was corrected." in read(answer).text
    assert row_of(past)["starts_at"] == at("2025-11-18 09:00")
    assert row_of(past)["state"] == "attended"


@pytest.mark.parametrize("state", ["to come", "cancelled", "mistaken"])
def test_only_a_session_that_has_begun_and_stands_is_corrected(as_alice, individual, state):
    session = book(individual, NOW + (DAY if state == "to come" else -DAY))
    by = session.therapist.user
    if state == "cancelled":
        session.cancel(by=by)
    if state == "mistaken":
        session.set_mistaken(by=by)

    answer = as_alice.get(f"/sessions/{session.public_id}/correct/")

    page = read(as_alice.get(answer.url))
    assert "This session cannot be corrected" in page.heads
    assert "Correct this session" not in page.text
    refusal = {"to come": Session.NotYet}.get(state, Session.AlreadyDone)
    with pytest.raises(refusal):
        session.correct_time(starts_at=NOW - 3 * DAY, length=HOUR, by=by)
    with pytest.raises(refusal):
        session.set_mistaken(by=by)


def test_while_it_lasts_its_time_can_be_corrected_and_it_lasts_still(as_alice, individual):
    session = book(individual, NOW - 10 * MINUTE)
    page = read(as_alice.get(f"/sessions/{session.public_id}/"))
    assert "Correct this session" in page.text
    assert "Move this session" not in page.text

    correct(as_alice, session, time="09:30", minutes="90")

    assert row_of(session)["ends_at"] == NOW + HOUR


# Recorded by mistake.


def test_what_was_recorded_by_mistake_counts_nowhere(as_alice, alice, past, individual, ann):
    answer = mistaken(as_alice, past)

    page = read(as_alice.get(answer.url))
    assert "Recorded by mistake" in page.heads
    assert row_of(past)["state"] == "mistaken"
    assert Entry.objects.filter(verb=Verb.SESSION_MISTAKEN).count() == 1
    assert figures(alice, NOW).stats.sessions_held == 0
    assert not alice.sessions.held().exists()
    assert not alice.sessions.unanswered().exists()
    assert not alice.sessions.standing().exists()
    book(individual, past.starts_at)  # its time is free


def test_it_stays_in_the_list_of_sessions_and_out_of_the_diary(as_alice, past, ann):
    mistaken(as_alice, past)

    listed = read(as_alice.get(f"/clients/{ann.public_id}/sessions/"))
    assert "Recorded by mistake" in listed.text
    assert past.public_id not in as_alice.get("/diary/2025-11-18/day/").content.decode()
    assert "Recorded by mistake" in read(browser_for(ann).get(f"/sessions/{past.public_id}/")).text


def test_it_can_be_said_to_have_taken_place_after_all(as_alice, past):
    mistaken(as_alice, past)
    past.refresh_from_db()

    past.set_not_held(by=past.therapist.user)
    assert row_of(past)["state"] == "not_held"
    past.set_attendance(attended=False)
    assert row_of(past)["state"] == "missed"


def test_what_one_of_several_missed_stays_theirs_at_another_time_and_goes_with_a_mistake(
    couples, ann
):
    session = book(couples, NOW - 2 * DAY)
    session.set_attendance_of([ann], attended=False)
    by = session.therapist.user
    session.correct_time(starts_at=NOW - 3 * DAY, length=HOUR, by=by)
    assert row_of(session)["number_missed"] == session.attendances.count() == 1

    session.set_mistaken(by=by)
    assert row_of(session)["number_missed"] == session.attendances.count() == 0


# More than four hours, and beyond midnight.


@pytest.mark.database
def test_a_session_may_last_a_day(as_alice, individual):
    place = f"/relationships/{individual.public_id}/sessions/add/"
    form = sent_by(as_alice.get(place), "minutes")
    answer = as_alice.post(place, form | {"day": "2025-11-24", "time": "18:00", "minutes": "1440"})

    assert answer.status_code == 303
    assert Session.objects.get().length == timedelta(days=1)


def test_over_midnight_it_is_on_both_days_and_counted_and_asked_about_once(as_alice, individual):
    night = book(individual, at("2025-11-17 22:00"), length=4 * HOUR)
    first = read(as_alice.get("/diary/2025-11-17/day/"))
    second = read(as_alice.get("/diary/2025-11-18/day/"))

    assert "10pm to 2am the next day" in first.text
    assert "Came" in first.text
    assert "until 2am" in second.text
    assert "Missed" not in second.text
    week = as_alice.get("/diary/2025-11-17/").content.decode()
    assert week.count(f"/sessions/{night.public_id}/attendance/") == 1
    assert "1 session this week" in read(as_alice.get("/diary/2025-11-17/")).text


def test_no_time_within_it_is_free_on_either_day(individual):
    night = book(individual, at("2025-11-26 18:00"), length=20 * HOUR)
    for starts_at in (night.starts_at + HOUR, night.ends_at - HOUR):
        with pytest.raises(Session.Taken):
            book(individual, starts_at)
    book(individual, night.ends_at)
