"""One world for all walks: each throws away what it did."""

from collections.abc import Iterator

import pytest
from django.db import transaction

from tests.access.world import World


@pytest.fixture(scope="package")
def world(django_db_setup: None, django_db_blocker) -> Iterator[World]:
    """A world that every test of this folder sees as it was made."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield World()
        transaction.set_rollback(True)
