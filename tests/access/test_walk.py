"""Nobody gets in where they do not belong."""

import os

import pytest
from django.db import connection

from tests.access.table import TABLE
from tests.access.walk import Walk
from tests.access.world import ALIKE

pytestmark = pytest.mark.django_db

WHOLE = os.environ.get("WALK") == "whole"
IN_BRIEF = connection.vendor != "sqlite" and not WHOLE


@pytest.mark.parametrize("route", TABLE, ids=lambda route: route or "home")
def test_the_walk_finds_nothing(route, world):
    walk = Walk(world, whole=WHOLE, in_brief=IN_BRIEF)

    walk.at(route)

    assert walk.asked >= 2 * len(walk.people(route))
    assert walk.findings == []


def test_even_in_brief_somebody_of_each_kind_goes_everywhere(world):
    walk = Walk(world, in_brief=True)
    visits = [walk.people(route) for route in TABLE]

    assert all(len(people) == len(ALIKE) and "alice" in people for people in visits)
    assert {who for people in visits for who in people} == {*world.accounts}
