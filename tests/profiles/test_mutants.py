"""The tests notice: each trap that others fell into makes a check fail."""

import pytest

from clients.models import Client
from tests.profiles import DAY, HOUR, NOW, mutants, session
from tests.profiles.proof import HISTORY, STEPS, prove
from tests.reading import read


@pytest.mark.django_db
@pytest.mark.parametrize("mutant", mutants.MOVING, ids=lambda mutant: mutant.__name__)
def test_the_proof_fails_when(mutant, monkeypatch):
    mutant(monkeypatch)

    with pytest.raises(AssertionError, match="moved something"):
        prove(HISTORY, STEPS)


# Two traps move no figure at once, and have a check of their own.


def attendance_is_asked_after_the_ending(browser, alice, relationship) -> None:
    session(relationship, NOW - 3 * HOUR, "booked", booked_at=NOW - 9 * DAY)
    relationship.end(by=alice.user, reason="completed")

    asked = read(browser.get("/diary/", follow=True))

    assert f"/sessions/{relationship.sessions.get().public_id}/" in " ".join(asked.addresses)
    assert "Came Ann" in asked.text
    assert list(alice.sessions.unanswered()) == list(relationship.sessions.all())


def test_attendance_is_asked_for_work_that_has_ended(as_alice, alice, individual):
    attendance_is_asked_after_the_ending(as_alice, alice, individual)


def test_the_check_fails_when_nobody_asks(as_alice, alice, individual, monkeypatch):
    mutants.nobody_asks_about_ended_work(monkeypatch)

    with pytest.raises(AssertionError):
        attendance_is_asked_after_the_ending(as_alice, alice, individual)


def test_the_answer_counts_like_any_other(as_alice, alice, individual):
    from practice.profiles.figures import figures

    attendance_is_asked_after_the_ending(as_alice, alice, individual)
    individual.sessions.get().set_attendance(attended=True)

    assert figures(alice, NOW).stats.sessions_held == 1


def somebody_hidden_is_recognised(browser, alice, relationship) -> None:
    relationship.end(by=alice.user, reason="completed")

    found = read(browser.get("/clients/?q=ash"))
    again = browser.post(
        "/clients/add/",
        {
            "name": "ann  ashby",
            "time_zone": "Europe/London",
            "kind": "individual",
            "others-TOTAL_FORMS": "0",
            "others-INITIAL_FORMS": "0",
        },
    )

    assert "1 inactive client matches" in found.text
    assert again.status_code == 422
    assert "already one of your clients" in read(again).text
    assert Client.objects.filter(therapist=alice).count() == 1


def test_somebody_who_is_hidden_is_recognised(as_alice, alice, individual):
    somebody_hidden_is_recognised(as_alice, alice, individual)


def test_the_check_fails_when_the_search_leaves_out_who_is_hidden(
    as_alice, alice, individual, monkeypatch
):
    mutants.inactive_clients_cannot_be_found(monkeypatch)

    with pytest.raises(AssertionError):
        somebody_hidden_is_recognised(as_alice, alice, individual)
