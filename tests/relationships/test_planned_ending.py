"""A planned ending: noted, shown, reminded of on its day; nothing else happens."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from tests.conftest import browser_of
from tests.factories import history_of, row_of, start
from tests.profiles import session
from tests.reading import read

DAY = timedelta(days=1)
NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)
THE_DAY = date(2025, 12, 4)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def relationship(ann):
    return start(ann, at=NOW - 400 * DAY)


@pytest.fixture
def plan(as_alice):
    def plan(relationship, day: str, follow: bool = True):
        address = f"/relationships/{relationship.public_id}/plan/"
        return as_alice.post(address, {"planned_end": day}, follow=follow)

    return plan


def look(browser, relationship):
    return read(browser.get(f"/relationships/{relationship.public_id}/"))


def test_nothing_is_planned_at_first(as_alice, relationship):
    page = look(as_alice, relationship)

    assert "Planned ending None Plan the ending" in page.text
    assert f"/relationships/{relationship.public_id}/plan/" in page.addresses
    form = read(as_alice.get(f"/relationships/{relationship.public_id}/plan/"))
    assert form.heads == ["Plan the ending"]
    assert form.value_of("planned_end") in (None, "")
    assert "Nothing else happens, and the client does not see it." in form.text


def test_the_day_is_noted_with_the_number_of_sessions_to_go(as_alice, plan, relationship):
    for days in (0.2, 7, 14, 15):  # the third on the very day, the fourth after it
        session(relationship, NOW + days * DAY, "booked", booked_at=NOW - DAY)
    session(relationship, NOW + 8 * DAY, "cancelled")
    session(relationship, NOW - 8 * DAY)

    page = read(plan(relationship, "2025-12-04"))

    assert "Planned ending saved" in page.text
    assert "Planned ending Thursday 4 December 2025, 3 to go Change" in page.text
    relationship.refresh_from_db()
    assert relationship.planned_end == THE_DAY


def test_noting_changes_nothing_else(plan, relationship, mailoutbox):
    booked = session(relationship, NOW + 30 * DAY, "booked", booked_at=NOW)
    before = row_of(relationship)

    plan(relationship, "2025-12-04")

    booked.refresh_from_db()
    assert booked.state == "booked"
    assert row_of(relationship) == before
    assert history_of(relationship) == ["started"]
    assert mailoutbox == []


def test_it_can_be_moved_and_removed(as_alice, plan, relationship):
    plan(relationship, "2025-12-04")
    form = read(as_alice.get(f"/relationships/{relationship.public_id}/plan/"))
    assert form.value_of("planned_end") == "2025-12-04"

    assert "Friday 12 December 2025" in read(plan(relationship, "2025-12-12")).text
    assert "Planned ending None" in read(plan(relationship, "")).text
    relationship.refresh_from_db()
    assert relationship.planned_end is None


@pytest.mark.parametrize("day", ["2025-11-19", "2027-11-30", "soon", "2025-02-30", "0001-01-01"])
def test_a_day_that_cannot_be_is_refused_and_kept(plan, relationship, day):
    answer = plan(relationship, day)

    assert answer.status_code == 422
    assert read(answer).title.startswith("Error: Plan the ending")
    assert read(answer).value_of("planned_end") == day
    assert "#id_planned_end" in read(answer).addresses
    relationship.refresh_from_db()
    assert relationship.planned_end is None


@pytest.mark.parametrize("day", ["2025-11-20", "2027-11-21"])
def test_today_and_the_day_in_two_years_can_be_planned(plan, relationship, day):
    assert plan(relationship, day, follow=False).status_code == 303


def test_on_the_day_the_therapist_is_reminded_and_nothing_else_happens(
    alice, plan, relationship, clock
):
    session(relationship, NOW + 14 * DAY, "booked", booked_at=NOW)
    plan(relationship, "2025-12-04")
    session(relationship, NOW - DAY)

    clock.move_to(NOW + 13 * DAY)
    browser = browser_of(alice.user)
    assert "attention" not in read(browser.get("/clients/")).text
    clock.move_to(datetime(2025, 12, 4, 0, 0, tzinfo=UTC))
    browser = browser_of(alice.user)

    assert "1 needs attention" in read(browser.get("/clients/")).text
    reminder = read(browser.get("/caseload/tidy-up/")).text
    assert "Individual with Ann Ashby" in reminder
    assert "Planned last day 4 December 2025" in reminder
    assert history_of(relationship) == ["started"]
    assert row_of(relationship)["status"] == "active"
    assert relationship.sessions.upcoming().count() == 1


def test_the_client_sees_nothing_of_it(as_ann, plan, relationship):
    before = read(as_ann.get("/dashboard/")).text

    plan(relationship, "2025-12-04")

    assert read(as_ann.get("/dashboard/")).text == before


def test_a_restart_has_no_planned_ending(as_alice, alice, plan, relationship):
    plan(relationship, "2025-12-04")
    relationship.end(by=alice.user, reason="completed")
    assert "Planned ending" not in look(as_alice, relationship).text

    relationship.restart(by=alice.user)

    relationship.refresh_from_db()
    assert relationship.planned_end is None
    assert "Planned ending None" in look(as_alice, relationship).text


def test_a_restart_has_no_break_and_no_not_yet(alice, relationship):
    relationship.on_break_until = relationship.ask_again_on = date(2026, 5, 1)
    relationship.save()
    relationship.end(by=alice.user, reason="completed")

    relationship.restart(by=alice.user)

    relationship.refresh_from_db()
    assert (relationship.on_break_until, relationship.ask_again_on) == (None, None)


def test_an_ending_that_was_undone_keeps_the_plan(alice, plan, relationship):
    plan(relationship, "2025-12-04")
    relationship.refresh_from_db()
    relationship.end(by=alice.user, reason="completed")

    relationship.undo_end(by=alice.user)

    relationship.refresh_from_db()
    assert relationship.planned_end == THE_DAY


def test_the_end_of_ended_work_cannot_be_planned(as_alice, alice, plan, relationship):
    relationship.end(by=alice.user, reason="completed")

    for answer in (
        as_alice.get(f"/relationships/{relationship.public_id}/plan/", follow=True),
        plan(relationship, ""),
    ):
        assert "This relationship has ended" in read(answer).text
    assert "Planned ending saved" not in read(plan(relationship, "2025-12-04")).text
    relationship.refresh_from_db()
    assert relationship.planned_end is None


def test_nobody_else_plans_my_endings(as_bob, as_ann, client, relationship):
    address = f"/relationships/{relationship.public_id}/plan/"

    for browser, status in ((as_bob, 404), (as_ann, 403), (client, 302)):
        assert browser.get(address).status_code == status
        assert browser.post(address, {"planned_end": "2025-12-04"}).status_code == status
    relationship.refresh_from_db()
    assert relationship.planned_end is None
