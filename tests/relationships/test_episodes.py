"""Episodes: worked out from the history, and shown on the relationship page."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from relationships.models.history import Episode, episodes
from tests.factories import start
from tests.profiles import session
from tests.reading import read

DAY = timedelta(days=1)
NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)
FIRST = datetime(2025, 3, 4, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def tie(ann):
    return start(ann, at=FIRST)


@pytest.fixture
def look(as_alice):
    return lambda tie: read(as_alice.get(f"/relationships/{tie.public_id}/"))


def of(tie) -> list[Episode]:
    return episodes(tie.events.order_by("pk"))


def test_no_events_are_no_episodes():
    assert episodes([]) == []


def test_work_that_goes_on_is_one_episode_without_an_end(tie):
    assert of(tie) == [Episode(FIRST)]
    assert of(tie)[0].covers(NOW)


def test_an_ending_closes_the_episode(tie, alice):
    tie.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)

    assert of(tie) == [Episode(FIRST, FIRST + 9 * DAY, "completed")]
    assert not of(tie)[0].covers(FIRST + 9 * DAY)


def test_a_restart_opens_another(tie, alice):
    tie.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    tie.restart(by=alice.user, at=FIRST + 20 * DAY)

    assert of(tie) == [
        Episode(FIRST, FIRST + 9 * DAY, "completed"),
        Episode(FIRST + 20 * DAY, is_restart=True),
    ]


def test_an_ending_that_was_undone_leaves_no_gap(tie, alice):
    tie.end(by=alice.user, reason="completed")
    tie.undo_end(by=alice.user)

    assert of(tie) == [Episode(FIRST)]


def test_an_undone_ending_of_the_second_episode_leaves_the_first_alone(tie, alice):
    tie.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    tie.restart(by=alice.user, at=FIRST + 20 * DAY)
    tie.end(by=alice.user, reason="other")
    tie.undo_end(by=alice.user)

    assert [episode.reason for episode in of(tie)] == ["completed", ""]
    assert of(tie)[1].is_restart


def test_a_correction_changes_the_last_ending_only(tie, alice):
    tie.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    tie.restart(by=alice.user, at=FIRST + 20 * DAY)
    tie.end(by=alice.user, reason="other", at=FIRST + 30 * DAY)
    tie.correct_reason(by=alice.user, reason="died", ended_at=FIRST + 30 * DAY)

    assert [episode.reason for episode in of(tie)] == ["completed", "died"]
    assert of(tie)[1].ended_at == FIRST + 30 * DAY


def test_an_episode_never_ends_before_it_starts_whatever_the_clock_does(tie, alice, clock):
    tie.end(by=alice.user, reason="completed")
    tie.restart(by=alice.user)
    clock.shift(-3600)
    tie.end(by=alice.user, reason="other")

    assert all(e.ended_at >= e.started_at for e in of(tie))


# On the page.


def test_one_episode_is_not_a_list(look, tie):
    assert "Episodes" not in look(tie).heads


def test_the_page_lists_every_stretch_with_its_sessions_and_its_reason(look, tie, alice):
    for days in (1, 2, 25):
        session(tie, FIRST + days * DAY)
    session(tie, FIRST + 3 * DAY, "missed")
    session(tie, FIRST + 12 * DAY)  # a follow-up between the two
    tie.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    tie.restart(by=alice.user, at=FIRST + 20 * DAY)

    page = look(tie)

    assert "Episodes" in page.heads
    assert (
        "4 March 2025 to 13 March 2025 2 sessions. Work completed "
        "24 March 2025 to today 1 session" in page.text
    )


def test_an_undone_ending_is_no_episode_on_the_page(look, tie, alice):
    tie.end(by=alice.user, reason="completed")
    tie.undo_end(by=alice.user)

    assert "Episodes" not in look(tie).heads


def test_a_corrected_reason_is_the_one_shown(look, tie, alice):
    tie.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    tie.restart(by=alice.user, at=FIRST + 20 * DAY)
    tie.end(by=alice.user, reason="other", at=FIRST + 30 * DAY)
    tie.correct_reason(by=alice.user, reason="lost_contact", ended_at=FIRST + 30 * DAY)

    assert "24 March 2025 to 3 April 2025 0 sessions. Lost contact" in look(tie).text


def test_the_clients_dashboard_knows_no_episodes(as_ann, tie, alice):
    tie.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    tie.restart(by=alice.user, at=FIRST + 20 * DAY)

    page = read(as_ann.get("/dashboard/"))

    assert "Episodes" not in page.text
    assert "13 March" not in page.source
