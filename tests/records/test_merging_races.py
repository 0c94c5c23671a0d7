"""Records are merged and separated while somebody works: one wins, and the counters are true."""

import time
from functools import partial
from threading import Event

import pytest
from django.db import connection, transaction

from clients.models import Client
from practice.records.erasure import NotYet, erase
from practice.records.merging import NotMerged, NotTogether, merge, separate
from relationships.models import Relationship
from tests.conftest import browser_of
from tests.factories import ClientFactory, counters_of, start, true_counters_of
from tests.racing import at_once
from tests.reading import read

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8
LOST = (
    Client.DoesNotExist,
    Client.Merged,
    NotMerged,
    NotTogether,
    NotYet,
    Relationship.AlreadyDone,
    Relationship.Changed,
    Relationship.DoesNotExist,
)


def trying(act, *args, **values) -> str:
    try:
        act(*args, **values)
    except LOST as lost:
        return type(lost).__name__
    return "won"


def fresh(client: Client) -> Client:
    return Client.objects.get(pk=client.pk)


@pytest.fixture
def pair(alice) -> tuple[Client, Client]:
    return tuple(ClientFactory.create_batch(2, therapist=alice))


def counters_are_true(stays: Client, goes: Client) -> bool:
    own = true_counters_of(stays, goes)
    is_merged = fresh(goes).merged_into_id == stays.pk
    return counters_of(stays, goes) == [own[0] + own[1] * is_merged, own[1]]


def test_of_two_merges_of_the_same_records_one_wins(alice):
    for _ in range(ROUNDS):
        one, two = ClientFactory.create_batch(2, therapist=alice)
        start(one), start(two)

        answers = at_once(
            *(partial(trying, merge, fresh(two), into=fresh(one), by=alice.user) for _ in range(2)),
            *(partial(trying, merge, fresh(one), into=fresh(two), by=alice.user) for _ in range(2)),
        )

        assert answers.count("won") == 1
        stays, goes = (one, two) if fresh(two).merged_into_id else (two, one)
        assert fresh(stays).merged_into_id is None
        assert counters_are_true(stays, goes)


def test_merges_that_would_make_a_chain_do_not(alice):
    for _ in range(ROUNDS):
        one, two, three = ClientFactory.create_batch(3, therapist=alice)

        at_once(
            partial(trying, merge, fresh(one), into=fresh(two), by=alice.user),
            partial(trying, merge, fresh(two), into=fresh(three), by=alice.user),
            partial(trying, merge, fresh(three), into=fresh(one), by=alice.user),
        )

        merged = Client.objects.exclude(merged_into=None)
        assert merged.exists()
        assert not merged.exclude(merged_into__merged_into=None).exists()
        Client.objects.all().update(merged_into=None, merged_at=None, merged_by=None)


def test_work_that_ends_and_is_taken_up_meanwhile_is_counted(alice):
    for _ in range(ROUNDS):
        one, two, ben = ClientFactory.create_batch(3, therapist=alice)
        stays, goes = (one, two) if _ % 2 else (two, one)  # whose number is the first
        works = [start(stays), start(goes), start(goes, ben)]
        ends = [
            partial(trying, Relationship.objects.get(pk=w.pk).end, by=alice.user, reason="other")
            for w in works
        ]

        at_once(partial(trying, merge, fresh(goes), into=fresh(stays), by=alice.user), *ends)
        assert fresh(goes).merged_into == stays
        assert counters_are_true(stays, goes)

        restarts = [
            partial(trying, Relationship.objects.get(pk=w.pk).restart, by=alice.user) for w in works
        ]
        at_once(partial(trying, separate, fresh(goes), by=alice.user), *restarts)
        assert counters_of(stays, goes, ben) == true_counters_of(stays, goes, ben)
        assert counters_of(stays, goes, ben) == [1, 2, 1]


def test_separating_and_merging_again_at_once_leaves_one_of_the_two(alice, pair):
    stays, goes = pair
    start(stays), start(goes)
    merge(fresh(goes), into=fresh(stays), by=alice.user)
    for _ in range(ROUNDS):
        at_once(
            *(partial(trying, separate, fresh(goes), by=alice.user) for _ in range(2)),
            *(
                partial(trying, merge, fresh(goes), into=fresh(stays), by=alice.user)
                for _ in range(2)
            ),
        )
        assert counters_are_true(stays, goes)


def test_of_a_merge_and_a_couple_of_the_two_one_wins(alice):
    for _ in range(ROUNDS):
        one, two = ClientFactory.create_batch(2, therapist=alice)

        answers = at_once(
            partial(trying, merge, fresh(two), into=fresh(one), by=alice.user),
            partial(trying, start, fresh(one), fresh(two)),
        )

        assert answers.count("won") == 1


@pytest.mark.parametrize("erased", [0, 1], ids=["the one that stays", "the one that goes"])
def test_of_a_merge_and_an_erasure_one_wins(alice, erased):
    for _ in range(ROUNDS):
        both = ClientFactory.create_batch(2, therapist=alice)

        merged, gone = at_once(
            partial(trying, merge, fresh(both[1]), into=fresh(both[0]), by=alice.user),
            partial(trying, erase, fresh(both[erased]), by=alice.user),
        )

        left = Client.objects.filter(pk__in=[one.pk for one in both])
        if merged == "won" and gone == "won":  # the person was erased, with both records
            assert erased == 0
            assert not left.exists()
        elif merged == "won":
            assert gone == "Merged"
            assert left.count() == 2
        else:
            assert (merged, gone) == ("DoesNotExist", "won")
            assert left.count() == 1


def test_of_two_people_who_press_at_once_both_are_answered(alice):
    for _ in range(ROUNDS):
        one, two = ClientFactory.create_batch(2, therapist=alice)
        address = f"/clients/{one.public_id}/same-person/{two.public_id}/"
        browsers = [browser_of(alice.user) for _ in range(4)]
        shown = read(browsers[0].get(address)).value_of("shown")

        answers = at_once(
            *(
                partial(browser.post, address, {"shown": shown, "stays": stays.public_id})
                for browser, stays in zip(browsers, (one, two, one, two), strict=True)
            )
        )

        assert {answer.status_code for answer in answers} <= {303, 409}
        assert len({fresh(one).person_id, fresh(two).person_id}) == 1


WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


def until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute(WAITS)
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits")


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
@pytest.mark.parametrize("turn", [False, True], ids=["first stays", "second stays"])
def test_who_has_waited_for_a_merge_locks_nobody_out_of_turn(alice, pair, turn):
    """Whose counters move was read before the merge; the record that stays was not locked then.

    To lock it afterwards is to wait, perhaps, for somebody who waits for what is locked here.
    """
    stays, goes = reversed(pair) if turn else pair
    work = start(goes)
    merged = Event()

    def merging() -> None:
        with transaction.atomic():
            merge(fresh(goes), into=fresh(stays), by=alice.user)
            merged.set()
            until_somebody_waits()

    def ending() -> str:
        merged.wait(10)
        return trying(Relationship.objects.get(pk=work.pk).end, by=alice.user, reason="other")

    assert at_once(merging, ending) == [None, "Changed"]
    assert not Relationship.objects.get(pk=work.pk).is_ended
    assert counters_are_true(stays, goes)
    Relationship.objects.get(pk=work.pk).end(by=alice.user, reason="other")
    assert counters_of(stays, goes) == [0, 0]
