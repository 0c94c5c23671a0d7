"""The judge is awake: planted faults are found, and the second wall stops what it is there for."""

import pytest
from django.db import connection

from tests.access.faults import OTHERS, WALLED
from tests.access.walk import Walk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("fault", WALLED)
def test_a_forgotten_filter_is_found_and_on_postgresql_the_wall_stops_it(fault, world, monkeypatch):
    plant, route = WALLED[fault]
    walk = Walk(world)
    plant(monkeypatch)

    assert walk.finds_something_at(route) == (connection.vendor == "sqlite"), walk.findings


@pytest.mark.skipif(connection.vendor != "sqlite", reason="the same judge, and no wall in the way")
@pytest.mark.parametrize("fault", OTHERS)
def test_a_planted_fault_is_found(fault, world, monkeypatch):
    plant, route = OTHERS[fault]
    walk = Walk(world)
    plant(monkeypatch)

    assert walk.finds_something_at(route)


def test_faults_of_every_class_are_planted():
    everything = [*WALLED, *OTHERS]

    assert len(everything) >= 20
    assert {name[:2] for name in everything} >= {f"B{n}" for n in range(1, 10)}
