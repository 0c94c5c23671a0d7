"""Nobody gets in where they do not belong."""

import os

import pytest

from tests.access.table import TABLE
from tests.access.walk import Walk
from tests.access.world import World

pytestmark = pytest.mark.django_db
WHOLE = os.environ.get("WALK") == "whole"


PLACES = sorted({route.partition("/")[0] for route in TABLE})  # one world for each


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place or "home")
def test_the_walk_finds_nothing(place, record_property):
    walk = Walk(World(), whole=WHOLE)
    for route in TABLE:
        if route.partition("/")[0] == place:
            asked = walk.asked
            walk.at(route)
            assert walk.asked >= asked + 30, route

    record_property("requests", walk.asked)
    assert walk.findings == []
