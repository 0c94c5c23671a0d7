"""A press on a page of a relationship does what that page said, or says what has changed since."""

from datetime import timedelta

import pytest
import time_machine

from relationships.models import Relationship
from tests.conftest import browser_of
from tests.diary import NOW
from tests.factories import counters_of, history_of, row_of
from tests.pressing import again, hidden
from tests.reading import read, sent_by
from tests.relationships.typed import ADD, add_to, typed

MINUTE = timedelta(minutes=1)
REASON = {"reason": "completed"}
MISSING = [
    None,
    "",
    "nonsense",
    "ended 2025-11-20",
    "active 99999999999999999999",
    "\0",
    "9" * 5000,
]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def ending_again(alice, individual, clock):
    """Restart, and end again, some minutes later, in another tab."""

    def ending_again() -> None:
        clock.shift(MINUTE)
        fresh = Relationship.objects.get(pk=individual.pk)
        fresh.restart(by=alice.user)
        clock.shift(MINUTE)
        fresh.end(by=alice.user, reason="referred_on", note="The second time.")

    return ending_again


def page_of(relationship: Relationship, what: str = "") -> str:
    return f"/relationships/{relationship.public_id}/{what}"


def is_as_before(relationship: Relationship, before: tuple) -> bool:
    return (row_of(relationship), history_of(relationship)) == before


def as_is(relationship: Relationship) -> tuple:
    return row_of(relationship), history_of(relationship)


# Undoing.


def test_an_old_undo_voids_no_newer_ending(as_alice, individual, ending_again, ann):
    as_alice.post(page_of(individual, "end/"), REASON)
    sent = hidden(read(as_alice.get(page_of(individual))))
    ending_again()
    before = as_is(individual)

    page = again(as_alice.post(page_of(individual, "undo/"), sent), "Nothing was undone.")

    assert is_as_before(individual, before)
    assert counters_of(ann) == [0]
    assert "The second time." in page.text


def test_the_newer_ending_can_be_undone_from_there(as_alice, individual, ending_again, ann):
    as_alice.post(page_of(individual, "end/"), REASON)
    sent = hidden(read(as_alice.get(page_of(individual))))
    ending_again()

    page = again(as_alice.post(page_of(individual, "undo/"), sent), "Nothing was undone.")

    assert "Ended by mistake? Undo" in page.text
    assert as_alice.post(page_of(individual, "undo/"), hidden(page)).status_code == 303
    assert history_of(individual)[-1] == "end_undone"
    assert counters_of(ann) == [1]


def test_an_old_undo_offers_nothing_that_is_too_late(as_alice, individual, ending_again, clock):
    as_alice.post(page_of(individual, "end/"), REASON)
    sent = hidden(read(as_alice.get(page_of(individual))))
    ending_again()
    clock.shift(16 * MINUTE)

    page = again(as_alice.post(page_of(individual, "undo/"), sent), "Nothing was undone.")

    assert "Ended by mistake?" not in page.text


def test_correcting_the_reason_meanwhile_leaves_the_undo(as_alice, alice, individual):
    """It is the same ending."""
    as_alice.post(page_of(individual, "end/"), REASON)
    sent = hidden(read(as_alice.get(page_of(individual))))
    ended = Relationship.objects.get(pk=individual.pk)
    ended.correct_reason(by=alice.user, reason="other", ended_at=ended.ended_at)

    assert as_alice.post(page_of(individual, "undo/"), sent).status_code == 303
    assert history_of(individual)[-1] == "end_undone"


@pytest.mark.parametrize("shown", MISSING)
def test_an_undo_that_does_not_say_of_which_ending_undoes_none(as_alice, alice, individual, shown):
    individual.end(by=alice.user, reason="completed")
    before = as_is(individual)

    again(as_alice.post(page_of(individual, "undo/"), {"shown": shown}), "Nothing was undone.")

    assert is_as_before(individual, before)


# Restarting.


def test_a_page_to_restart_restarts_no_newer_ending(as_alice, alice, individual, ending_again):
    individual.end(by=alice.user, reason="completed")
    sent = hidden(read(as_alice.get(page_of(individual, "restart/"))))
    ending_again()
    before = as_is(individual)

    page = again(as_alice.post(page_of(individual, "restart/"), sent), "Nothing was restarted.")

    assert is_as_before(individual, before)
    assert as_alice.post(page_of(individual, "restart/"), hidden(page)).status_code == 303
    assert history_of(individual)[-1] == "restarted"


@pytest.mark.parametrize("shown", MISSING)
def test_a_restart_that_does_not_say_of_which_ending_restarts_nothing(
    as_alice, alice, individual, shown
):
    individual.end(by=alice.user, reason="completed")
    before = as_is(individual)

    answer = as_alice.post(page_of(individual, "restart/"), {"shown": shown})

    again(answer, "Nothing was restarted.")
    assert is_as_before(individual, before)


# Ending.


@pytest.fixture
def starting_anew(alice, individual):
    """End and restart in another tab."""

    def starting_anew() -> None:
        fresh = Relationship.objects.get(pk=individual.pk)
        fresh.end(by=alice.user, reason="lost_contact")
        fresh.restart(by=alice.user)

    return starting_anew


def test_a_page_to_end_does_not_end_work_that_was_begun_again_since(
    as_alice, individual, starting_anew, ann
):
    sent = sent_by(as_alice.get(page_of(individual, "end/")), "reason")
    starting_anew()
    before = as_is(individual)

    typed = REASON | {"note": "Written on the old page."}
    answer = as_alice.post(page_of(individual, "end/"), sent | typed)

    page = again(answer, "Nothing was ended.")
    assert is_as_before(individual, before)
    assert counters_of(ann) == [1]
    assert "Written on the old page.</textarea>" in page.source
    assert '<option value="completed" selected>' in page.source
    assert as_alice.post(page_of(individual, "end/"), sent_by(answer, "reason")).status_code == 303
    assert row_of(individual)["note"] == "Written on the old page."


def test_a_plan_noted_meanwhile_is_no_reason_not_to_end(as_alice, individual):
    sent = sent_by(as_alice.get(page_of(individual, "end/")), "reason")
    as_alice.post(page_of(individual, "plan/"), {"planned_end": "2025-12-01"})

    assert as_alice.post(page_of(individual, "end/"), sent | REASON).status_code == 303


@pytest.mark.parametrize("shown", MISSING)
def test_an_end_that_does_not_say_what_it_ends_ends_nothing(as_alice, individual, shown):
    before = as_is(individual)

    answer = as_alice.post(page_of(individual, "end/"), REASON | {"shown": shown})

    again(answer, "Nothing was ended.")
    assert is_as_before(individual, before)


def test_what_is_missing_is_said_before_anything_can_be_out_of_date(as_alice, individual):
    answer = as_alice.post(page_of(individual, "end/"), {"reason": ""})

    assert answer.status_code == 422
    fresh = read(as_alice.get(page_of(individual, "end/")))
    assert read(answer).value_of("shown") == fresh.value_of("shown")


# The tidy-up list.


@pytest.fixture
def quiet(individual, clock) -> Relationship:
    """Nothing has happened for a year."""
    clock.shift(timedelta(days=365))
    return individual


@pytest.mark.parametrize(
    "choice", [{"action": "end", "reason": "other"}, {"action": "not_yet"}], ids=str
)
def test_a_row_of_work_that_was_begun_again_since_is_left_alone(
    alice, quiet, starting_anew, choice
):
    as_alice = browser_of(alice.user)
    sent = sent_by(as_alice.get("/caseload/tidy-up/"), "row")
    starting_anew()
    before = as_is(quiet)
    chosen = {f"{quiet.public_id}-{name}": value for name, value in choice.items()}

    answer = as_alice.post("/caseload/tidy-up/", sent | chosen, follow=True)

    text = read(answer).text
    assert "Nothing was changed" in text
    assert (
        "Individual relationship with Ann Ashby was left alone: it has changed since you opened "
        "the page." in text
    )
    assert is_as_before(quiet, before)
    assert Relationship.objects.get(pk=quiet.pk).ask_again_on is None


# The UPDATE itself, whatever was read before it.


def test_what_is_read_is_compared_again_as_it_is_written(
    alice, individual, starting_anew, ending_again
):
    active = Relationship.objects.with_last_event().get(pk=individual.pk)
    starting_anew()
    before = as_is(individual)
    with pytest.raises(Relationship.Changed):
        active.end(by=alice.user, reason="other", if_unchanged=True)
    assert is_as_before(individual, before)

    Relationship.objects.get(pk=individual.pk).end(by=alice.user, reason="other")
    ended, other = (Relationship.objects.get(pk=individual.pk) for _ in range(2))
    ending_again()
    before = as_is(individual)
    for act in (ended.undo_end, other.restart):
        with pytest.raises(Relationship.Changed):
            act(by=alice.user, if_unchanged=True)
        assert is_as_before(individual, before)


# A form that begins work, sent twice.

KEY = "0b9c1f6e-6a0e-4f0b-9b5e-2f4f3a1d7c55"


@pytest.mark.parametrize(
    "changed",
    [
        {"name": "Yusuf Zephyr"},
        {"email": "zoe@mail.example"},
        {"kind": "couples", "others-0-name": "Max Zephyr"},
    ],
    ids=str,
)
def test_a_form_sent_again_with_other_people_names_what_it_began(as_alice, alice, changed):
    as_alice.post(ADD, typed(key=KEY))

    answer = as_alice.post(ADD, typed(key=KEY) | changed)

    page = read(answer)
    assert answer.status_code == 409
    assert "started your Individual relationship with Zoë Zephyr" in page.text
    assert [client.name for client in alice.clients.all()] == ["Zoë Zephyr"]
    assert page.value_of("name") == changed.get("name", "Zoë Zephyr")
    # The page has a new key: pressed again, it begins what it says.
    sent = typed(key=page.value_of("key"), is_new="on") | changed
    assert as_alice.post(ADD, sent).status_code == 303
    assert alice.relationships.count() == 2


def test_a_form_sent_again_as_it_was_leads_to_what_it_began(as_alice, alice, ann):
    ben = {"name": "Ben Bright", "email": "BEN@mail.example"}
    sent = typed(ben, key=KEY, kind="couples")
    first = as_alice.post(add_to(ann), sent)

    second = as_alice.post(add_to(ann), sent)

    assert (first.status_code, second.status_code) == (303, 303)
    assert first.url == second.url
    assert alice.clients.count() == 2
