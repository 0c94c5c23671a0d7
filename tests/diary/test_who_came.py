"""Attendance is personal: of a couple, a family or a group each has their own."""

import pytest
import time_machine
from django.db import IntegrityError, transaction

from practice.audit.models import Entry, Verb
from practice.diary.models import Attendance, Session
from practice.records.erasure import erase
from practice.records.export_client import export_client
from practice.records.merging import merge
from tests.diary import DAY, HOUR, NOW, book, browser_for, row_of
from tests.factories import ClientFactory, start
from tests.reading import read


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def past(couples) -> Session:
    """A session of Ann and Ben, two days ago, of which nothing has been said."""
    return book(couples, NOW - 2 * DAY)


def say(session: Session, *people, came: bool) -> None:
    session = Session.objects.get(pk=session.pk)
    session.set_attendance_of(people, attended=came)


def said(session: Session) -> tuple[str, int, list[bool]]:
    """Return what the database has: the state, who missed it, and what is said of each."""
    row = row_of(session)
    own = Attendance.objects.filter(session=session.pk).order_by("participation")
    return row["state"], row["number_missed"], [*own.values_list("came", flat=True)]


def press(browser, session: Session, answer: str, person: str = ""):
    """Press a button of the session's page, as it stands."""
    place = f"/sessions/{session.public_id}/"
    form = {"attended": answer, "person": person, "shown": shown(browser, session, person)}
    return browser.post(f"{place}attendance/", form)


def shown(browser, session: Session, person: str = "") -> str:
    """Return what the page says of a session, or of one of several people."""
    found = ""
    for tag, a in read(browser.get(f"/sessions/{session.public_id}/")).tags:
        if tag == "input" and a.get("name") == "shown":
            found = found or a["value"] if not person else a["value"]
        if person and (tag, a.get("name"), a.get("value")) == ("input", "person", person):
            return found
    return found


def test_it_is_asked_for_until_it_has_been_said_of_everybody(past, ann, ben, alice):
    say(past, ann, came=True)

    assert said(past) == ("booked", 0, [True])
    assert [*alice.sessions.unanswered()] == [past]

    say(past, ben, came=False)

    assert said(past) == ("attended", 1, [True, False])
    assert not alice.sessions.unanswered().exists()
    assert Entry.objects.filter(verb=Verb.ATTENDANCE_NOTED).count() == 2


@pytest.mark.parametrize(("came", "state"), [(True, "attended"), (False, "missed")])
def test_where_it_is_the_same_of_everybody_the_session_says_it(past, ann, ben, came, state):
    say(past, ann, came=came)
    say(past, ben, came=came)

    assert said(past) == (state, 0, [])


def test_it_can_be_corrected_of_one_person_at_any_time(past, ann, ben):
    past.set_attendance(attended=True)

    say(past, ben, came=False)
    assert said(past) == ("attended", 1, [True, False])
    say(past, ann, came=False)
    assert said(past) == ("missed", 0, [])
    say(past, ben, came=True)
    assert said(past) == ("attended", 1, [False, True])


@pytest.mark.parametrize(
    ("do", "state"),
    [
        (lambda session: session.set_attendance(attended=True), "attended"),
        (lambda session: session.set_attendance(attended=False), "missed"),
        (lambda session: session.set_not_held(), "not_held"),
        (lambda session: session.cancel(by=session.therapist.user), "cancelled"),
    ],
)
def test_what_is_said_of_all_replaces_what_was_said_of_each(past, ann, do, state):
    say(past, ann, came=False)

    do(Session.objects.get(pk=past.pk))

    assert said(past) == (state, 0, [])


def test_what_did_not_take_place_can_be_said_to_have_after_all(past, ann, ben, individual):
    past.set_not_held()

    say(past, ann, came=True)
    assert said(past) == ("booked", 0, [True])

    Session.objects.get(pk=past.pk).set_not_held()
    book(individual, past.starts_at)
    with pytest.raises(Session.Taken):
        say(past, ben, came=True)
    assert said(past) == ("not_held", 0, [])


def test_of_two_pages_the_older_is_shown_what_is_so(past, ann, ben):
    of_ann, of_ben = past.shown_of([ann]), past.shown_of([ben])
    say(past, ann, came=True)

    with pytest.raises(Session.Changed):
        past.set_attendance_of([ann], attended=False, if_shown=of_ann)
    past.set_attendance_of([ben], attended=False, if_shown=of_ben)  # which is so still

    assert said(past) == ("attended", 1, [True, False])


def test_nothing_can_be_said_before_it_is_over_or_after_it_was_cancelled(couples, ann):
    to_come = book(couples, NOW + DAY)
    with pytest.raises(Session.NotYet):
        say(to_come, ann, came=True)
    to_come.cancel(by=to_come.therapist.user)
    with pytest.raises(Session.AlreadyDone):
        say(to_come, ann, came=True)


@pytest.mark.database
def test_the_database_knows_who_takes_part(past, individual, bob, ann):
    stranger = individual.participations.get()
    for values in ({"participation": stranger}, {"therapist": bob}):
        own = {"therapist": past.therapist, "participation": past.parts[0]}
        with pytest.raises(IntegrityError), transaction.atomic():
            Attendance.objects.create(session=past, came=True, **(own | values))
    with pytest.raises(IntegrityError), transaction.atomic():
        Session.objects.filter(pk=past.pk).update(state="missed", number_missed=1)


# The pages.


def test_all_came_is_one_press_where_the_session_is_listed(as_alice, past, ann):
    today = book(past.relationship, NOW - 2 * HOUR)
    for place in ("/", "/diary/2025-11-20/day/"):
        page = read(as_alice.get(place))
        assert "Both came" in page.text
        assert "Missed" not in page.text
        assert f"/sessions/{today.public_id}/#who-came" in [a.get("href") for _, a in page.tags]

    form = {"shown": today.shown, "attended": "yes", "next": "/"}
    answer = as_alice.post(f"/sessions/{today.public_id}/attendance/", form)

    assert answer.url == "/"
    assert said(today) == ("attended", 0, [])


def test_of_three_it_is_all(as_alice, ann, ben, alice):
    family = start(ann, ben, ClientFactory(therapist=alice))
    book(family, NOW - 2 * HOUR)

    assert "All came" in read(as_alice.get("/")).text


def test_who_missed_is_said_on_the_sessions_page(as_alice, past, ann, ben):
    assert "Who came?" in read(as_alice.get(f"/sessions/{past.public_id}/")).heads

    press(as_alice, past, "no", ben.public_id)
    assert said(past) == ("booked", 1, [False])
    page = read(as_alice.get(f"/sessions/{past.public_id}/"))
    assert "The others came" in page.text
    assert "Both came" not in page.text

    press(as_alice, past, "yes", "others")
    assert said(past) == ("attended", 1, [True, False])
    assert "Completed, 1 missed" in read(as_alice.get(f"/sessions/{past.public_id}/")).text


def test_where_somebody_missed_it_nobody_is_offered_that_all_came(as_alice, couples, ben):
    today = book(couples, NOW - 2 * HOUR)
    press(as_alice, today, "no", ben.public_id)

    page = read(as_alice.get("/"))
    assert "Both came" not in page.text
    assert "Say who came" in page.text


def test_a_page_older_than_what_was_said_is_answered_with_that(as_alice, past, ann, ben):
    former = shown(as_alice, past, ben.public_id)
    press(as_alice, past, "yes", ben.public_id)

    form = {"shown": former, "attended": "no", "person": ben.public_id}
    answer = as_alice.post(f"/sessions/{past.public_id}/attendance/", form)

    assert answer.status_code == 409
    assert "Nothing was noted." in read(answer).text
    assert said(past) == ("booked", 0, [True])


@pytest.mark.parametrize("person", ["bcdfghjkmn", "x" * 50, "others "])
def test_somebody_who_does_not_take_part_cannot_be_named(as_alice, past, person):
    answer = as_alice.post(
        f"/sessions/{past.public_id}/attendance/",
        {"shown": past.shown, "attended": "no", "person": person},
    )

    assert "Choose whether they came" in read(as_alice.get(answer.url)).heads
    assert said(past) == ("booked", 0, [])


def test_a_client_sees_their_own_attendance_alone(past, ann, ben):
    say(past, ann, came=True)
    place = f"/sessions/{past.public_id}/"
    assert "Booked" in read(browser_for(ann).get(place)).text
    say(past, ben, came=False)

    for client, own in ((ann, "Completed"), (ben, "Did not attend")):
        browser = browser_for(client)
        page, listed = read(browser.get(place)), read(browser.get("/dashboard/sessions/"))
        assert own in page.text
        assert "missed" not in page.text.lower() + listed.text.lower()
        states = {"Completed", "Did not attend"} - {own}
        assert not any(other in page.text + listed.text for other in states)


def test_an_archive_has_the_attendance_of_whom_it_is_about(past, ann, ben):
    say(past, ann, came=True)
    say(past, ben, came=False)

    for client, state in ((ann, "attended"), (ben, "missed")):
        (session,) = export_client(client, NOW)["relationships"][0]["sessions"]
        assert session["state"]["key"] == state


def test_attendance_is_that_of_the_person_when_records_are_merged(past, alice, ann, ben):
    again = ClientFactory(therapist=alice)
    merge(ben, into=again, by=alice.user)

    say(past, ann, came=True)
    say(past, again, came=False)

    assert said(past) == ("attended", 1, [True, False])
    (session,) = export_client(again, NOW)["relationships"][0]["sessions"]
    assert session["state"]["key"] == "missed"


def test_whoever_is_erased_is_no_longer_asked_about_and_what_was_said_of_all_goes_with_them(
    past, alice, ann, ben
):
    by, work = alice.user, past.relationship
    other = book(work, NOW - 3 * DAY)
    say(other, ann, came=True)
    say(other, ben, came=False)
    work.end(by=by, reason="completed")
    erase(ben, by=by)
    say(past, ann, came=True)
    assert said(past) == ("attended", 0, [])

    erase(ann, by=by)

    assert not Session.objects.exists()
    assert not Attendance.objects.exists()
