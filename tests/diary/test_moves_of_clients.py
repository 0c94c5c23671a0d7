"""A client moves a booked session to a free time, while the notice allows."""

from uuid import uuid4

import pytest
import time_machine

from practice.audit.models import Entry
from practice.diary.models import Session
from tests.diary import (
    DAY,
    FIFTY,
    HOUR,
    MINUTE,
    NOW,
    WEDNESDAY,
    at,
    book,
    browser_for,
    off,
    row_of,
    works,
)
from tests.factories import reads_in, start
from tests.pressing import hidden
from tests.reading import read

THURSDAY = at("2025-11-27 10:00")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def working(alice):
    return works(alice, "09:00-17:00")


def address(session: Session, *parts: str) -> str:
    return "/".join([f"/sessions/{session.public_id}/move", *parts, ""])


def slots(page) -> list[str]:
    """Return the addresses of the free times of a page, in order."""
    return [a for a in page.addresses if "/move/2025-" in a]


def check(browser, session: Session, day: str = "2025-11-27", time: str = "1000"):
    answer = browser.get(address(session, day, time))
    assert answer.status_code == 200
    return read(answer)


def press(browser, session: Session, page, day: str = "2025-11-27", time: str = "1000"):
    return browser.post(address(session, day, time), hidden(page))


def test_a_client_moves_a_session_to_a_free_time(as_ann, as_alice, alice, ann, session, working):
    page = read(as_ann.get(address(session), {"week": "2025-11-24"}))
    assert page.title.startswith("Move this session – ")
    assert "Now Wednesday 26 November 2025, 4pm to 4:50pm" in page.text
    assert "You can move it until Tuesday 25 November, 4pm" in page.text
    assert address(session, "2025-11-27", "1000") in slots(page)
    assert address(session, "2025-11-26", "1600") not in slots(page)

    page = check(as_ann, session)
    assert "New time Thursday 27 November 2025, 10am to 10:50am" in page.text
    answer = press(as_ann, session, page)

    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    session.refresh_from_db()
    assert (session.starts_at, session.ends_at) == (THURSDAY, THURSDAY + FIFTY)
    assert (session.moved_from, session.moved_by) == (WEDNESDAY, ann.account)
    assert Entry.objects.filter(verb="session_moved", about=f"session:{session.public_id}").exists()
    page = read(as_ann.get(answer.url))
    assert page.heads[0] == "Session moved"
    moved = "Moved Thursday 20 November 2025 at 10am, by you, from Wednesday 26 November, 4pm"
    assert moved in page.text
    assert "as the client asked" not in page.text
    news = "Ann Ashby moved a session from Wednesday 26 November, 4pm to Thursday 27 November, 10am"
    assert news in read(as_alice.get("/")).text
    details = read(as_alice.get(f"/sessions/{session.public_id}/")).text
    assert "by Ann, from Wednesday 26 November, 4pm" in details


def test_what_a_client_moves_they_have_asked_for(as_ann, session, working):
    press(as_ann, session, check(as_ann, session))

    session.refresh_from_db()
    assert (session.moved_for_client, session.last_own_move) == (True, None)


def test_of_two_moves_only_the_last_says_from_when(as_alice, ann, session):
    for days in (1, 2):
        with time_machine.travel(NOW + days * HOUR, tick=False):
            session.move(starts_at=WEDNESDAY + days * DAY, by=ann.account)

    text = read(as_alice.get("/")).text

    assert "moved a session from Thursday 27 November, 4pm to Friday 28 November, 4pm" in text
    assert "Ann Ashby moved Friday 28 November, 4pm" in text


def test_its_own_time_is_free_for_a_session_that_overlaps_it(as_ann, individual, alice):
    works(alice, "09:00-11:00")
    session = book(individual, at("2025-11-26 09:30"))

    assert press(
        as_ann, session, check(as_ann, session, "2025-11-26", "0900"), "2025-11-26", "0900"
    )
    session.refresh_from_db()
    assert session.starts_at == at("2025-11-26 09:00")


def test_a_longer_session_is_offered_times_that_it_fits_in(as_ann, individual, alice):
    works(alice, "09:00-11:00")
    session = book(individual, WEDNESDAY, length=2 * FIFTY)

    found = slots(read(as_ann.get(address(session), {"week": "2025-11-24"})))

    assert [a for a in found if "2025-11-27" in a] == [address(session, "2025-11-27", "0900")]


def test_one_of_a_series_moves_alone(as_ann, individual, alice, working):
    series = Session.book_series(
        individual,
        starts=[WEDNESDAY + n * 7 * DAY for n in range(3)],
        length=FIFTY,
        by=alice.user,
        series=uuid4(),
    )

    press(as_ann, series[0], check(as_ann, series[0]))

    starts = [Session.objects.get(pk=s.pk).starts_at for s in series]
    assert starts == [THURSDAY, WEDNESDAY + 7 * DAY, WEDNESDAY + 14 * DAY]


def test_as_many_as_may_be_booked_can_be_moved(as_ann, individual, ann, alice):
    works(alice, most_booked=1)
    session = book(individual, by=ann.account)

    assert press(as_ann, session, check(as_ann, session)).status_code == 303


def test_what_is_taken_off_or_too_near_is_not_offered(as_ann, session, carl, alice, couples):
    works(alice, "10:00-11:00")
    off(alice, "2025-11-24", "2025-11-25")
    book(couples, THURSDAY)

    page = read(as_ann.get(address(session), {"week": "2025-11-24"}))

    assert slots(page)[:1] == [address(session, "2025-11-26", "1000")]
    for day in ("2025-11-25", "2025-11-27", "2025-11-20"):
        assert as_ann.get(address(session, day, "1000")).status_code == 409


def lost(answer, *words: str):
    """The answer where nothing was moved: what is so now, with the focus on what happened."""
    assert answer.status_code == 409
    page = read(answer)
    assert page.title.startswith("Error: ")
    for text in words:
        assert text in page.text
    return page


def test_a_time_taken_since_is_not_moved_to(as_ann, session, couples, working):
    page = check(as_ann, session)
    book(couples, THURSDAY)
    before = row_of(session)

    lost(
        press(as_ann, session, page),
        "That time has just been taken",
        "Nothing has been moved. Choose another time.",
        "Now Wednesday 26 November 2025, 4pm to 4:50pm",
    )
    assert row_of(session) == before


def test_a_session_that_its_therapist_has_moved_since_is_shown_as_it_is(
    as_ann, session, alice, working
):
    page = check(as_ann, session)
    session.move(starts_at=WEDNESDAY + 2 * DAY, by=alice.user)
    before = row_of(session)

    page = lost(
        press(as_ann, session, page),
        "Nothing was moved.",
        "Now Friday 28 November 2025, 4pm to 4:50pm",
    )
    assert row_of(session) == before
    assert press(as_ann, session, page).status_code == 303


def test_a_second_click_moves_once(as_ann, session, working):
    page = check(as_ann, session)

    answers = [press(as_ann, session, page) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert read(as_ann.get(answers[1].url)).heads[0] == "Session moved"
    assert row_of(session)["revision"] == 1


def test_the_instant_that_was_shown_is_moved_to_in_whichever_zone(as_ann, ann, session, working):
    page = check(as_ann, session)
    reads_in(ann.account, "Asia/Tokyo")

    press(as_ann, session, page)

    assert row_of(session)["starts_at"] == THURSDAY


@pytest.mark.parametrize("when", ["opened", "pressed"])
def test_with_less_notice_than_is_asked_for_nothing_is_moved(
    as_ann, individual, clock, working, when
):
    session = book(individual, NOW + DAY + 10 * MINUTE)
    page = check(as_ann, session) if when == "pressed" else None
    clock.move_to(NOW + 10 * MINUTE)

    answer = press(as_ann, session, page) if page else as_ann.get(address(session))

    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    page = read(as_ann.get(answer.url))
    assert page.heads[0] == "This session can no longer be moved here"
    assert "It is too late to move the session here. You can cancel" in page.text
    assert address(session) not in page.addresses
    assert row_of(session)["moved_at"] is None


@pytest.mark.parametrize("what", ["cancelled", "erased"])
def test_a_session_that_is_no_longer_booked_is_not_moved(as_ann, session, alice, working, what):
    page = check(as_ann, session)
    if what == "cancelled":
        session.cancel(by=alice.user)
        answer = press(as_ann, session, page)
        assert read(as_ann.get(answer.url)).heads[0] == "This session is no longer booked"
    else:
        session.delete()
        assert press(as_ann, session, page).status_code == 404


def test_the_model_lets_a_client_move_nothing_that_has_begun(ann, session, clock):
    clock.move_to(WEDNESDAY + HOUR / 2)

    with pytest.raises(Session.HasBegun):
        session.move(starts_at=WEDNESDAY + DAY, by=ann.account)


@pytest.mark.parametrize("end", ["died", "closed"])
def test_work_of_which_nothing_is_said_has_no_page_to_move(
    as_ann, alice, individual, session, working, end
):
    if end == "died":
        individual.end(by=alice.user, reason="died")
    else:
        individual.end(by=alice.user, reason="completed")
        individual.is_closed = True
        individual.save()

    assert as_ann.get(address(session)).status_code == 404
    assert as_ann.post(address(session, "2025-11-27", "1000")).status_code == 404
    for page in (f"/sessions/{session.public_id}/", "/dashboard/"):
        assert address(session) not in read(as_ann.get(page)).addresses


def test_ended_work_leaves_its_sessions_to_be_moved(as_ann, alice, individual, session, working):
    individual.end(by=alice.user, reason="completed")

    assert press(as_ann, session, check(as_ann, session)).status_code == 303
    individual.refresh_from_db()
    assert individual.is_ended


@pytest.mark.parametrize("opened", ["/dashboard/", "/sessions/{}/"])
def test_pages_of_a_client_lead_to_it(as_ann, session, opened):
    assert address(session) in read(as_ann.get(opened.format(session.public_id))).addresses


def test_somebody_else_s_session_is_as_unknown_as_none(session, carl, working):
    browser = browser_for(start(carl).people[0])

    for parts in ([], ["2025-11-27", "1000"]):
        assert browser.get(address(session, *parts)).status_code == 404
        assert browser.post(address(session, *parts)).status_code == 404
    assert row_of(session)["moved_at"] is None


def test_its_therapist_moves_it_on_their_own_page(as_alice, session):
    answer = as_alice.get(address(session, "2025-11-27", "1000"))

    assert (answer.status_code, answer.url) == (303, address(session))


@pytest.mark.parametrize(
    "parts", [("never", "1000"), ("2025-11-27", "2500"), ("0001-01-01", "1000")]
)
def test_what_is_no_time_is_no_page(as_ann, session, parts):
    assert as_ann.get(address(session, *parts)).status_code == 404


def test_a_time_written_otherwise_leads_to_its_own_address(as_ann, session, working):
    answer = as_ann.get(address(session, "20251127", "1000"))

    assert (answer.status_code, answer.url) == (303, address(session, "2025-11-27", "1000"))


def test_a_time_on_another_clock_is_said_on_both(ann, session, working):
    browser = browser_for(ann, "Europe/Stockholm")

    assert "That is 10am London time, where Alice is." in check(browser, session, time="1100").text


def test_a_session_too_long_for_any_free_time_is_moved_by_its_therapist_alone(
    as_ann, individual, working
):
    session = book(individual, length=10 * HOUR)

    page = read(as_ann.get(f"/sessions/{session.public_id}/"))
    assert address(session) not in page.addresses
    assert "You can cancel until the session begins" in page.text
    assert as_ann.get(address(session)).status_code == 303
    assert as_ann.post(address(session, "2025-11-27", "1000")).status_code == 303
    assert row_of(session)["moved_at"] is None
