"""Whoever shares a session with somebody reads their first name, however it was written down."""

import json

import pytest
import time_machine

from clients.models import Client
from practice.text.spoken import UNNAMED
from tests.conftest import browser_of
from tests.diary import NOW, book
from tests.factories import ClientFactory, UserFactory, start
from tests.reading import read
from tests.records.archives import opened
from tests.relationships.typed import ADD, add_to, typed

WRITTEN = [
    ("Lindqvist, Erik", "Erik"),
    ("Dr Erik Lindqvist", "Erik"),
    ("Lindqvist, Prof. Erik", "Erik"),
    ("Mr Lindqvist", UNNAMED),
    ("Lindqvist", UNNAMED),
    ("E. Lindqvist", UNNAMED),
]
ASKED = "Enter what you call them. People in the same sessions see this, and never a surname"
NO_SURNAME = "Enter it without the surname. People in the same sessions see this"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(params=WRITTEN, ids=lambda case: case[0])
def couple(request, alice, ann):
    """Ann and somebody who was written down in one way or another, and what Ann reads of them."""
    name, first = request.param
    erik = ClientFactory(therapist=alice, name=name, account=UserFactory())
    return start(ann, erik), erik, first


def test_no_page_of_the_other_half_has_a_surname(as_ann, ann, couple):
    relationship, erik, first = couple
    session = book(relationship, by=erik.account)
    details = f"/sessions/{session.public_id}/"
    pages = ["/dashboard/", "/dashboard/sessions/", f"/book/{relationship.public_id}/", details]
    pages += [f"{details}cancel/", f"{details}calendar.ics"]

    sources = [as_ann.get(address).content.decode() for address in pages]

    assert f"Couples sessions with {first}" in read(as_ann.get("/dashboard/")).text
    assert f"by {first}" in read(as_ann.get(details)).text
    assert "Lindqvist" not in "".join(sources)


def test_no_archive_has_another_persons_surname(as_ann, as_alice, ann, couple):
    relationship, erik, first = couple
    book(relationship, by=erik.account)

    own = opened(as_ann.post("/dashboard/data/"))
    about_ann = opened(as_alice.post(f"/clients/{ann.public_id}/export/"))

    assert json.loads(own["my-data.json"])["relationships"][0]["with"] == first
    assert json.loads(about_ann["client.json"])["relationships"][0]["with"] == first
    assert "Lindqvist" not in "".join([*own.values(), *about_ann.values()])


def test_a_titled_therapist_is_called_by_their_first_name(as_ann, ann, alice):
    start(ann).end(by=alice.user, reason="completed")
    alice.name = "Dr Alice Archer"
    alice.save()

    assert "a follow-up session with Alice whenever" in read(as_ann.get("/dashboard/")).text


def test_a_therapist_whose_first_name_is_not_clear_has_their_whole_name(as_ann, ann, alice):
    start(ann).end(by=alice.user, reason="completed")
    alice.name = "Dr Archer"
    alice.save()

    assert "a follow-up session with Dr Archer whenever" in read(as_ann.get("/dashboard/")).text


# The therapist is asked where a name does not tell.


@pytest.mark.parametrize("name", ["Mr Lindqvist", "Lindqvist", "E. Lindqvist", "李美玲"])
def test_adding_somebody_asks_what_to_call_them(as_alice, alice, name):
    refused = as_alice.post(ADD, typed(name=name))
    taken = as_alice.post(ADD, typed(name=name, preferred_name="Erik"))

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert read(refused).text.count(ASKED) == 2
    assert [client.first_name for client in alice.clients.all()] == ["Erik"]


@pytest.mark.parametrize("name", ["Mr Lindqvist", "Lindqvist", "E. Lindqvist"])
def test_editing_somebody_asks_what_to_call_them(as_alice, ann, name):
    sent = {"name": name, "preferred_name": "", "time_zone": "Europe/London"}
    address = f"/clients/{ann.public_id}/edit/"

    assert read(as_alice.post(address, sent)).text.count(ASKED) == 2
    assert as_alice.post(address, sent | {"preferred_name": "Erik"}).status_code == 303
    assert Client.objects.get(pk=ann.pk).first_name == "Erik"


@pytest.mark.parametrize("name", ["Mr Lindqvist", "Lindqvist", "E. Lindqvist"])
def test_adding_somebody_else_asks_what_to_call_them(as_alice, alice, ann, name):
    refused = as_alice.post(add_to(ann), typed({"name": name}, kind="couples"))
    other = {"name": name, "preferred_name": "Erik"}
    taken = as_alice.post(add_to(ann), typed(other, kind="couples"))

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert read(refused).text.count(ASKED) == 2
    assert {"others-0-preferred_name"} <= {a.get("name") for _, a in read(refused).tags}
    assert alice.clients.get(name=name).first_name == "Erik"


def test_who_is_known_already_is_not_asked_about(as_alice, alice, ann):
    erik = ClientFactory(therapist=alice, name="Lindqvist")

    other = {"name": "Lindqvist", "who": erik.public_id}
    answer = as_alice.post(add_to(ann), typed(other, kind="couples"))

    assert answer.status_code == 303


def test_the_page_does_not_ask_where_the_name_tells(as_alice, ann):
    page = read(as_alice.post(add_to(ann), typed({"name": "Erik Lindqvist"}, kind="individual")))

    assert page.value_of("others-0-name") == "Erik Lindqvist"
    assert page.value_of("others-0-preferred_name") is None


def test_what_was_answered_stays_when_a_row_is_added(as_alice, ann):
    other = {"name": "Lindqvist", "preferred_name": "Erik"}
    page = read(as_alice.post(add_to(ann), typed(other, kind="couples", do="add")))

    assert page.value_of("others-0-preferred_name") == "Erik"


@pytest.mark.parametrize("preferred", ["Erik Lindqvist", "Lindqvist, Erik", "Dr Lindqvist"])
def test_a_preferred_name_with_the_surname_is_refused(as_alice, ann, preferred):
    added = as_alice.post(ADD, typed(name="Erik Lindqvist", preferred_name=preferred))
    other = {"name": "Erik Lindqvist", "preferred_name": preferred}
    beside = as_alice.post(add_to(ann), typed(other, kind="couples"))

    for answer in (added, beside):
        assert answer.status_code == 422
        assert read(answer).text.count(NO_SURNAME) == 2


def test_the_page_says_beforehand_who_sees_it(as_alice):
    assert (
        "People in the same sessions see this, and never a surname"
        in as_alice.get(ADD).content.decode()
    )


def test_the_notice_of_the_list_calls_them_as_everywhere(alice):
    erik = ClientFactory(therapist=alice, name="Lindqvist, Erik")
    relationship = start(erik)
    relationship.end(by=alice.user, reason="completed")
    book(relationship)

    page = read(browser_of(alice.user).get("/clients/"))

    assert "Your relationship with Erik has ended" in page.text
