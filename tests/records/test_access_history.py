"""The page on which a therapist sees who opened what about a client."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from practice.audit.models import Entry, Verb
from practice.diary.models import Session
from relationships.models.choices import EndReason
from tests.conftest import browser_of


def lines(browser, person, **query) -> list[tuple[str, str]]:
    """Return who did what, as the page has it, the latest first."""
    answer = browser.get(f"/clients/{person.public_id}/access/", query)
    assert answer.status_code == 200
    rows = re.findall(
        r'data-l="Who">(.*?)</td>\s*<td role="cell" data-l="What">(.*?)</td>',
        answer.content.decode(),
    )
    return [(who, re.sub(r"<.*?>", "", what)) for who, what in rows]


@pytest.fixture
def session(individual) -> Session:
    at = timezone.now() + timedelta(days=7)
    values = {"length": timedelta(minutes=50), "by": individual.therapist.user}
    return Session.book(individual, starts_at=at, **values)


def test_it_says_who_did_what_the_latest_first(as_alice, as_ann, as_bob, ann, individual):
    as_alice.get(f"/clients/{ann.public_id}/")
    as_ann.get("/dashboard/")
    as_bob.get(f"/clients/{ann.public_id}/")

    assert lines(as_alice, ann) == [
        ("Someone without access", "Tried to open it and was refused"),
        ("Ann", "Opened their own dashboard"),
        ("You", "Opened the client’s page"),
        ("You", "Started the relationship (Individual)"),
    ]


def test_a_client_who_was_refused_has_their_name(as_alice, as_ann, ann, individual):
    as_ann.get(f"/clients/{ann.public_id}/")

    assert lines(as_alice, ann)[0] == ("Ann", "Tried to open it and was refused")


def test_it_can_be_narrowed_to_one_thing(as_alice, as_ann, ann, individual, session):
    as_ann.get(f"/sessions/{session.public_id}/")
    as_alice.get(f"/clients/{ann.public_id}/")

    found = lines(as_alice, ann, only=session.public_id)
    assert [(who, what.partition(" (")[0]) for who, what in found] == [
        ("Ann", "Opened a session"),
        ("You", "Booked a session"),
    ]
    assert [who for who, _ in lines(as_alice, ann, only=individual.public_id)] == ["You"]


def test_what_belongs_to_others_narrows_nothing(as_alice, ann, carl, individual):
    theirs = lines(as_alice, ann, only=carl.public_id)

    assert theirs == [("You", "Started the relationship (Individual)")]


def test_a_list_is_paged_by_25(as_alice, ann, alice):
    for _ in range(30):
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice, about=ann)

    assert len(lines(as_alice, ann)) == 25
    assert len(lines(as_alice, ann, page="2")) == 6  # the first look at this list is one


def test_it_holds_nothing_of_other_clients(as_alice, ann, ben, individual, alice):
    Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice, about=ben)

    assert len(lines(as_alice, ann)) == 1


def test_a_reason_is_not_in_it(as_alice, ann, individual, alice):
    individual.end(by=alice.user, reason=EndReason.LOST_CONTACT, note="Quetzalcoatl")

    page = as_alice.get(f"/clients/{ann.public_id}/access/").content.decode()

    assert "Quetzalcoatl" not in page
    assert "Lost contact" not in page


def test_a_client_has_no_such_page(ann, individual):
    answer = browser_of(ann.account).get(f"/clients/{ann.public_id}/access/")

    assert answer.status_code == 403


def test_the_number_of_queries_does_not_grow(as_alice, ann, alice, individual, session):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    numbers = []
    for more in (1, 20):
        for _ in range(more):
            Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice, about=ann)
        with CaptureQueriesContext(connection) as captured:
            lines(as_alice, ann)
        numbers.append(len(captured))

    assert numbers[0] == numbers[1] <= 12


def test_it_is_linked_from_the_client_the_work_and_the_session(as_alice, ann, individual, session):
    for page in (
        f"/clients/{ann.public_id}/",
        f"/relationships/{individual.public_id}/",
        f"/sessions/{session.public_id}/",
    ):
        assert f"/clients/{ann.public_id}/access/" in as_alice.get(page).content.decode()
