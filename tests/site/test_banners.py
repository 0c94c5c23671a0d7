"""What waits for the next page: a key and plain values; the words are found when it is read."""

import ast
import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import RequestFactory

from clients.models import Client
from practice.accounts.adapter import FAILED, SAID
from practice.accounts.models import BrowserSession
from practice.database.public_ids import ALPHABET, LENGTH
from practice.diary.models import Session
from practice.records.erasure import erase
from practice.site.banners import BANNERS, CHANGED
from practice.web.responses import banner
from relationships.models import Relationship
from tests.diary import NOW, at
from tests.factories import start
from tests.practice.source import CODE, calls
from tests.pressing import Browser
from tests.reading import Page, read
from tests.site.banner_actions import ACTIONS, World

NAMES = (
    "Ashby",
    "Bright",
    "Newcome",
    "Archer",
    "Baker",
    "Cole",
    "ben@mail",
    "carl@mail",
    "bob@practice",
)


@pytest.fixture
def world(request, db):
    with time_machine.travel(NOW, tick=False):
        yield World(request.getfixturevalue)


def waiting() -> list[dict]:
    """Return all that is stored about browsers now."""
    return [kept.get_decoded() for kept in BrowserSession.objects.all()]


@pytest.mark.parametrize("key", ACTIONS)
def test_what_waits_is_a_key_with_ids_and_numbers(world, key):
    ACTIONS[key](world)

    [stored] = [session for session in waiting() if "banner" in session]
    assert not any(name in json.dumps(stored) for name in NAMES)
    assert stored["banner"].pop("key") == key
    assert all(is_plain(value) for value in stored["banner"].values())


def is_plain(value: object) -> bool:
    """Whether a value is a number, a public id, or a list of such: nothing that could tell."""
    if isinstance(value, list):
        return all(map(is_plain, value))
    return isinstance(value, int) or re.fullmatch(f"[{ALPHABET}]{{{LENGTH}}}", value)


def test_every_banner_there_is_has_been_tried():
    assert ACTIONS.keys() == BANNERS.keys()


def test_every_banner_that_code_shows_is_there():
    shown = [call for path in CODE for name, call in calls(path.read_text()) if name == "banner"]
    keys = {node.value for call in shown for node in ast.walk(call.args[1]) if is_text(node)}

    assert len(shown) > 30
    assert keys | {*SAID.values(), *FAILED.values()} <= BANNERS.keys()


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("value", ["Ann Ashby", b"secret", ["Ann"], None, 1.5])
def test_words_cannot_be_stored(value):
    request = RequestFactory().get("/")
    request.session = {}

    with pytest.raises(TypeError, match="ids and numbers"):
        banner(request, "relationship_ended", relationship=value)

    assert request.session == {}


# Reading it.


def page_after(world: World, address: str = "/clients/") -> Page:
    return read(world.as_alice.get(address))


def test_it_is_read_once(world):
    ACTIONS["relationship_ended"](world)

    assert page_after(world).heads[0] == "Relationship ended"
    assert page_after(world).heads[0] == "Clients"
    assert not any("banner" in session for session in waiting())


def test_it_says_what_is_so_when_it_is_read(world):
    ACTIONS["relationship_ended"](world)
    Client.objects.filter(pk=world.ann.pk).update(name="Anna Fell", preferred_name="")
    world.end(world.couples)

    text = page_after(world).text

    assert "Anna Fell no longer appears in your Clients list" in text
    assert "Anna has not been notified." in text
    assert "Ashby" not in text


def test_undo_is_offered_as_long_as_it_works(world):
    ACTIONS["relationship_ended"](world)
    with time_machine.travel(NOW + timedelta(minutes=16), tick=False):
        text = page_after(world).text

    assert "Relationship ended" in text
    assert "Ended by mistake?" not in text


@pytest.mark.parametrize(
    ("key", "meanwhile"),
    [
        ("relationship_ended", lambda world: world.work.restart(by=world.alice.user)),
        ("ending_undone", lambda world: world.end(fresh(world.work))),
        ("relationship_restarted", lambda world: world.end(fresh(world.work))),
        ("relationship_started", lambda world: world.end(Relationship.objects.latest("pk"))),
    ],
)
def test_of_what_is_no_longer_so_it_says_only_that(world, key, meanwhile):
    ACTIONS[key](world)
    world.work.refresh_from_db()
    meanwhile(world)

    page = page_after(world)

    assert page.heads[0] == CHANGED.heading
    assert page.text.startswith(f"{CHANGED.heading} {CHANGED.text} Clients")


def fresh(work: Relationship) -> Relationship:
    return Relationship.objects.get(pk=work.pk)


def test_of_what_is_gone_it_says_only_that(world):
    ACTIONS["relationship_ended"](world)
    person = world.work.people[0]
    for other in person.relationships.active():
        other.end(by=world.alice.user, reason="completed")
    Session.objects.all().delete()
    erase(person, by=world.alice.user)

    assert page_after(world).heads[0] == CHANGED.heading


def test_of_what_is_another_practices_it_says_nothing(world, carl):
    keep(world.as_alice, {"key": "relationship_had_ended", "relationship": start(carl).public_id})

    page = page_after(world)

    assert page.heads[0] == CHANGED.heading
    assert "Cole" not in page.text


def test_a_booking_that_was_cancelled_meanwhile_is_not_confirmed(world):
    ACTIONS["session_booked"](world)
    session = Session.objects.get()
    session.cancel(by=world.alice.user)

    page = read(world.as_ann.get("/dashboard/"))

    assert page.heads[0] == CHANGED.heading
    assert f"/sessions/{session.public_id}/calendar.ics" not in page.addresses


def test_a_booking_that_was_moved_meanwhile_is_told_at_its_new_time(world):
    ACTIONS["session_booked"](world)
    Session.objects.get().move(by=world.alice.user, starts_at=at("2025-11-27 09:00"))

    text = read(world.as_ann.get("/dashboard/")).text

    assert "Thursday 27 November 2025, 9am to 9:50am (London time), with Alice Archer." in text


def test_of_those_that_were_left_alone_it_names_whom_it_may(world, carl):
    left, other = world.end(), start(carl)
    ids = [left.public_id, other.public_id, "zzzzzzzzzz"]
    keep(world.as_alice, {"key": "tidied", "done": 1, "stale": ids})

    text = page_after(world).text

    assert "1 relationship done. Individual relationship with Ann Ashby was left alone" in text
    assert "Cole" not in text


def test_a_banner_of_another_version_is_no_fault(world):
    keep(world.as_alice, {"key": "of_another_version", "thing": 1})

    assert page_after(world).heads[0] == CHANGED.heading


def keep(browser: Browser, waits: dict) -> None:
    session = browser.session
    session["banner"] = waits
    session.save()
