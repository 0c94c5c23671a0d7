"""A cancelled session can be put back while its time lies ahead and is free."""

import pytest
import time_machine

from practice.audit.models import Entry
from practice.diary.models import News, Session
from practice.profiles.figures import figures, visits_of
from practice.profiles.stats import stats
from tests.diary import DAY, HOUR, MINUTE, NOW, WEDNESDAY, book, row_of, works
from tests.pressing import again, hidden
from tests.profiles import session as held_session
from tests.reading import read


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def cancelled(session, alice) -> Session:
    session.cancel(by=alice.user)
    return session


def put_back(browser, session, **more):
    """Press Put back on the page of a session."""
    page = read(browser.get(f"/sessions/{session.public_id}/"))
    assert "Put back" in page.text
    return browser.post(f"/sessions/{session.public_id}/put-back/", hidden(page) | more)


# The model.


@pytest.mark.database
def test_what_is_put_back_is_as_if_it_had_not_been_cancelled_but_for_its_revision(session, alice):
    before = row_of(session)
    session.cancel(by=alice.user, for_client=True)

    session.put_back(by=alice.user)

    assert row_of(session) == before | {"revision": 2, "sequence": 1}
    assert Entry.objects.order_by("pk").last().verb == "session_put_back"


@pytest.mark.database
def test_it_is_not_put_back_where_another_session_stands_by_now(cancelled, couples, alice):
    other = book(couples, WEDNESDAY + HOUR / 2)
    before = row_of(cancelled)

    with pytest.raises(Session.Taken):
        cancelled.put_back(by=alice.user)

    assert row_of(cancelled) == before
    assert row_of(other)["state"] == "booked"


def test_its_time_is_looked_at_as_it_is_now_not_as_it_was_read(cancelled, couples, alice):
    stale = Session.objects.get(pk=cancelled.pk)
    cancelled.put_back(by=alice.user)
    cancelled.move(starts_at=WEDNESDAY + DAY, by=alice.user)
    cancelled.cancel(by=alice.user)
    book(couples, WEDNESDAY)

    stale.put_back(by=alice.user)

    assert row_of(cancelled)["starts_at"] == WEDNESDAY + DAY
    assert row_of(cancelled)["state"] == "booked"


def test_what_has_begun_is_not_put_back(cancelled, alice, clock):
    clock.move_to(WEDNESDAY)

    with pytest.raises(Session.HasBegun):
        cancelled.put_back(by=alice.user)

    assert row_of(cancelled)["state"] == "cancelled"


@pytest.mark.parametrize("state", ["booked", "attended", "missed"])
def test_only_what_is_cancelled_is_put_back(session, alice, state):
    Session.objects.update(state=state)

    with pytest.raises(Session.AlreadyDone):
        session.put_back(by=alice.user)


def test_what_has_been_erased_is_not_put_back(cancelled, alice):
    Session.objects.all().delete()

    with pytest.raises(Session.AlreadyDone):
        cancelled.put_back(by=alice.user)


def test_a_client_puts_back_only_what_they_cancelled_themselves(cancelled, ann):
    with pytest.raises(Session.AlreadyDone):
        cancelled.put_back(by=ann.account)

    assert row_of(cancelled)["state"] == "cancelled"


def test_a_session_of_closed_work_stays_cancelled(cancelled, alice, individual):
    individual.end(by=alice.user, reason="completed")
    type(individual).objects.update(is_closed=True)

    with pytest.raises(Session.AlreadyDone):
        cancelled.put_back(by=alice.user)


def test_a_page_that_is_older_puts_nothing_back(cancelled, alice):
    stale = Session.objects.get(pk=cancelled.pk)
    cancelled.put_back(by=alice.user)
    cancelled.cancel(by=alice.user)

    with pytest.raises(Session.Changed):
        stale.put_back(by=alice.user, if_unchanged=True)


def test_cancelling_and_putting_back_moves_no_figure(alice, individual):
    for days in (3, 20):
        held_session(individual, NOW - days * DAY)
    session = book(individual, WEDNESDAY)
    before = stats(visits_of(alice), NOW), figures(alice, NOW)
    assert before[0].is_smooth

    session.cancel(by=alice.user)
    assert not stats(visits_of(alice), NOW).is_smooth
    session.put_back(by=alice.user)

    assert (stats(visits_of(alice), NOW), figures(alice, NOW)) == before


# The pages.


@pytest.mark.database
def test_the_therapist_puts_back_what_a_client_cancelled(as_alice, session, ann):
    session.cancel(by=ann.account)

    answer = put_back(as_alice, session)

    assert (answer.status_code, answer.url) == (303, f"/sessions/{session.public_id}/")
    assert row_of(session)["state"] == "booked"
    assert read(as_alice.get(answer.url)).heads[0] == "Session put back"


@pytest.mark.database
def test_undo_in_the_banner_puts_it_back_at_once(as_ann, session):
    address = f"/sessions/{session.public_id}/cancel/"
    page = read(as_ann.get(address))
    page = read(as_ann.get(as_ann.post(address, hidden(page)).url))
    assert "Cancelled by mistake? Undo" in page.text

    answer = as_ann.post(f"/sessions/{session.public_id}/put-back/", hidden(page))

    assert answer.status_code == 303
    assert row_of(session)["state"] == "booked"


def test_a_client_may_undo_for_a_quarter_of_an_hour_whatever_the_notice(
    as_ann, ann, individual, clock, hours_pass
):
    soon = book(individual, NOW + HOUR)
    soon.cancel(by=ann.account)
    clock.shift(14 * MINUTE)

    assert put_back(as_ann, soon).status_code == 303

    soon.refresh_from_db()
    soon.cancel(by=ann.account)
    clock.shift(15 * MINUTE)
    assert "Put back" not in read(as_ann.get(f"/sessions/{soon.public_id}/")).text
    answer = as_ann.post(f"/sessions/{soon.public_id}/put-back/", {"shown": soon.shown})
    assert "Nothing was put back. That time can no longer be booked." in again(answer, "").text
    assert row_of(soon)["state"] == "cancelled"


def test_after_that_a_client_may_as_long_as_they_could_book_it(
    as_ann, alice, ann, session, clock, hours_pass
):
    works(alice)
    session.cancel(by=ann.account)
    clock.shift(HOUR)

    assert put_back(as_ann, session).status_code == 303
    assert row_of(session)["state"] == "booked"


def test_a_client_is_not_offered_what_the_therapist_cancelled(as_ann, cancelled):
    page = read(as_ann.get(f"/sessions/{cancelled.public_id}/"))

    assert "Put back" not in page.text
    assert as_ann.post(f"/sessions/{cancelled.public_id}/put-back/").status_code == 303
    assert row_of(cancelled)["state"] == "cancelled"


def test_where_the_time_was_taken_meanwhile_the_page_says_so(as_alice, cancelled, couples):
    sent = hidden(read(as_alice.get(f"/sessions/{cancelled.public_id}/")))
    book(couples, WEDNESDAY)

    answer = as_alice.post(f"/sessions/{cancelled.public_id}/put-back/", sent)

    page = again(answer, "Nothing was put back.")
    assert "Its time has been taken since, so it cannot be put back." in page.text
    assert "You have another session at that time" in page.text
    assert row_of(cancelled)["state"] == "cancelled"


def test_a_page_that_has_shown_something_else_puts_nothing_back(as_alice, cancelled):
    page = again(put_back(as_alice, cancelled, shown="0 booked"), "Nothing was put back.")

    assert row_of(cancelled)["state"] == "cancelled"
    answer = as_alice.post(f"/sessions/{cancelled.public_id}/put-back/", hidden(page))
    assert answer.status_code == 303
    assert row_of(cancelled)["state"] == "booked"


def test_a_double_click_puts_it_back_once(as_alice, cancelled):
    page = read(as_alice.get(f"/sessions/{cancelled.public_id}/"))
    for _ in range(2):
        answer = as_alice.post(f"/sessions/{cancelled.public_id}/put-back/", hidden(page))
        assert answer.status_code == 303

    assert row_of(cancelled)["revision"] == 2


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example/", "javascript:x", "x"])
def test_it_leads_back_to_no_address_that_is_not_ours(as_alice, cancelled, page):
    answer = put_back(as_alice, cancelled, next=page)

    assert answer.url == f"/sessions/{cancelled.public_id}/"


# What the therapist is told is in test_news.py.


def test_the_therapist_is_told_of_a_client_who_puts_a_session_back(session, ann):
    session.cancel(by=ann.account)
    session.put_back(by=ann.account)

    assert [news.kind for news in News.objects.order_by("pk")] == ["cancelled", "put_back"]
