"""Two imports at once, and one beside other work, on threads with connections of their own."""

from functools import partial

import pytest
from django.db import connection
from django.utils import timezone

from clients.models import Client
from practice.diary.models import Session
from practice.imports.models import Import, ImportedRow
from practice.imports.reading import read_files
from practice.imports.undoing import TooLate, undo
from practice.imports.writing import Changed, bring_in
from tests.factories import ClientFactory, counters_of, start, true_counters_of
from tests.imports.conftest import SAMPLES
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.database]
FILES = [(path, path.name) for path in sorted(SAMPLES.glob("jane*"))]


def bring(therapist, came=None) -> str:
    """Bring the same files in, as they were read before; say how that went."""
    came, plan = came or prepared(therapist)
    try:
        bring_in(plan, came, therapist, therapist.user)
    except Changed:
        return "changed"
    return "won"


def prepared(therapist) -> tuple:
    came = Import.objects.create(therapist=therapist, begun_by=therapist.user)
    return came, read_files(FILES, therapist, {}, timezone.now()).plan


def test_of_two_imports_of_the_same_files_at_once_one_comes_whole(alice):
    two = [prepared(alice) for _ in range(2)]

    answers = at_once(*(partial(bring, alice, one) for one in two))

    assert sorted(answers) == ["changed", "won"]
    assert (alice.clients.count(), alice.sessions.count()) == (3, 4)
    assert ImportedRow.objects.count() == 3 + 3 + 4
    assert Import.objects.filter(state="done").count() == 1


def test_of_one_import_pressed_twice_one_press_counts(alice):
    came, plan = prepared(alice)
    again = read_files(FILES, alice, {}, timezone.now()).plan

    answers = at_once(partial(bring, alice, (came, plan)), partial(bring, alice, (came, again)))

    assert sorted(answers) == ["changed", "won"]
    assert (alice.clients.count(), alice.sessions.count()) == (3, 4)


def test_two_therapists_bring_theirs_at_once(alice, bob):
    answers = at_once(partial(bring, alice, prepared(alice)), partial(bring, bob, prepared(bob)))

    assert answers == ["won", "won"]
    assert (alice.sessions.count(), bob.sessions.count()) == (4, 4)


def test_it_is_undone_once_while_somebody_is_added(alice):
    came, plan = prepared(alice)
    bring_in(plan, came, alice, alice.user)

    def take_back() -> str:
        try:
            undo(Import.objects.get(pk=came.pk), by=alice.user)
        except TooLate:
            return "too late"
        return "undone"

    def add() -> str:
        start(ClientFactory(therapist=alice, name="Carl Hill"))
        return "added"

    answers = at_once(take_back, take_back, add)

    assert sorted(answers) == ["added", "too late", "undone"]
    clients = list(Client.objects.all())
    assert [client.name for client in clients] == ["Carl Hill"]
    assert counters_of(*clients) == true_counters_of(*clients)
    assert not Session.objects.exists()


def test_rows_are_made_before_anybody_has_to_wait_for_them(alice):
    came, plan = prepared(alice)
    told = []

    bring_in(
        plan,
        came,
        alice,
        alice.user,
        lambda done, of: told.append((done, of, connection.in_atomic_block)),
    )

    half = [step for step in told if step[0] <= 5]
    assert [in_transaction for _, _, in_transaction in half] == [False] * len(half)
    assert told[-1] == (10, 10, True)
    assert {done for done, _, _ in half} == {1, 3, 5}


def test_an_import_that_is_not_saved_yet_is_saved_with_what_it_brings_or_not_at_all(alice):
    plan = read_files(FILES, alice, {}, timezone.now()).plan
    too_late = read_files(FILES, alice, {}, timezone.now()).plan

    came = bring_in(plan, Import(therapist=alice, begun_by=alice.user), alice, alice.user)
    with pytest.raises(Changed):
        bring_in(too_late, Import(therapist=alice, begun_by=alice.user), alice, alice.user)

    assert [one.pk for one in Import.objects.all()] == [came.pk]


def test_rows_are_compared_before_anybody_has_to_wait_and_what_changes_meanwhile_stays(alice):
    came, plan = prepared(alice)
    bring_in(plan, came, alice, alice.user)
    maren = alice.clients.get(name="Maren Ostrova")
    told = []

    def progress(done: int, of: int) -> None:
        told.append((done, of, connection.in_atomic_block))
        if done == 5:  # all are compared
            Client.objects.filter(pk=maren.pk).update(phone="07700 900123")

    found = undo(Import.objects.get(pk=came.pk), by=alice.user, progress=progress)

    assert {done: waits for done, _, waits in told if done <= 5} == {2: False, 3: False, 5: False}
    assert all(waits for done, _, waits in told if done > 5)
    assert {of for _, of, _ in told} == {10}
    assert (found.staying, list(alice.clients.all())) == ([maren], [maren])
