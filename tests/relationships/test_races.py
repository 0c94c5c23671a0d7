"""Two people, two tabs, a double click: at the very same moment exactly one wins."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from uuid import uuid4

import pytest
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import User
from relationships.models import Relationship
from tests.conftest import browser_of
from tests.factories import (
    ClientFactory,
    TherapistFactory,
    UserFactory,
    counters_of,
    history_of,
    row_of,
    start,
    true_counters_of,
)
from tests.pressing import Browser
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 8
ROUNDS = 10


def copies(
    relationship: Relationship, act: Callable[[Relationship], object]
) -> list[Callable[[], object]]:
    """Let every thread act on its own copy, loaded before the race, as views do."""
    loaded = [Relationship.objects.get(pk=relationship.pk) for _ in range(THREADS)]
    return [lambda copy=copy: act(copy) or "won" for copy in loaded]


def test_of_eight_endings_one_wins(couples, alice, ann, ben):
    for round_ in range(1, ROUNDS + 1):
        endings = copies(
            couples, lambda relationship: relationship.end(by=alice.user, reason="completed")
        )

        answers = Counter(at_once(*endings))

        assert answers == {"won": 1, "already done": THREADS - 1}
        assert Counter(history_of(couples))["ended"] == round_
        assert counters_of(ann, ben) == [0, 0]
        Relationship.objects.get(pk=couples.pk).restart(by=alice.user)


def test_of_eight_undoings_one_wins(couples, alice, ann, ben):
    for round_ in range(1, ROUNDS + 1):
        Relationship.objects.get(pk=couples.pk).end(by=alice.user, reason="completed")

        answers = Counter(
            at_once(*copies(couples, lambda relationship: relationship.undo_end(by=alice.user)))
        )

        assert answers == {"won": 1, "already done": THREADS - 1}
        assert Counter(history_of(couples))["end_undone"] == round_
        assert counters_of(ann, ben) == [1, 1]


def test_of_eight_restarts_one_wins(couples, alice, ann, ben):
    for round_ in range(1, ROUNDS + 1):
        Relationship.objects.get(pk=couples.pk).end(by=alice.user, reason="completed")

        answers = Counter(
            at_once(*copies(couples, lambda relationship: relationship.restart(by=alice.user)))
        )

        assert answers == {"won": 1, "already done": THREADS - 1}
        assert Counter(history_of(couples))["restarted"] == round_
        assert counters_of(ann, ben) == [1, 1]


def test_of_undoing_and_restarting_one_wins(couples, alice, ann, ben):
    for round_ in range(1, ROUNDS + 1):
        Relationship.objects.get(pk=couples.pk).end(by=alice.user, reason="completed")
        undoings = copies(couples, lambda relationship: relationship.undo_end(by=alice.user))[:4]
        restarts = copies(couples, lambda relationship: relationship.restart(by=alice.user))[:4]

        answers = Counter(at_once(*undoings, *restarts))

        assert answers == {"won": 1, "already done": THREADS - 1}
        counts = Counter(history_of(couples))
        assert counts["end_undone"] + counts["restarted"] == counts["ended"] == round_
        assert counters_of(ann, ben) == [1, 1]


def test_whatever_happens_at_once_state_history_and_counters_agree(couples, alice, ann, ben):
    for _ in range(ROUNDS):
        endings = copies(
            couples, lambda relationship: relationship.end(by=alice.user, reason="other")
        )[:3]
        restarts = copies(couples, lambda relationship: relationship.restart(by=alice.user))[:3]
        undoings = copies(couples, lambda relationship: relationship.undo_end(by=alice.user))[:2]

        wins = at_once(*endings, *restarts, *undoings).count("won")

        history = history_of(couples)
        assert wins >= 1
        assert row_of(couples)["status"] == ("ended" if history[-1] == "ended" else "active")
        changes = ["ended" if kind == "ended" else "active" for kind in history]
        assert all(one != next_ for one, next_ in pairwise(changes))
        assert counters_of(ann, ben) == true_counters_of(ann, ben)


def test_of_eight_corrections_to_the_same_reason_one_wins(individual, alice):
    individual.end(by=alice.user, reason="other")
    corrections = copies(
        individual,
        lambda relationship: relationship.correct_reason(
            by=alice.user, reason="completed", ended_at=individual.ended_at
        ),
    )

    answers = Counter(at_once(*corrections))

    assert answers == {"won": 1, "already done": THREADS - 1}
    assert history_of(individual) == ["started", "ended", "corrected"]


def test_two_relationships_that_share_both_people_end_at_once(alice, ann, ben):
    one, other = start(ann, ben), start(ben, ann)
    for _ in range(ROUNDS):
        at_once(
            lambda: one.end(by=alice.user, reason="completed"),
            lambda: other.end(by=alice.user, reason="completed"),
        )
        assert counters_of(ann, ben) == [0, 0]

        at_once(lambda: one.restart(by=alice.user), lambda: other.restart(by=alice.user))
        assert counters_of(ann, ben) == [2, 2]


def test_many_relationships_of_the_same_people_end_at_once(alice):
    people = ClientFactory.create_batch(4, therapist=alice)
    relationships = [start(*people[i:], *people[:i]) for i in range(4)] + [start(p) for p in people]

    at_once(
        *(
            lambda relationship=relationship: relationship.end(by=alice.user, reason="completed")
            for relationship in relationships
        )
    )

    assert counters_of(*people) == [0, 0, 0, 0]


# Through the pages.


def test_a_double_click_on_confirm_ends_once(individual, alice, ann):
    address = f"/relationships/{individual.public_id}/end/"
    browsers = [browser_of(alice.user) for _ in range(4)]

    answers = at_once(*(lambda b=b: b.post(address, {"reason": "completed"}) for b in browsers))

    assert [answer.status_code for answer in answers] == [303] * 4
    assert history_of(individual) == ["started", "ended"]
    assert counters_of(ann) == [0]
    pages = [browser.get(answers[0].url).content.decode() for browser in browsers]
    assert sum("This relationship had already ended" in page for page in pages) == 3
    assert sum(">Relationship ended</b>" in page for page in pages) == 4


def new_client(**changed: object) -> dict[str, object]:
    return {
        "name": "Zoë Zephyr",
        "email": "zoe@mail.example",
        "time_zone": "Europe/London",
        "kind": "individual",
        "others-TOTAL_FORMS": "1",
        "others-INITIAL_FORMS": "0",
    } | changed


def led_to(answers: list) -> set[tuple[int, str]]:
    return {(answer.status_code, answer.get("Location")) for answer in answers}


def test_a_double_click_on_add_adds_one_client(alice):
    browsers = [browser_of(alice.user) for _ in range(4)]
    typed = new_client(key=str(uuid4()))

    answers = at_once(*(lambda b=b: b.post("/clients/add/", typed) for b in browsers))

    relationship = Relationship.objects.get()
    assert led_to(answers) == {(303, f"/relationships/{relationship.public_id}/")}
    assert [client.name for client in alice.clients.all()] == ["Zoë Zephyr"]


def test_a_double_click_adds_one_couple(alice):
    typed = new_client(kind="couples", key=str(uuid4())) | {"others-0-name": "Yan Yew"}
    browsers = [browser_of(alice.user) for _ in range(4)]

    answers = at_once(*(lambda b=b: b.post("/clients/add/", typed) for b in browsers))

    relationship = Relationship.objects.get()
    assert led_to(answers) == {(303, f"/relationships/{relationship.public_id}/")}
    assert {client.name for client in alice.clients.all()} == {"Zoë Zephyr", "Yan Yew"}
    assert alice.clients.count() == 2


def test_a_double_click_starts_one_relationship_with_somebody_known(alice, ann):
    address = f"/clients/{ann.public_id}/relationships/add/"
    browsers = [browser_of(alice.user) for _ in range(4)]
    typed = new_client(key=str(uuid4()))

    answers = at_once(*(lambda b=b: b.post(address, typed) for b in browsers))

    assert led_to(answers) == {(303, f"/relationships/{ann.relationships.get().public_id}/")}
    assert counters_of(ann) == [1]


def test_of_four_forms_that_start_the_same_work_one_does(alice, ann, ben):
    address = f"/clients/{ann.public_id}/relationships/add/"
    browsers = [browser_of(alice.user) for _ in range(4)]
    typed = new_client(kind="couples") | {
        "others-0-name": ben.name,
        "others-0-who": ben.public_id,
    }

    answers = at_once(
        *(lambda b=b: b.post(address, typed | {"key": str(uuid4())}) for b in browsers)
    )

    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    assert counters_of(ann, ben) == [1, 1]


def test_starting_and_ending_work_with_the_same_person_at_once_never_deadlock(alice, ann):
    """Both lock the people first, in the order of their ids."""
    for _ in range(ROUNDS):
        ending = [start(ann) for _ in range(3)]
        person = ClientFactory(therapist=alice)
        address = f"/clients/{ann.public_id}/relationships/add/"
        typed = new_client(kind="couples") | {"others-0-name": person.name}
        typed["others-0-who"] = person.public_id
        browser = browser_of(alice.user)

        _, *answers = at_once(
            lambda browser=browser, address=address, typed=typed: browser.post(address, typed),
            *(
                lambda relationship=relationship: (
                    relationship.end(by=alice.user, reason="other") or "won"
                )
                for relationship in ending
            ),
        )

        assert answers == ["won"] * 3
        assert counters_of(ann, person) == true_counters_of(ann, person)


def test_of_two_who_accept_an_invitation_one_gets_the_account(alice, ben):
    token = Invitation.create_for(ben)
    link = f"/invitation/{token}/{Invitation.proof_of(token)}/"
    typed = [
        {"new_password1": secret, "new_password2": secret}
        for secret in ("the first quiet harbour", "the second quiet harbour")
    ]

    answers = at_once(*(lambda sent=sent: Browser().post(link, sent) for sent in typed))

    assert sorted(answer.status_code for answer in answers) == [303, 410]
    winner = [answer.status_code for answer in answers].index(303)
    account = User.objects.get(email="ben@mail.example")
    assert account.check_password(typed[winner]["new_password1"])
    assert Client.objects.get(pk=ben.pk).account == account


def test_of_two_therapists_who_invite_one_person_both_are_accepted(alice, bob, ben, carl):
    account = UserFactory(email="ben@mail.example")
    Client.objects.filter(pk=carl.pk).update(email=account.email)
    carl.refresh_from_db()
    links = [f"/invitation/{Invitation.create_for(person)}/" for person in (ben, carl)]
    browsers = [browser_of(account) for _ in links]

    answers = at_once(
        *(lambda b=b, link=link: b.post(link) for b, link in zip(browsers, links, strict=True))
    )

    assert [answer.status_code for answer in answers] == [303, 303]
    assert set(account.clients.all()) == {ben, carl}


def test_different_therapists_do_not_hinder_each_other(alice):
    relationships = [
        start(ClientFactory(therapist=therapist)) for therapist in TherapistFactory.create_batch(8)
    ]

    answers = at_once(
        *(lambda t=t: t.end(by=t.therapist.user, reason="other") or "won" for t in relationships)
    )

    assert answers == ["won"] * 8


def tried(work: Relationship, what: str, **values: object) -> Callable[[], str]:
    """Let somebody do something to work as a page showed it, which was loaded before the race."""
    read = Relationship.objects.with_last_event().get(pk=work.pk)
    values |= {"by": work.therapist.user, "if_unchanged": True}

    def act() -> str:
        try:
            getattr(read, what)(**values)
        except Relationship.Changed:
            return "changed"
        return "won"

    return act


def test_of_two_who_leave_at_once_one_wins_and_the_other_is_shown_what_is_so(alice):
    for _ in range(3):
        people = ClientFactory.create_batch(3, therapist=alice)
        family = start(*people)
        how = {"at": timezone.now(), "kind": family.kind}
        leaving = [tried(family, "leave", person=person, **how) for person in people[:2]]

        assert Counter(at_once(*leaving)) == {"won": 1, "changed": 1}
        assert history_of(family) == ["started", "left"]
        assert sorted(counters_of(*people)) == [0, 1, 1]


def test_of_leaving_and_ending_at_once_one_wins(alice):
    for _ in range(3):
        people = ClientFactory.create_batch(3, therapist=alice)
        family = start(*people)
        how = {"at": timezone.now(), "kind": family.kind}
        acts = [
            tried(family, "leave", person=people[0], **how),
            tried(family, "end", reason="completed"),
        ]

        answers = at_once(*acts)

        assert answers in (["won", "changed"], ["already done", "won"])
        assert history_of(family) == ["started", "left" if answers[0] == "won" else "ended"]
        assert sorted(counters_of(*people)) == ([0, 1, 1] if answers[0] == "won" else [0, 0, 0])
