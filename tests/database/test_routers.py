"""The shared cache is not part of a request's transaction, where there is one."""

import importlib

import pytest
from django.conf import settings
from django.core.cache.backends.db import BaseDatabaseCache
from django.db import connection

from practice import settings as ours
from practice.accounts.models import User
from practice.database.routers import CacheRouter

CACHE_MODEL = BaseDatabaseCache("shared_cache", {}).cache_model_class


def test_the_cache_goes_by_a_connection_of_its_own(monkeypatch):
    monkeypatch.setitem(settings.DATABASES, "cache", {})
    router = CacheRouter()

    assert router.db_for_read(CACHE_MODEL) == router.db_for_write(CACHE_MODEL) == "cache"
    assert router.db_for_read(User) is router.db_for_write(User) is None
    assert router.allow_migrate("cache", "accounts") is False
    assert router.allow_migrate("default", "accounts") is None


def test_with_one_connection_everything_goes_by_it():
    assert "cache" not in settings.DATABASES
    assert CacheRouter().db_for_write(CACHE_MODEL) is None


@pytest.mark.parametrize(
    ("url", "names"),
    [("sqlite:///x.sqlite3", ["default"]), ("postgres://x@/x?pool=true", ["default", "cache"])],
)
def test_the_settings_say_so(monkeypatch, url, names):
    monkeypatch.setenv("DATABASE_URL", url)
    try:
        read = importlib.reload(ours)
        databases, pool = read.DATABASES, read.DATABASES["default"]["OPTIONS"].get("pool")
    finally:
        monkeypatch.undo()
        importlib.reload(ours)

    assert list(databases) == names
    if pool:
        assert pool["max_size"] == read.THREADS + 2
        assert databases["cache"]["OPTIONS"]["pool"] == pool
    assert connection.settings_dict is not databases["default"]
