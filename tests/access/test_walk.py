"""Nobody gets in where they do not belong."""

import os

import pytest

from tests.access.table import TABLE
from tests.access.walk import Walk
from tests.access.world import World

pytestmark = pytest.mark.django_db
WHOLE = os.environ.get("WALK") == "whole"


@pytest.mark.parametrize("route", TABLE)
def test_the_walk_finds_nothing(route, record_property):
    walk = Walk(World(), whole=WHOLE)

    walk.at(route)

    record_property("requests", walk.asked)
    assert walk.findings == []
    assert walk.asked >= 30
