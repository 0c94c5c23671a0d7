"""A press on a page of a session does what that page said, or says what has changed since."""

from uuid import uuid4

import pytest
import time_machine

from practice.diary.models import Session
from tests.diary import DAY, HOUR, NOW, WEDNESDAY, at, book, row_of
from tests.factories import reads_in
from tests.pressing import again, hidden
from tests.reading import read

CONFIRM = {
    "cancel": {"asked": "client"},
    "move": {"day": "2025-11-27", "time": "09:00", "asked": "client"},
}


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def held(individual) -> Session:
    """A session of yesterday."""
    return book(individual, NOW - DAY)


def opened(browser, address: str) -> dict[str, str]:
    """Open a page, and return what its form will send by itself."""
    return hidden(read(browser.get(address)))


# Cancelling and moving.


@pytest.mark.parametrize("side", ["therapist", "client"])
def test_a_session_that_was_moved_meanwhile_is_not_cancelled(
    as_alice, as_ann, alice, session, side
):
    browser, address = (
        {"therapist": as_alice, "client": as_ann}[side],
        address_of(session, "cancel"),
    )
    sent = opened(browser, address)
    session.move(starts_at=WEDNESDAY + 7 * DAY, by=alice.user)
    before = row_of(session)

    page = again(browser.post(address, sent), "Nothing was cancelled.")

    assert row_of(session) == before
    assert "Wednesday 3 December 2025, 4pm to 4:50pm" in page.text
    assert "26 November" not in page.text
    assert browser.post(address, hidden(page) | CONFIRM["cancel"]).status_code == 303
    assert row_of(session)["state"] == "cancelled"


def test_a_session_that_was_moved_meanwhile_is_not_moved_on(as_alice, alice, session):
    address = address_of(session, "move")
    sent = opened(as_alice, address) | CONFIRM["move"]
    session.move(starts_at=WEDNESDAY + 7 * DAY, by=alice.user)
    before = row_of(session)

    page = again(as_alice.post(address, sent), "Nothing was moved.")

    assert row_of(session) == before
    assert "Now Wednesday 3 December 2025, 4pm to 4:50pm (London time), with Ann Ashby" in page.text
    assert (page.value_of("day"), page.value_of("time")) == ("2025-11-27", "09:00")
    assert as_alice.post(address, hidden(page) | CONFIRM["move"]).status_code == 303
    assert row_of(session)["starts_at"] == at("2025-11-27 09:00")


def test_a_session_that_was_moved_there_and_back_is_asked_about_again(as_alice, alice, session):
    sent = opened(as_alice, address_of(session, "cancel"))
    for starts_at in (WEDNESDAY + DAY, WEDNESDAY):
        session.move(starts_at=starts_at, by=alice.user)

    again(as_alice.post(address_of(session, "cancel"), sent), "Nothing was cancelled.")


def test_what_was_ticked_on_the_page_to_cancel_stays_ticked(as_alice, alice, session):
    sent = opened(as_alice, address_of(session, "cancel"))
    session.move(starts_at=WEDNESDAY + DAY, by=alice.user)

    answer = as_alice.post(address_of(session, "cancel"), sent | {"asked": "client"})

    page = again(answer, "Nothing was cancelled.")
    ticked = [attrs["value"] for tag, attrs in page.tags if tag == "input" and "checked" in attrs]
    assert ticked == ["client"]


@pytest.mark.parametrize("what", CONFIRM)
@pytest.mark.parametrize("shown", [None, "", "nonsense", "1 booked", "0\0", "9" * 5000])
def test_a_page_that_does_not_say_what_it_showed_is_out_of_date(as_alice, session, what, shown):
    before = row_of(session)

    answer = as_alice.post(address_of(session, what), CONFIRM[what] | {"shown": shown})

    again(answer, "Nothing was")
    assert row_of(session) == before


def test_a_session_moves_to_the_time_that_the_page_was_speaking_of(as_alice, alice, session):
    """The page says "In London time"; meanwhile its reader has chosen New York."""
    address = address_of(session, "move")
    sent = opened(as_alice, address) | CONFIRM["move"]
    reads_in(alice.user, "America/New_York")
    before = row_of(session)

    page = again(as_alice.post(address, sent), "Nothing was moved.")

    assert row_of(session) == before
    assert "Now Wednesday 26 November 2025, 11am to 11:50am" in page.text
    assert "In New York time" in page.text


def test_moving_twice_by_a_double_click_moves_once(as_alice, session):
    address = address_of(session, "move")
    sent = opened(as_alice, address) | CONFIRM["move"]

    answers = [as_alice.post(address, sent) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert read(as_alice.get(answers[1].url)).heads[0] == "Session moved"
    assert row_of(session)["revision"] == 1


def test_the_same_page_to_move_sent_with_another_time_moves_nothing_on(as_alice, session):
    address = address_of(session, "move")
    sent = opened(as_alice, address)
    as_alice.post(address, sent | CONFIRM["move"])

    answer = as_alice.post(address, sent | CONFIRM["move"] | {"time": "10:00"})

    again(answer, "Nothing was moved.")
    assert row_of(session)["starts_at"] == at("2025-11-27 09:00")


# Attendance.


@pytest.fixture
def answer_of(as_alice, held):
    """Say whether they came, as a page that was opened now or before lets one."""

    def answer_of(attended: str, **sent: str):
        address = f"{address_of(held, 'attendance')}"
        return as_alice.post(address, {"attended": attended} | sent)

    return answer_of


def test_attendance_that_was_answered_otherwise_meanwhile_is_left_alone(as_alice, held, answer_of):
    sent = opened(as_alice, f"/sessions/{held.public_id}/")
    held.set_attendance(attended=False)

    page = again(answer_of("yes", **sent), "Nothing was noted.")

    assert row_of(held)["state"] == "missed"
    assert "Session Details Did not attend" in page.text
    assert answer_of("yes", **hidden(page)).status_code == 303
    assert row_of(held)["state"] == "attended"


def test_attendance_that_was_answered_so_meanwhile_is_noted(as_alice, held, answer_of):
    sent = opened(as_alice, "/diary/2025-11-17/")
    assert answer_of("yes", **sent).status_code == 303

    answer = answer_of("yes", **sent)

    assert answer.status_code == 303
    assert read(as_alice.get(answer.url)).heads[0] == "Attendance noted"


def test_attendance_of_a_page_from_before_is_asked_again(held, answer_of):
    again(answer_of("yes", shown=None), "Nothing was noted.")

    assert row_of(held)["state"] == "booked"


# Adding.


@pytest.fixture
def adding(individual) -> str:
    return f"/relationships/{individual.public_id}/sessions/add/"


TYPED = {"day": "2025-11-26", "time": "16:00", "minutes": "50"}


def test_a_session_is_added_in_the_zone_of_the_page(as_alice, alice, adding):
    sent = opened(as_alice, adding) | TYPED
    reads_in(alice.user, "America/New_York")

    page = again(as_alice.post(adding, sent), "Nothing was added.")

    assert not Session.objects.exists()
    assert "In New York time" in page.text
    assert page.value_of("time") == "16:00"
    assert as_alice.post(adding, hidden(page) | TYPED).status_code == 303
    assert Session.objects.get().starts_at == at("2025-11-26 16:00", "America/New_York")


@pytest.mark.parametrize(
    "other", [{"day": "2025-11-27"}, {"minutes": "80"}, {"complimentary": "on"}], ids=str
)
def test_a_form_that_has_added_a_session_does_not_say_so_of_another(as_alice, adding, other):
    """One presses Back, types another date, and presses the button again."""
    sent = opened(as_alice, adding) | TYPED
    as_alice.post(adding, sent)

    page = again(as_alice.post(adding, sent | other), "Nothing was added.")

    assert Session.objects.count() == 1
    assert "This page has added a session on Wednesday 26 November 2025 at 4pm" in page.text
    assert page.value_of("key") != sent["key"]
    assert page.value_of("day") == (TYPED | other)["day"]


def test_another_session_can_be_added_from_there(as_alice, adding):
    sent = opened(as_alice, adding) | TYPED
    as_alice.post(adding, sent)
    page = again(as_alice.post(adding, sent | {"day": "2025-11-27"}), "Nothing was added.")

    assert as_alice.post(adding, hidden(page) | TYPED | {"day": "2025-11-27"}).status_code == 303
    starts = Session.objects.order_by("starts_at").values_list("starts_at", flat=True)
    assert list(starts) == [WEDNESDAY, WEDNESDAY + DAY]


def test_the_model_books_once_for_a_key_and_says_when_another_is_meant(individual):
    key = uuid4()
    made = book(individual, key=key)

    assert book(individual, key=key) == made
    with pytest.raises(Session.Changed):
        book(individual, WEDNESDAY + HOUR, key=key)
    assert Session.objects.count() == 1


# The UPDATE itself, whatever was read before it.


def test_what_is_read_is_compared_again_as_it_is_written(individual, alice, session, held):
    one, other = (Session.objects.get(pk=session.pk) for _ in range(2))
    one.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    for act in (
        lambda: other.cancel(by=alice.user, if_unchanged=True),
        lambda: other.move(starts_at=WEDNESDAY + HOUR, by=alice.user, if_unchanged=True),
    ):
        other.revision, before = 0, row_of(session)
        with pytest.raises(Session.Changed):
            act()
        assert row_of(session) == before
        assert other.starts_at == WEDNESDAY + DAY

    stale = Session.objects.get(pk=held.pk)
    held.set_attendance(attended=False)
    with pytest.raises(Session.Changed):
        stale.set_attendance(attended=True, if_unchanged=True)
    assert row_of(held)["state"] == "missed"


def address_of(session: Session, what: str) -> str:
    return f"/sessions/{session.public_id}/{what}/"
