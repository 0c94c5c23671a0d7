"""The therapist's pages of a session: book, record, move, cancel, attendance, details, list."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine

from practice.booking.models import BookingRules
from practice.diary.models import Session
from practice.profiles.models import Profile
from tests.diary import (
    DAY,
    FIFTY,
    HOUR,
    MINUTE,
    NOBODYS,
    NOW,
    WEDNESDAY,
    at,
    book,
    browser_for,
    row_of,
    works,
)
from tests.factories import ClientFactory, start
from tests.reading import read, whole


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def held(individual) -> Session:
    """A session of yesterday."""
    return book(individual, NOW - DAY)


@pytest.fixture
def add(as_alice, individual):
    """Send the form that adds a session."""

    def add(**typed: str):
        data = {"day": "2025-11-26", "time": "16:00", "minutes": "50"} | typed
        return as_alice.post(f"/relationships/{individual.public_id}/sessions/add/", data)

    return add


def refused(answer, *words: str) -> None:
    """The form comes back with the words, and nothing was booked."""
    page = read(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert "There is a problem" in page.heads
    for text in words:
        assert text in page.text
    assert not Session.objects.exclude(starts_at=WEDNESDAY).exists()


# Adding.


def test_the_therapist_books_a_session(add, as_alice, individual, alice, mailoutbox):
    answer = add(key=str(uuid4()))

    session = Session.objects.get()
    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    assert (session.starts_at, session.ends_at) == (WEDNESDAY, WEDNESDAY + FIFTY)
    assert (session.relationship, session.booked_by) == (individual, alice.user)
    assert (session.state, session.complimentary) == ("booked", False)
    page = read(as_alice.get(answer.url))
    assert page.heads[:2] == ["Session booked", "Session Details"]
    assert "Wednesday 26 November 2025, 4pm to 4:50pm" in page.text
    assert mailoutbox == []


def test_the_page_proposes_the_usual_length_and_has_a_key_of_its_own(as_alice, individual):
    address = f"/relationships/{individual.public_id}/sessions/add/"
    one, other = (read(as_alice.get(address)) for _ in range(2))

    assert one.value_of("minutes") == "50"
    assert one.value_of("key")
    assert one.value_of("key") != other.value_of("key")
    assert "Individual relationship with Ann Ashby" in one.text
    assert "In London time" in one.text


def test_the_page_proposes_the_length_of_the_therapists_rules(as_alice, individual, alice):
    BookingRules.objects.create(therapist=alice, session_minutes=80)

    page = read(as_alice.get(f"/relationships/{individual.public_id}/sessions/add/"))

    assert page.value_of("minutes") == "80"


def test_who_came_is_asked_by_name(as_alice, individual, couples):
    for relationship, question in [
        (individual, "Did Ann come?"),
        (couples, "Did Ann and Ben come?"),
    ]:
        page = read(as_alice.get(f"/relationships/{relationship.public_id}/sessions/add/"))
        assert question in page.text


@pytest.mark.parametrize(("came", "state"), [("yes", "attended"), ("no", "missed")])
def test_who_came_is_said_as_a_past_session_is_recorded(add, as_alice, came, state):
    answer = add(day="2025-11-03", time="09:30", came=came)

    assert Session.objects.get().state == state
    page = read(as_alice.get(answer.url))
    assert page.heads[0] == "Session recorded"
    assert "Did Ann come?" not in page.heads


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"came": "yes"}, "This session has not taken place yet: leave this open"),
        ({"came": "perhaps", "day": "2025-11-03"}, "Choose Came or Missed"),
        ({"came": "no", "day": "2025-11-20", "time": "09:30"}, "has not taken place yet"),
    ],
)
def test_nobody_came_to_what_is_not_over(add, typed, words):
    refused(add(**typed), words)


def test_a_session_that_took_place_is_recorded_and_asked_about(add, as_alice):
    answer = add(day="2025-11-03", time="09:30")

    page = read(as_alice.get(answer.url))
    assert page.heads[:2] == ["Session recorded", "Session Details"]
    assert "Did Ann come?" in page.heads
    assert Session.objects.get().starts_at == at("2025-11-03 09:30")


def test_a_session_of_an_ended_relationship_can_be_recorded(add, individual, alice):
    individual.end(by=alice.user, reason="completed")

    assert add(day="2025-11-03").status_code == 303
    individual.refresh_from_db()
    assert individual.is_ended


def test_a_complimentary_session_says_so(add, as_alice):
    page = read(as_alice.get(add(complimentary="on").url))

    assert Session.objects.get().complimentary
    assert "Fee Complimentary" in page.text


def test_a_time_that_is_taken_is_refused_and_what_was_typed_stays(add, session):
    answer = add(time="16:20", minutes="45", complimentary="on")

    refused(answer, "You have another session at that time")
    page = read(answer)
    typed = [page.value_of(name) for name in ("day", "time", "minutes")]
    assert typed == ["2025-11-26", "16:20", "45"]
    assert ("input", "complimentary") in [
        (tag, attrs.get("name")) for tag, attrs in page.tags if "checked" in attrs
    ]


def test_one_session_may_follow_another_at_once(add, session):
    assert add(time="16:50").status_code == 303


def test_the_same_form_sent_twice_books_once(add):
    key = str(uuid4())

    assert add(key=key).url == add(key=key).url
    assert Session.objects.count() == 1


def test_a_time_that_the_clock_skips_does_not_exist(add):
    answer = add(day="2026-03-29", time="01:30")

    refused(answer, "That time does not exist on that day: the clocks go forward")


def test_a_time_that_comes_twice_asks_which(add):
    answer = add(day="2026-10-25", time="01:30")

    refused(answer, "1:30am comes twice on 25 October 2026. Choose one", "Which of the two?")


def test_either_of_two_times_can_be_chosen(add):
    assert add(day="2026-10-25", time="01:30", which="later").status_code == 303
    assert add(day="2026-10-25", time="01:30", which="earlier").status_code == 303

    starts = Session.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert [f"{start:%H:%M}" for start in starts] == ["00:30", "01:30"]


def test_which_of_the_two_is_asked_only_where_there_are_two(add, as_alice):
    assert "Which of the two?" not in read(add(day="2026-10-25", time="02:00", minutes="")).text
    assert add(which="later").status_code == 303
    assert Session.objects.get().starts_at == WEDNESDAY


def test_a_choice_that_was_not_offered_is_refused(add):
    refused(add(day="2026-10-25", time="01:30", which="never"), "Choose the earlier or the later")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("", "Enter the date"),
        ("soon", "Enter a date"),
        ("2025-02-30", "Enter a date"),
        ("2015-11-15", "Enter a date within the last ten years or the next two"),
        ("2027-11-30", "Enter a date within the last ten years or the next two"),
        ("0001-01-01", "Enter a date within the last ten years or the next two"),
        ("9999-12-31", "Enter a date within the last ten years or the next two"),
        ("12025-11-26", "Enter a date"),
    ],
)
def test_a_date_out_of_range_is_refused(add, day, words):
    refused(add(day=day), words)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
@pytest.mark.parametrize(("day", "time"), [("0001-01-01", "00:00"), ("9999-12-31", "23:59")])
def test_the_ends_of_time_are_refused_everywhere(add, alice, zone, day, time):
    works(alice, zone=zone)

    refused(add(day=day, time=time))


def test_a_date_is_never_read_the_american_way(add):
    """In a box without a calendar, 3 April is typed 03/04/2026."""
    answer = add(day="03/04/2026")

    if answer.status_code == 303:
        assert Session.objects.get().starts_at == at("2026-04-03 16:00")
    else:
        refused(answer, "Enter a date")


@pytest.mark.parametrize(
    ("time", "words"),
    [
        ("", "Enter the time"),
        ("25:00", "Enter a time like 14:30"),
        ("noon", "Enter a time like 14:30"),
    ],
)
def test_a_time_that_is_none_is_refused(add, time, words):
    refused(add(time=time), words)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        ("", "Enter the length in minutes"),
        ("an hour", "Enter the length in minutes"),
        ("14", "A session lasts 15 minutes or more"),
        ("-50", "A session lasts 15 minutes or more"),
        ("1441", "A session lasts 1,440 minutes (24 hours) or less"),
        ("9" * 400, "A session lasts 1,440 minutes (24 hours) or less"),
    ],
)
def test_a_length_out_of_range_is_refused(add, minutes, words):
    refused(add(minutes=minutes), words)


@pytest.mark.parametrize("minutes", [15, 1440])
def test_the_ends_of_the_range_are_allowed(add, minutes):
    assert add(minutes=str(minutes)).status_code == 303
    session = Session.objects.get()
    assert session.ends_at - session.starts_at == minutes * MINUTE


# Details.


def test_the_details_say_what_it_is_and_lead_to_the_relationship(as_alice, session, individual):
    page = read(as_alice.get(f"/sessions/{session.public_id}/"))

    assert page.title.startswith("Session Details, 26 November 2025 – AA – ")
    assert "Wednesday 26 November 2025, 4pm to 4:50pm" in page.text
    assert "Client Ann Ashby" in page.text
    assert "Booked Thursday 20 November 2025 at 10am, by you" in page.text
    link = (f"/relationships/{individual.public_id}/", "Individual relationship")
    assert link in page.links
    assert "Individual relationship Active" in page.text
    assert f"/sessions/{session.public_id}/move/" in page.addresses
    assert f"/sessions/{session.public_id}/cancel/" in page.addresses


def test_an_ended_relationship_has_its_tag_and_the_session_is_still_on(
    as_alice, session, individual, alice
):
    individual.end(by=alice.user, reason="completed")

    page = read(as_alice.get(f"/sessions/{session.public_id}/"))

    assert "Individual relationship Ended 20 November 2025" in page.text
    assert "Session Details Booked" in page.text
    assert f"/sessions/{session.public_id}/cancel/" in page.addresses


def test_a_session_of_a_couple_names_both(as_alice, couples):
    page = read(as_alice.get(f"/sessions/{book(couples).public_id}/"))

    assert "Clients Ann Ashby and Ben Bright" in page.text
    assert "AA, BB" in page.title


def test_who_booked_is_named(as_alice, individual, ann):
    session = book(individual, by=ann.account)

    page = read(as_alice.get(f"/sessions/{session.public_id}/"))

    assert "Booked Thursday 20 November 2025 at 10am, by Ann" in page.text


def test_a_past_session_can_be_answered_and_no_longer_moved_or_cancelled(as_alice, held):
    page = read(as_alice.get(f"/sessions/{held.public_id}/"))

    assert "Did Ann come?" in page.heads
    assert not {a for a in page.addresses if a.endswith(("/move/", "/cancel/"))}


def test_a_session_to_come_is_not_asked_about(as_alice, session):
    assert "Did Ann come?" not in read(as_alice.get(f"/sessions/{session.public_id}/")).heads


# Moving.


def test_the_page_to_move_begins_with_the_present_time(as_alice, session):
    page = read(as_alice.get(f"/sessions/{session.public_id}/move/"))

    assert (page.value_of("day"), page.value_of("time")) == ("2025-11-26", "16:00")
    assert (
        "Now Wednesday 26 November 2025, 4pm to 4:50pm (London time), with Ann Ashby" in page.text
    )


@pytest.mark.database
def test_a_session_is_moved(as_alice, session, mailoutbox):
    address = f"/sessions/{session.public_id}/move/"

    answer = as_alice.post(address, {"day": "2025-11-27", "time": "09:00", "asked": "therapist"})

    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    page = read(as_alice.get(answer.url))
    assert page.heads[0] == "Session moved"
    assert "Thursday 27 November 2025, 9am to 9:50am" in page.text
    assert "Moved Thursday 20 November 2025 at 10am, by you" in page.text
    assert mailoutbox == []


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("what", ["move", "cancel"])
def test_the_therapist_notes_that_the_client_asked(as_alice, session, what, asked):
    typed = {"day": "2025-11-27", "time": "09:00", "asked": "client" if asked else "therapist"}

    page = read(as_alice.get(f"/sessions/{session.public_id}/{what}/"))
    as_alice.post(f"/sessions/{session.public_id}/{what}/", typed)

    assert "Who asked for this?" in page.text
    column = {"move": "moved_for_client", "cancel": "cancelled_for_client"}[what]
    assert row_of(session)[column] is asked


def test_a_session_is_not_moved_onto_another(as_alice, session, couples):
    other = book(couples, WEDNESDAY + HOUR)
    before = row_of(other)
    address = f"/sessions/{other.public_id}/move/"

    answer = as_alice.post(address, {"day": "2025-11-26", "time": "16:30", "asked": "client"})

    page = read(answer)
    assert answer.status_code == 422
    assert page.title.startswith("Error: Move this session")
    assert "You have another session at that time" in page.text
    assert "Now Wednesday 26 November 2025, 5pm to 5:50pm" in page.text
    assert row_of(other) == before


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"day": "2026-03-29", "time": "01:30"}, "That time does not exist on that day"),
        ({"day": "2026-10-25", "time": "01:30"}, "1:30am comes twice on 25 October 2026"),
        ({"day": "2035-01-01", "time": "10:00"}, "Enter a date within the last ten years"),
        ({}, "Enter the date"),
    ],
)
def test_a_session_is_not_moved_to_a_time_that_is_none(as_alice, session, typed, words):
    before = row_of(session)

    answer = as_alice.post(f"/sessions/{session.public_id}/move/", typed)

    assert answer.status_code == 422
    assert words in read(answer).text
    assert row_of(session) == before


def test_the_later_of_two_times_is_moved_to(as_alice, session):
    typed = {"day": "2026-10-25", "time": "01:30", "which": "later", "asked": "client"}

    assert as_alice.post(f"/sessions/{session.public_id}/move/", typed).status_code == 303
    assert row_of(session)["starts_at"].isoformat() == "2026-10-25T01:30:00+00:00"


@pytest.mark.parametrize("page", ["move", "cancel"])
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("state", ["over", "cancelled", "attended"])
def test_what_is_no_longer_booked_is_a_polite_message(
    as_alice, alice, session, held, page, method, state
):
    if state == "cancelled":
        session.cancel(by=alice.user)
    elif state == "attended":
        held.set_attendance(attended=True)
    gone = session if state == "cancelled" else held
    before = row_of(gone)
    typed = {"day": "2025-11-27", "time": "09:00", "asked": "client"}

    answer = getattr(as_alice, method)(f"/sessions/{gone.public_id}/{page}/", typed)

    assert (answer.status_code, answer.url) == (303, f"/sessions/{gone.public_id}/")
    assert "This session is no longer booked" in read(as_alice.get(answer.url)).heads
    assert row_of(gone) == before


# Cancelling.


def test_the_page_to_cancel_says_what_happens_and_changes_nothing(as_alice, session):
    before = row_of(session)

    page = read(as_alice.get(f"/sessions/{session.public_id}/cancel/"))

    assert (
        "Wednesday 26 November 2025, 4pm to 4:50pm (London time), Individual with Ann" in page.text
    )
    assert "Ann will not get a message, so let them know." in page.text
    assert "The time can be booked again." in page.text
    assert "You can put the session back while its time is free." in page.text
    assert row_of(session) == before


@pytest.mark.parametrize(
    ("ahead", "short"),
    [
        (48 * HOUR, False),
        (48 * HOUR - MINUTE, True),
        (2 * HOUR, True),
        (MINUTE, True),
    ],
    ids=str,
)
@pytest.mark.parametrize("side", ["therapist", "client"])
def test_under_48_hours_the_page_says_so(as_alice, as_ann, individual, ahead, short, side):
    session = book(individual, NOW + ahead)
    browser = as_alice if side == "therapist" else as_ann

    page = read(browser.get(f"/sessions/{session.public_id}/cancel/"))

    assert page.heads[0] == "Cancel this session"
    assert ("Less than 48 hours’ notice" in page.heads) is short


@pytest.mark.usefixtures("hours_pass")
@pytest.mark.parametrize(
    ("side", "to_themselves", "to_the_other"),
    [("therapist", "by you", "by Alice"), ("client", "by you", "by Ann")],
)
def test_either_side_cancels_and_who_and_when_is_shown_to_both(
    as_alice, as_ann, session, clock, mailoutbox, side, to_themselves, to_the_other
):
    mine, theirs = (as_alice, as_ann) if side == "therapist" else (as_ann, as_alice)
    address = f"/sessions/{session.public_id}/"
    clock.shift(HOUR)

    answer = mine.post(f"{address}cancel/", {"asked": "therapist"})

    assert (answer.status_code, answer.url) == (303, address)
    page = read(mine.get(address))
    assert page.heads[:2] == ["Session cancelled", "Session Details"]
    moment = "Cancelled Thursday 20 November 2025 at 11am"
    assert f"{moment}, {to_themselves}" in page.text
    assert f"{moment}, {to_the_other}" in read(theirs.get(address)).text
    assert "as the client asked" not in page.text  # who cancels for themselves asks nobody
    assert not {a for a in page.addresses if a.endswith(("/move/", "/cancel/"))}
    assert mailoutbox == []


def test_a_second_click_keeps_the_first_canceller(as_alice, as_ann, session, ann):
    as_ann.post(f"/sessions/{session.public_id}/cancel/")
    before = row_of(session)

    as_alice.post(f"/sessions/{session.public_id}/cancel/")

    assert row_of(session) == before
    assert before["cancelled_by_id"] == ann.account_id


# Attendance.


@pytest.mark.parametrize(
    ("attended", "state", "words"),
    [("yes", "attended", "Completed"), ("no", "missed", "Did not attend")],
)
@pytest.mark.parametrize("ended", [False, True], ids=["active", "ended"])
def test_attendance_is_noted(as_alice, held, individual, alice, attended, state, words, ended):
    if ended:
        individual.end(by=alice.user, reason="completed")
    address = f"/sessions/{held.public_id}/"

    answer = as_alice.post(f"{address}attendance/", {"attended": attended})

    assert (answer.status_code, answer.url) == (303, address)
    page = read(as_alice.get(address))
    assert page.heads[0] == "Attendance noted"
    assert f"Session Details {words}" in page.text
    assert row_of(held)["state"] == state


@pytest.mark.parametrize("typed", [{}, {"attended": ""}, {"attended": "maybe"}, {"other": "yes"}])
def test_no_answer_is_no_attendance(as_alice, held, typed):
    answer = as_alice.post(f"/sessions/{held.public_id}/attendance/", typed)

    assert answer.status_code == 303
    assert "Choose whether they came" in read(as_alice.get(answer.url)).heads
    assert row_of(held)["state"] == "booked"


def test_attendance_of_what_is_to_come_or_cancelled_is_not_noted(as_alice, alice, session, held):
    held.cancel(by=alice.user)
    for one, state in ((session, "booked"), (held, "cancelled")):
        answer = as_alice.post(f"/sessions/{one.public_id}/attendance/", {"attended": "yes"})

        heads = read(as_alice.get(answer.url)).heads
        assert "Attendance cannot be noted for this session" in heads
        assert row_of(one)["state"] == state


def test_reading_never_notes_attendance(as_alice, held):
    answer = as_alice.get(f"/sessions/{held.public_id}/attendance/?attended=yes")

    assert (answer.status_code, answer.url) == (303, f"/sessions/{held.public_id}/")
    assert row_of(held)["state"] == "booked"


# Other people's.

ADDRESSES = [
    ("get", "/sessions/{session}/"),
    ("get", "/sessions/{session}/calendar.ics"),
    ("get", "/sessions/{session}/cancel/"),
    ("post", "/sessions/{session}/cancel/"),
    ("get", "/sessions/{session}/move/"),
    ("post", "/sessions/{session}/move/"),
    ("post", "/sessions/{session}/attendance/"),
    ("get", "/relationships/{relationship}/sessions/add/"),
    ("post", "/relationships/{relationship}/sessions/add/"),
    ("get", "/clients/{client}/sessions/"),
]
OF_BOTH = [p for p in ADDRESSES if p[1].endswith(("{session}/", ".ics", "cancel/", "move/"))]
TYPED = {"day": "2025-11-27", "time": "09:00", "minutes": "50", "attended": "yes"}


def answers(browser, method: str, address: str, session: Session) -> list:
    """The answers to an address of this session, and to one of nobody's."""
    real = {
        "session": session.public_id,
        "relationship": session.relationship.public_id,
        "client": session.relationship.people[0].public_id,
    }
    unknown = dict.fromkeys(real, NOBODYS)
    ask = getattr(browser, method)
    return [ask(address.format(**ids), TYPED) for ids in (real, unknown)]


def alike(one, other) -> bool:
    """Whether two answers are the same, byte for byte."""
    return whole(one) == whole(other)


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_a_colleagues_session_is_as_unknown_as_none(as_bob, individual, method, address):
    session = book(individual, NOW - DAY)
    before = row_of(session)

    theirs, nobodys = answers(as_bob, method, address, session)

    assert theirs.status_code == 404
    assert alike(theirs, nobodys)
    assert row_of(session) == before


@pytest.mark.parametrize(("method", "address"), OF_BOTH)
def test_another_clients_session_is_as_unknown_as_none(session, ben, method, address):
    before = row_of(session)

    theirs, nobodys = answers(browser_for(ben), method, address, session)

    assert theirs.status_code == 404
    assert alike(theirs, nobodys)
    assert row_of(session) == before


@pytest.mark.parametrize(("method", "address"), [pair for pair in ADDRESSES if pair not in OF_BOTH])
def test_a_client_attends_and_adds_nothing(as_ann, individual, method, address):
    session = book(individual, NOW - DAY)
    before = row_of(session)

    own, nobodys = answers(as_ann, method, address, session)

    assert own.status_code == 403
    assert alike(own, nobodys)
    assert row_of(session) == before
    assert Session.objects.count() == 1


@pytest.mark.parametrize(("method", "address"), ADDRESSES)
def test_nobody_sees_a_session_without_signing_in(client, session, method, address):
    for answer in answers(client, method, address, session):
        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in/")


# The Sessions tab.


def test_the_tab_lists_what_is_to_come_and_what_is_past(as_alice, ann, individual, couples, alice):
    to_come, sooner = book(individual), book(couples, WEDNESDAY - DAY)
    attended, missed = book(individual, NOW - 7 * DAY), book(individual, NOW - 14 * DAY)
    attended.set_attendance(attended=True)
    missed.set_attendance(attended=False)
    cancelled = book(couples, WEDNESDAY + DAY)
    cancelled.cancel(by=alice.user)

    page = read(as_alice.get(f"/clients/{ann.public_id}/sessions/"))

    order = [sooner, to_come, cancelled, attended, missed]
    listed = [a for a in page.addresses if a.startswith("/sessions/")]
    assert listed == [f"/sessions/{one.public_id}/" for one in order]
    assert page.heads[-2:] == ["Next sessions", "Past sessions"]
    rows = [page.cells[start : start + 4] for start in range(0, len(page.cells), 4)]
    head, details = ["Date", "Time", "Relationship", "State"], "Session Details"
    assert rows == [
        head,
        [
            f"Tuesday 25 November 2025, {details}",
            "4pm to 4:50pm (London time)",
            "Couples",
            "Booked",
        ],
        [f"Wednesday 26 November 2025, {details}", "4pm to 4:50pm", "", "Booked"],
        head,
        [f"Thursday 27 November 2025, {details}", "4pm to 4:50pm", "Couples", "Cancelled"],
        [f"Thursday 13 November 2025, {details}", "10am to 10:50am", "", ""],
        [f"Thursday 6 November 2025, {details}", "10am to 10:50am", "", "Did not attend"],
    ]


def test_the_tab_of_the_other_half_of_a_couple_has_only_theirs(as_alice, ben, individual, couples):
    alone, together = book(individual), book(couples, WEDNESDAY + DAY)

    page = read(as_alice.get(f"/clients/{ben.public_id}/sessions/"))

    assert f"/sessions/{together.public_id}/" in page.addresses
    assert f"/sessions/{alone.public_id}/" not in page.addresses


def test_an_empty_tab_says_so(as_alice, ann, individual):
    page = read(as_alice.get(f"/clients/{ann.public_id}/sessions/"))

    assert "No sessions booked." in page.text
    assert "No past sessions." in page.text


def test_past_sessions_are_25_a_page(as_alice, ann, individual):
    for days in range(1, 27):
        book(individual, NOW - days * DAY)
    address = f"/clients/{ann.public_id}/sessions/"

    first, second = (read(as_alice.get(address, {"page": page})) for page in ("1", "2"))

    count = [sum(a.startswith("/sessions/") for a in page.addresses) for page in (first, second)]
    assert count == [25, 1]
    assert "Page 1 of 2" in first.text
    for odd in ("0", "-1", "99", "x", "9" * 400):
        assert as_alice.get(address, {"page": odd}).status_code == 200


def test_the_overview_and_the_relationship_show_the_next_session(as_alice, ann, individual):
    book(individual, WEDNESDAY + timedelta(days=7))
    session = book(individual)

    for address in (f"/clients/{ann.public_id}/", f"/relationships/{individual.public_id}/"):
        page = read(as_alice.get(address))
        assert "Next session Wednesday 26 November 2025" in page.text
        assert "4pm to 4:50pm" in page.text
        assert f"/sessions/{session.public_id}/" in page.addresses


def test_the_end_page_says_in_a_line_what_stays_booked(as_alice, individual, alice, ann):
    one, other = book(individual), book(individual, WEDNESDAY + DAY)
    book(individual, WEDNESDAY + 2 * DAY).cancel(by=alice.user)
    book(individual, NOW - DAY)
    address = f"/relationships/{individual.public_id}/end/"

    page = read(as_alice.get(address))

    line = "2 sessions stay booked, the first on Wednesday 26 November, 4pm (London time). See them"
    assert line in page.text
    assert (f"/clients/{ann.public_id}/sessions/", "See them") in page.links
    as_alice.post(address, {"reason": "completed"})
    assert {row_of(one)["state"], row_of(other)["state"]} == {"booked"}
    assert "Wednesday 26 November 2025" in read(as_alice.get("/diary/2025-11-24/")).text


def test_the_end_page_speaks_of_one_session_as_one(as_alice, session, individual):
    page = read(as_alice.get(f"/relationships/{individual.public_id}/end/"))

    assert "1 session stays booked, on Wednesday 26 November, 4pm (London time)." in page.text
    assert (f"/sessions/{session.public_id}/", "Session Details") in page.links


def test_the_end_page_is_silent_where_nothing_is_booked(as_alice, individual, held):
    page = read(as_alice.get(f"/relationships/{individual.public_id}/end/"))

    assert "booked" not in page.text


def test_somebody_elses_sessions_are_not_on_the_end_page(as_alice, individual, couples, ben):
    book(start(ben), WEDNESDAY)
    book(start(ClientFactory(therapist=ben.therapist)), WEDNESDAY + DAY)

    page = read(as_alice.get(f"/relationships/{individual.public_id}/end/"))

    assert "booked" not in page.text


def test_the_fee_of_the_kind_is_shown_where_the_profile_names_one(as_ann, as_alice, alice, couples):
    appointment = book(couples)
    page = f"/sessions/{appointment.public_id}/"
    assert "Fee" not in read(as_ann.get(page)).text

    Profile.objects.create(therapist=alice, fee_individual=70, fee_couples=90)

    for browser in (as_ann, as_alice):
        assert "Fee £90" in read(browser.get(page)).text
