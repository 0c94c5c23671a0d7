"""One world for all walks: each throws away what it did."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.utils import timezone

from practice.profiles.figures import count_installation
from tests.access.world import World


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker) -> Iterator[World]:
    """A world that every test of this folder sees as it was made."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = World()
        if connection.vendor == "postgresql":
            # As its server does within a minute: of what has just come it knows nothing, and reads
            # whole tables. (SQLite would take it for a new schema at each step that is undone.)
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        yield world
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def counted(nothing_kept: None, world: World) -> None:
    """The figures of today are there, as after a night: no page has them worked out afterwards."""
    count_installation(timezone.now())
