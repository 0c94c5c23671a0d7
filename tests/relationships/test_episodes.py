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
def relationship(ann):
    return start(ann, at=FIRST)


@pytest.fixture
def look(as_alice):
    return lambda relationship: read(as_alice.get(f"/relationships/{relationship.public_id}/"))


def of(relationship) -> list[Episode]:
    return episodes(relationship.events.order_by("pk"))


def test_no_events_are_no_episodes():
    assert episodes([]) == []


def test_work_that_goes_on_is_one_episode_without_an_end(relationship):
    assert of(relationship) == [Episode(FIRST)]
    assert of(relationship)[0].covers(NOW)


def test_an_ending_closes_the_episode(relationship, alice):
    relationship.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)

    assert of(relationship) == [Episode(FIRST, FIRST + 9 * DAY, "completed")]
    assert not of(relationship)[0].covers(FIRST + 9 * DAY)


def test_a_restart_opens_another(relationship, alice):
    relationship.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    relationship.restart(by=alice.user, at=FIRST + 20 * DAY)

    assert of(relationship) == [
        Episode(FIRST, FIRST + 9 * DAY, "completed"),
        Episode(FIRST + 20 * DAY, is_restart=True),
    ]


def test_an_ending_that_was_undone_leaves_no_gap(relationship, alice):
    relationship.end(by=alice.user, reason="completed")
    relationship.undo_end(by=alice.user)

    assert of(relationship) == [Episode(FIRST)]


def test_an_undone_ending_of_the_second_episode_leaves_the_first_alone(relationship, alice):
    relationship.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    relationship.restart(by=alice.user, at=FIRST + 20 * DAY)
    relationship.end(by=alice.user, reason="other")
    relationship.undo_end(by=alice.user)

    assert [episode.reason for episode in of(relationship)] == ["completed", ""]
    assert of(relationship)[1].is_restart


def test_a_correction_changes_the_last_ending_only(relationship, alice):
    relationship.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    relationship.restart(by=alice.user, at=FIRST + 20 * DAY)
    relationship.end(by=alice.user, reason="other", at=FIRST + 30 * DAY)
    relationship.correct_reason(by=alice.user, reason="died", ended_at=FIRST + 30 * DAY)

    assert [episode.reason for episode in of(relationship)] == ["completed", "died"]
    assert of(relationship)[1].ended_at == FIRST + 30 * DAY


def test_an_episode_never_ends_before_it_starts_whatever_the_clock_does(relationship, alice, clock):
    relationship.end(by=alice.user, reason="completed")
    relationship.restart(by=alice.user)
    clock.shift(-3600)
    relationship.end(by=alice.user, reason="other")

    assert all(e.ended_at >= e.started_at for e in of(relationship))


# On the page.


def test_one_episode_is_not_a_list(look, relationship):
    assert "Episodes" not in look(relationship).heads


def test_the_page_lists_every_stretch_with_its_sessions_and_its_reason(look, relationship, alice):
    for days in (1, 2, 25):
        session(relationship, FIRST + days * DAY)
    session(relationship, FIRST + 3 * DAY, "missed")
    session(relationship, FIRST + 12 * DAY)  # a follow-up between the two
    relationship.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    relationship.restart(by=alice.user, at=FIRST + 20 * DAY)

    page = look(relationship)

    assert "Episodes" in page.heads
    assert (
        "4 March 2025 to 13 March 2025 2 sessions. Work completed "
        "24 March 2025 to today 1 session" in page.text
    )


def test_an_undone_ending_is_no_episode_on_the_page(look, relationship, alice):
    relationship.end(by=alice.user, reason="completed")
    relationship.undo_end(by=alice.user)

    assert "Episodes" not in look(relationship).heads


def test_a_corrected_reason_is_the_one_shown(look, relationship, alice):
    relationship.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    relationship.restart(by=alice.user, at=FIRST + 20 * DAY)
    relationship.end(by=alice.user, reason="other", at=FIRST + 30 * DAY)
    relationship.correct_reason(by=alice.user, reason="lost_contact", ended_at=FIRST + 30 * DAY)

    assert "24 March 2025 to 3 April 2025 0 sessions. Lost contact" in look(relationship).text


def test_the_clients_dashboard_knows_no_episodes(as_ann, relationship, alice):
    relationship.end(by=alice.user, reason="completed", at=FIRST + 9 * DAY)
    relationship.restart(by=alice.user, at=FIRST + 20 * DAY)

    page = read(as_ann.get("/dashboard/"))

    assert "Episodes" not in page.text
    assert "13 March" not in page.source
