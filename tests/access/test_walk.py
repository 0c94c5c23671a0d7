"""Nobody gets in where they do not belong."""

import os

import pytest

from tests.access.table import TABLE
from tests.access.walk import Walk

pytestmark = pytest.mark.django_db

WHOLE = os.environ.get("WALK") == "whole"


@pytest.mark.parametrize("route", TABLE, ids=lambda route: route or "home")
def test_the_walk_finds_nothing(route, world):
    walk = Walk(world, whole=WHOLE)

    walk.at(route)

    assert walk.asked >= 2 * len(world.accounts)
    assert walk.findings == []
