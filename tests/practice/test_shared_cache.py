"""What several processes of the server have to know alike is kept in the database."""

import pytest
from django.core.cache import cache, caches
from django.db import connection

from practice import settings as as_it_comes


@pytest.mark.django_db
def test_the_cache_is_shared_and_its_table_is_there(settings):
    settings.CACHES = as_it_comes.CACHES

    cache.set("tries", 3)

    assert caches["default"].get("tries") == 3
    assert "shared_cache" in connection.introspection.table_names()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM shared_cache")
        assert cursor.fetchone() == (1,)
