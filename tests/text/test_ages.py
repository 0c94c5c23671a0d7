"""How long ago something was, whatever the clock does meanwhile: the one rule, and who keeps it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from clients.models import Invitation
from practice.text.spoken import LEEWAY, is_fresh
from relationships.models import Relationship
from tests.conftest import browser_of
from tests.factories import history_of
from tests.pressing import Browser
from tests.reading import read

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
QUARTER, MOMENT = timedelta(minutes=15), timedelta(microseconds=1)
A_DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("age", "fresh"),
    [
        (timedelta(0), True),
        (QUARTER - MOMENT, True),
        (QUARTER, False),
        (A_DAY, False),
        (-LEEWAY, True),  # the clock of another machine
        (-LEEWAY - MOMENT, False),
        (-A_DAY, False),
    ],
    ids=str,
)
def test_a_moment_ahead_of_the_clock_is_not_fresh(age, fresh):
    assert is_fresh(NOW - age, QUARTER, NOW) is fresh


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def is_in(browser: Browser) -> bool:
    return browser.get("/clients/").status_code == 200


@pytest.mark.parametrize("back", [timedelta(minutes=2), timedelta(hours=1), A_DAY], ids=str)
def test_a_session_ends_when_the_clock_is_set_back(clock, alice, back):
    browser = browser_of(alice.user)
    assert is_in(browser)

    clock.move_to(NOW - back)

    assert not is_in(browser)
    assert "_auth_user_id" not in browser.session


def test_a_session_goes_on_when_clocks_differ_a_little_and_gains_nothing(clock, alice):
    browser = browser_of(alice.user)
    browser.get("/clients/")

    clock.move_to(NOW - LEEWAY)
    assert is_in(browser)
    assert browser.get("/account/time-left/").json()["left"] == 1800

    clock.move_to(NOW + timedelta(minutes=30))
    assert not is_in(browser)


@pytest.mark.parametrize("moment", ["began", "seen"])
def test_no_moment_of_a_session_may_be_ahead(clock, alice, moment):
    browser = browser_of(alice.user)
    session = browser.session
    session[moment] = (NOW + A_DAY).timestamp()
    session.save()

    assert not is_in(browser)


@pytest.mark.parametrize("jump", [-A_DAY, -timedelta(minutes=2), A_DAY, QUARTER], ids=str)
def test_an_ending_is_not_undone_across_a_jump_of_the_clock(clock, alice, individual, jump):
    individual.end(by=alice.user, reason="completed")

    clock.move_to(NOW + jump)
    browser = browser_of(alice.user)
    answer = browser.post(f"/relationships/{individual.public_id}/undo/", follow=True)

    assert "This ending can no longer be undone" in read(answer).heads
    assert history_of(individual) == ["started", "ended"]
    with pytest.raises(Relationship.TooLate):
        individual.undo_end(by=alice.user)


@pytest.mark.parametrize(("jump", "status"), [(-A_DAY, 410), (-LEEWAY, 200), (A_DAY, 200)], ids=str)
def test_an_invitation_is_not_opened_before_it_was_made(clock, ben, jump, status):
    token = Invitation.create_for(ben)

    clock.move_to(NOW + jump)

    assert Browser().get(f"/invitation/{token}/").status_code == status


def test_nothing_breaks_while_the_clock_is_set_back(clock, alice, individual):
    """What happens then stands where the clock said: the history keeps its order by itself."""
    clock.move_to(NOW - A_DAY)
    browser, place = browser_of(alice.user), f"/relationships/{individual.public_id}/"

    for path, typed in (
        ("end/", {"reason": "completed"}),
        ("undo/", {}),
        ("reason/", {"reason": "other"}),
        ("restart/", {}),
        ("plan/", {"planned_end": "2026-03-20"}),
        ("sessions/add/", {"day": "2026-03-05", "time": "10:00", "minutes": "50"}),
        ("end/", {"reason": "completed"}),
        ("undo/", {}),
    ):
        form = browser.get(place + path)
        assert form.status_code in (200, 303), path
        assert browser.post(place + path, typed).status_code < 500, path
    for page in (place, "/clients/", "/diary/", "/caseload/", "/caseload/tidy-up/", "/profile/"):
        assert browser.get(page, follow=True).status_code == 200
