"""The file of SQLite can be read by its owner alone, whatever the umask."""

import os
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections

from practice.database.private_file import PrivateFile
from tests.database.ownership import somebody_elses


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request) -> Iterator[None]:
    former = os.umask(request.param)
    yield
    os.umask(former)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_database_and_what_lies_beside_it_are_private(tmp_path, umask):
    database = sqlite3.connect(tmp_path / "new.sqlite3", factory=PrivateFile)
    database.executescript("PRAGMA journal_mode=WAL; CREATE TABLE client (name TEXT);")

    found = {path.name: rights(path) for path in tmp_path.iterdir()}
    database.close()
    assert found == dict.fromkeys(("new.sqlite3", "new.sqlite3-wal", "new.sqlite3-shm"), 0o600)


def test_a_database_that_is_there_is_left_as_it_is(tmp_path):
    path = tmp_path / "old.sqlite3"
    sqlite3.connect(path).execute("CREATE TABLE client (name TEXT)").connection.close()
    path.chmod(0o640)

    database = sqlite3.connect(path, factory=PrivateFile)

    assert database.execute("SELECT count(*) FROM client").fetchone() == (0,)
    database.close()
    assert rights(path) == 0o640


def test_where_no_file_can_be_made_sqlite_says_so(tmp_path):
    with pytest.raises(sqlite3.OperationalError, match="unable to open database file"):
        sqlite3.connect(tmp_path / "nowhere" / "new.sqlite3", factory=PrivateFile)


def test_root_does_not_write_into_a_database_of_somebody_else(tmp_path, monkeypatch, settings):
    """What SQLite puts beside the file would be root's, and its owner could write no more."""
    path = tmp_path / "old.sqlite3"
    sqlite3.connect(path).close()
    path.touch()
    settings.PRODUCTION = True
    somebody_elses(path, monkeypatch)

    with pytest.raises(ImproperlyConfigured, match=f"^Run this as .*, to whom {path} belongs"):
        sqlite3.connect(path, factory=PrivateFile)


def test_root_makes_no_database_in_a_folder_of_somebody_else(tmp_path, monkeypatch, settings):
    settings.PRODUCTION = True
    somebody_elses(tmp_path, monkeypatch)

    with pytest.raises(ImproperlyConfigured, match=f"to whom {tmp_path} belongs"):
        sqlite3.connect(tmp_path / "new.sqlite3", factory=PrivateFile)
    assert [*tmp_path.iterdir()] == []


def test_the_demo_may_be_anybodys(tmp_path, monkeypatch, settings):
    settings.PRODUCTION = False
    somebody_elses(tmp_path, monkeypatch)

    sqlite3.connect(tmp_path / "demo.sqlite3", factory=PrivateFile).close()


def test_django_connects_like_that(db):
    settings = connections["default"].settings_dict
    if connections["default"].vendor == "sqlite":
        assert settings["OPTIONS"]["factory"] is PrivateFile
        assert rights(Path(settings["NAME"])) == 0o600
