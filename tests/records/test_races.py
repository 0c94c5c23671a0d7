"""Somebody erases while somebody else takes the work up again: one of them wins, wholly."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import User
from practice.booking.models import free_times
from practice.diary.models import Session
from practice.records.erasure import NotYet, erase
from relationships.models import Erasure, Relationship
from tests.conftest import browser_of
from tests.diary import browser_for, works
from tests.factories import ClientFactory, UserFactory, counters_of, start
from tests.racing import at_once, in_own_connection

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 8


def attempt(act) -> str:
    try:
        act()
    except (
        NotYet,
        Session.Taken,
        Client.DoesNotExist,
        Invitation.Unusable,
        Relationship.Closed,
        Relationship.DoesNotExist,
    ) as lost:
        return type(lost).__name__
    return "won"


def test_of_an_erasure_and_a_restart_one_wins(alice):
    for _ in range(ROUNDS):
        ann, ben = ClientFactory.create_batch(2, therapist=alice)
        relationship = start(ann, ben)
        relationship.end(by=alice.user, reason="completed")
        acts = [partial(erase, Client.objects.get(pk=ann.pk), by=alice.user) for _ in range(3)]
        acts += [partial(Relationship.objects.get(pk=relationship.pk).restart, by=alice.user)]

        *erasures, restart = at_once(*(partial(attempt, act) for act in acts))

        ann.refresh_from_db()
        relationship.refresh_from_db()
        assert [*erasures, restart].count("won") == 1
        assert (ann.is_erased, relationship.is_closed, relationship.is_ended) == (
            restart != "won",
        ) * 3
        assert ann.active_relationships == (not relationship.is_ended)


def test_an_erasure_and_a_booking_do_not_trip_over_each_other(alice):
    for n in range(ROUNDS):
        ann, ben = ClientFactory.create_batch(2, therapist=alice)
        relationship = start(ann, ben)
        relationship.end(by=alice.user, reason="completed")
        soon = timezone.now() + timedelta(days=n + 1)
        book = partial(
            Session.book, relationship, starts_at=soon, length=timedelta(hours=1), by=alice.user
        )

        erased, _ = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(attempt, book),
        )

        ann.refresh_from_db()
        assert ann.is_erased == (erased == "won")


def test_of_an_erasure_that_takes_the_work_and_a_booking_one_wins(alice):
    for n in range(ROUNDS):
        ann = ClientFactory(therapist=alice)
        relationship = start(ann)
        relationship.end(by=alice.user, reason="completed")
        soon = timezone.now() + timedelta(days=n + 1)
        book = partial(
            Session.book, relationship, starts_at=soon, length=timedelta(hours=1), by=alice.user
        )

        answers = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(attempt, book),
        )

        assert answers in (["won", "Taken"], ["NotYet", "won"])


def test_work_that_has_been_erased_cannot_be_booked(ann, alice):
    relationship = start(ann)
    relationship.end(by=alice.user, reason="completed")
    erase(ann, by=alice.user)

    with pytest.raises(Session.Taken):
        Session.book(
            relationship, starts_at=timezone.now(), length=timedelta(hours=1), by=alice.user
        )


def test_of_an_erasure_and_a_start_one_wins(alice):
    for _ in range(ROUNDS):
        ann, ben = ClientFactory.create_batch(2, therapist=alice)
        begin = partial(start, ben, Client.objects.get(pk=ann.pk))

        erased, started = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(attempt, begin),
        )

        assert (erased, started) in (("won", "DoesNotExist"), ("NotYet", "won"))
        assert counters_of(ben) == [1 if started == "won" else 0]


PAGES_ABOUT_A_CLIENT = {
    "edit/": {"name": "Ann Other", "time_zone": "Europe/London", "email": "ann@mail.example"},
    "keep/": {"keep_rule": "10_years"},
    "invite/": {},
    "relationships/add/": {
        "kind": "individual",
        "others-TOTAL_FORMS": "0",
        "others-INITIAL_FORMS": "0",
    },
}


@pytest.mark.parametrize("form", PAGES_ABOUT_A_CLIENT)
@pytest.mark.parametrize("shared", [True, False], ids=["nameless", "gone"])
def test_whatever_is_done_to_a_client_who_is_being_erased_no_name_comes_back(alice, form, shared):
    for _ in range(ROUNDS):
        ann, ben = ClientFactory.create_batch(2, therapist=alice, email="ann@mail.example")
        start(*([ann, ben] if shared else [ann])).end(by=alice.user, reason="completed")
        browser, address = browser_of(alice.user), f"/clients/{ann.public_id}/{form}"
        typed = PAGES_ABOUT_A_CLIENT[form]

        erased, answer = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(browser.post, address, typed),
        )

        left = Client.objects.filter(pk=ann.pk).first()
        assert answer.status_code in (200, 303, 404, 422)
        assert (erased == "won") == (left is None or left.is_erased)
        if left and left.is_erased:
            assert (left.name, left.email, left.keep_rule) == ("Erased client", "", "7_years")
            assert not left.invitations.exists()


STEPS = {
    "undo/": {},
    "restart/": {},
    "reason/": {"reason": "other"},
    "plan/": {"planned_end": ""},
    "sessions/add/": {"day": "2020-02-03", "time": "10:00", "minutes": "50"},
}


@pytest.mark.parametrize("step", STEPS)
def test_a_step_of_work_that_is_being_erased_answers_calmly(alice, step):
    for _ in range(ROUNDS):
        ann = ClientFactory(therapist=alice)
        relationship = start(ann)
        relationship.end(by=alice.user, reason="completed")
        browser, address = browser_of(alice.user), f"/relationships/{relationship.public_id}/{step}"
        typed = STEPS[step] | {"ended_at": relationship.ended_at.isoformat()}

        erased, answer = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(browser.post, address, typed),
        )

        assert answer.status_code in (303, 404, 422)
        assert (erased == "won") == (not Relationship.objects.filter(pk=relationship.pk).exists())


@pytest.mark.parametrize("step", ["cancel/", "move/", "attendance/"])
def test_a_step_of_a_session_that_is_being_erased_answers_calmly(alice, step):
    at = timezone.now() - timedelta(days=3)
    for n in range(ROUNDS):
        ann = ClientFactory(therapist=alice)
        relationship = start(ann)
        when = {"starts_at": at + timedelta(hours=n), "length": timedelta(minutes=50)}
        session = Session.book(relationship, by=alice.user, **when)
        relationship.end(by=alice.user, reason="completed")
        browser, address = browser_of(alice.user), f"/sessions/{session.public_id}/{step}"

        erased, answer = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=ann.pk), by=alice.user)),
            partial(browser.post, address, {"attended": "yes"}),
        )

        assert erased == "won"
        assert answer.status_code in (303, 404)


def test_a_client_never_books_work_that_has_been_closed(alice, ann, ben):
    """One half of a couple is erased while the other half books."""
    works(alice, "00:00-00:00", days=range(7))
    for n in range(ROUNDS):
        gone = ClientFactory(therapist=alice)
        relationship = start(gone, ann)
        relationship.end(by=alice.user, reason="completed")
        at = free_times(alice, timezone.now())[n]
        browser = browser_for(ann, "UTC")
        address = f"/book/{relationship.public_id}/{at:%Y-%m-%d/%H%M}/"

        erased, answer = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=gone.pk), by=alice.user)),
            partial(browser.post, address, {"key": uuid4()}),
        )

        outcome = (erased, answer.status_code, relationship.sessions.count())
        assert outcome in (("won", 404, 0), ("NotYet", 303, 1))


def test_nobody_is_linked_to_an_account_that_is_closed_meanwhile(alice, bob):
    """Alice's client accepts with the account they have at Bob's, who erases them meanwhile."""
    account = UserFactory()
    theirs = ClientFactory(therapist=bob, account=account, email=account.email)
    new = ClientFactory(therapist=alice, email=account.email)
    invited = Invitation.open(Invitation.create_for(new))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            invited.accept(account)
            erasing = pool.submit(in_own_connection, partial(erase, theirs, by=bob.user))
            time.sleep(0.3)
        erasing.result()

    new.refresh_from_db()
    account.refresh_from_db()
    assert (new.account, account.is_active) == (account, True)


def test_nobody_accepts_with_an_account_that_is_being_closed(alice, bob):
    account = UserFactory()
    theirs = ClientFactory(therapist=bob, account=account, email=account.email)
    new = ClientFactory(therapist=alice, email=account.email)
    invited = Invitation.open(Invitation.create_for(new))
    accept = partial(attempt, partial(invited.accept, account))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            erase(theirs, by=bob.user)
            accepting = pool.submit(in_own_connection, accept)
            time.sleep(0.3)
        assert accepting.result() == "Unusable"

    new.refresh_from_db()
    assert new.account is None


def test_claiming_an_account_and_erasing_its_client_never_wait_for_each_other(bob):
    """Both lock the account first: its owner shows who they are while Bob erases them."""
    account = UserFactory(email_verified_at=None)
    theirs = ClientFactory(therapist=bob, account=account, email=account.email)
    erasing = partial(in_own_connection, partial(attempt, partial(erase, theirs, by=bob.user)))

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=account.pk)
            erased = pool.submit(erasing)
            time.sleep(0.3)
            account.claim("another quiet harbour")
        assert erased.result() == "won"

    assert not Client.objects.filter(pk=theirs.pk).exists()


def test_nobody_accepts_for_a_client_who_is_being_erased(alice):
    for _ in range(ROUNDS):
        account = UserFactory()
        new = ClientFactory(therapist=alice, email=account.email)
        invited = Invitation.open(Invitation.create_for(new))

        erased, accepted = at_once(
            partial(attempt, partial(erase, Client.objects.get(pk=new.pk), by=alice.user)),
            partial(attempt, partial(invited.accept, account)),
        )

        account.refresh_from_db()
        assert erased == "won"
        assert accepted in ("won", "Unusable")
        assert account.is_active == (accepted == "Unusable")  # or it went with its only client


def test_of_several_erasures_of_one_client_one_wins(alice):
    for _ in range(ROUNDS):
        ann = ClientFactory(therapist=alice)
        relationship = start(ann)
        relationship.end(by=alice.user, reason="completed")
        acts = [partial(erase, Client.objects.get(pk=ann.pk), by=alice.user) for _ in range(4)]

        answers = at_once(*(partial(attempt, act) for act in acts))

        assert sorted(answers) == ["DoesNotExist"] * 3 + ["won"]
        assert Erasure.objects.filter(relationship=relationship.pk).count() == 1
