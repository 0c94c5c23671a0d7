"""The zone in which a page says its times stands beside the first of them."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.access.table import TABLE
from tests.access.walk import PARAMETER, Walk
from tests.access.world import World
from tests.diary import book
from tests.factories import PASSWORD
from tests.reading import read

CLOCK = re.compile(r"\b(?:\d{1,2}(?::\d\d)?(?:am|pm)|midday|midnight)\b")
THINGS = {"alice": ["ann", "ed", "the couple"], "ann": ["ann", "the couple"], "ed": ["ed"]}
BESIDE = 70  # characters, in which a time may say until when it lasts and which of two it is
# The note that the End page shows says itself in whose zone it is read.
WITHOUT = {"relationships/<id:relationship_id>/end/"}


def names_zone_late(text: str) -> bool:
    """Whether the first time of a page stands without its zone, before it or beside it."""
    first = CLOCK.search(text)
    return bool(first) and "London time" not in text[: first.end() + BESIDE]


def test_every_page_names_the_zone_beside_its_first_time(db):
    walk, late, seen = Walk(World()), set(), set()
    for who, names in THINGS.items():
        browser = walk.browsers[who]
        browser.post("/sign-in/again/", {"password": PASSWORD})
        for route in TABLE.keys() - WITHOUT:
            part = PARAMETER.search(route)
            things = walk.world.objects(part[1]) if part else {names[0]: ""}
            for name in things.keys() & {*names}:
                answer = browser.get(walk.address(route, things[name]), follow=True)
                is_led = answer.redirect_chain and answer.redirect_chain[-1][0] == "/clients/"
                is_page = "text/html" in answer.headers["Content-Type"]
                if is_page and answer.status_code == 200 and not is_led:
                    text = read(answer).text
                    seen |= {route} if CLOCK.search(text) else set()
                    late |= {f"{who}: {route}"} if names_zone_late(text) else set()

    assert late == set()
    assert {"dashboard/", "sessions/<id:session_id>/", "book/<id:relationship_id>/"} <= seen


@pytest.mark.parametrize(
    ("text", "is_late"),
    [
        ("Today, 6pm to 6:50pm (London time)", False),
        ("Times are shown in London time. 9am 10am", False),
        ("Today, 6pm to 6:50pm" + " and more" * 10 + " London time", True),
        ("No session booked", False),
    ],
)
def test_a_zone_that_comes_late_is_found(text, is_late):
    assert names_zone_late(text) is is_late


def test_the_other_times_of_a_page_do_not_name_it_again(as_ann, individual):
    for days in (1, 2, 3):
        book(individual, timezone.now() + timedelta(days=days))

    assert read(as_ann.get("/dashboard/sessions/")).text.count("London time") == 1
