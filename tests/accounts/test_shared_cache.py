"""What several processes of the server have to know alike is kept in the database."""

import pytest
from django.core.cache import caches
from django.db import connection

pytestmark = pytest.mark.database


@pytest.mark.django_db
def test_the_cache_is_shared_and_its_table_is_there():
    caches["shared"].set("tries", 3)

    assert caches["shared"].get("tries") == 3
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shared_cache")
        assert cursor.fetchone() == (1,)
