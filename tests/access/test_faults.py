"""The judge is awake: planted faults are found, and row-level security stops what it is for."""

import pytest
from django.db import connection

from tests.access.faults import FORGOTTEN_FILTERS, OTHERS
from tests.access.walk import Walk
from tests.compiled import compiled_anew

pytestmark = pytest.mark.django_db
anew = pytest.fixture(autouse=True)(compiled_anew)


on_sqlite = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="the same judge, with less in the way"
)


@pytest.mark.parametrize("fault", FORGOTTEN_FILTERS)
def test_a_forgotten_filter_is_found_in_brief_or_on_postgresql_stopped(fault, world, monkeypatch):
    plant, route = FORGOTTEN_FILTERS[fault]
    walk = Walk(world, in_brief=True)
    plant(monkeypatch)

    assert walk.finds_something_at(route) == (connection.vendor == "sqlite"), walk.findings


@on_sqlite
@pytest.mark.parametrize("fault", FORGOTTEN_FILTERS)
def test_a_forgotten_filter_is_found(fault, world, monkeypatch):
    plant, route = FORGOTTEN_FILTERS[fault]
    walk = Walk(world)
    plant(monkeypatch)

    assert walk.finds_something_at(route)


@on_sqlite
@pytest.mark.parametrize("fault", OTHERS)
def test_a_planted_fault_is_found(fault, world, monkeypatch):
    plant, route = OTHERS[fault]
    walk = Walk(world)
    plant(monkeypatch)

    assert walk.finds_something_at(route)


def test_faults_of_every_class_are_planted():
    everything = [*FORGOTTEN_FILTERS, *OTHERS]

    assert len(everything) >= 20
    assert {name[:2] for name in everything} >= {f"B{n}" for n in range(1, 10)}
