"""A backup is taken while people work, and comes back as it was, or is refused."""

import json
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from time import sleep

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection

from clients.models import Client
from practice.management.backup_of_postgresql import throwaway_database
from practice.management.backups import finished
from practice.version import VERSION
from tests.database.ownership import somebody_elses
from tests.factories import ClientFactory, history_of, start
from tests.postgres import find_programs

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def programs(monkeypatch) -> None:
    """Have pg_dump at hand, whichever PostgreSQL the tests found."""
    if connection.vendor == "postgresql":
        monkeypatch.setenv("PATH", f"{find_programs()}:{os.environ['PATH']}")


@pytest.fixture
def elsewhere(tmp_path) -> Iterator[None]:
    """Be in another database, which is empty."""
    known, former = connection.settings_dict, connection.settings_dict["NAME"]
    with ExitStack() as stack:
        if connection.vendor == "postgresql":
            other = stack.enter_context(throwaway_database())
        else:
            other = str(tmp_path / "empty.sqlite3")
        connection.close()
        known["NAME"] = other
        yield
        connection.close()
        known["NAME"] = former


def run(*words: object) -> str:
    out = StringIO()
    call_command(*map(str, words), stdout=out)
    return out.getvalue()


@pytest.fixture
def taken(individual, tmp_path) -> Path:
    """A backup of Alice's practice."""
    run("backup", tmp_path / "backups")
    [(backup, _)] = finished(tmp_path / "backups")
    return tmp_path / "backups" / backup.file


def test_what_was_copied_and_how_much_is_said(taken, individual, tmp_path):
    said = run("backup", tmp_path / "another")

    assert "           1  clients_client\n" in said
    assert "           1  relationships_relationship\n" in said
    assert "  rows in " in said.splitlines()[-1]


def test_nobody_else_can_read_it(taken):
    assert stat.S_IMODE(taken.parent.stat().st_mode) == 0o700
    files = [*taken.parent.iterdir()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert {path.suffix for path in files} in ({".sqlite3", ".json"}, {".dump", ".json"})


def test_it_can_be_tried_out_and_nothing_is_touched(taken, individual, alice):
    individual.end(by=alice.user, reason="completed")

    said = run("restore", taken, "--check")

    assert "The backup can be restored: " in said
    assert history_of(individual) == ["started", "ended"]
    assert {path.suffix for path in taken.parent.iterdir()} <= {".sqlite3", ".dump", ".json"}


def test_without_a_name_the_last_one_is_tried_out_and_none_is_put_back(taken, settings, tmp_path):
    settings.BACKUP_DIR = taken.parent
    assert "can be restored" in run("restore", "--check")

    with pytest.raises(CommandError, match="Name a backup"):
        run("restore")
    settings.BACKUP_DIR = tmp_path / "nothing"
    with pytest.raises(CommandError, match="Name a backup"):
        run("restore", "--check")


def test_while_people_work_it_shows_one_moment(taken, ann, alice):
    """Were rows counted in one moment and copied in another, the two would not agree."""
    folder, stop, added = taken.parent, Event(), []

    def work() -> None:
        while not stop.is_set():
            added.append(start(ClientFactory(therapist=alice)))
        connection.close()

    somebody = Thread(target=work)
    somebody.start()
    try:
        while not added:
            sleep(0.01)
        run("backup", folder)
    finally:
        stop.set()
        somebody.join()

    backup, beside = finished(folder)[-1]
    assert 2 <= backup.rows["clients_client"] <= len(added) + 1
    ahead = backup.rows["clients_client"] - backup.rows["relationships_relationship"]
    assert ahead in (0, 1)  # a client comes first, and then the work with them
    assert "can be restored" in run("restore", beside, "--check")


def test_it_comes_back_into_an_empty_database(taken, individual, elsewhere):
    said = run("restore", taken.with_suffix(".json"))

    assert "Restored: " in said
    assert "run manage.py migrate" not in said
    assert Client.objects.get().name == "Ann Ashby"
    assert history_of(individual) == ["started"]
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_with_tables_in_it_is_left_alone(taken, individual):
    with pytest.raises(CommandError, match="tables, and nothing was touched"):
        run("restore", taken)

    assert history_of(individual) == ["started"]


def test_what_was_changed_on_the_way_is_refused(taken):
    with taken.open("r+b") as file:
        file.seek(taken.stat().st_size // 2)
        file.write(b"\x00damage")

    with pytest.raises(CommandError, match="its checksum is another"):
        run("restore", taken, "--check")


def test_what_holds_other_rows_than_it_should_is_found(taken):
    """As a dump that was made behind row-level security, and is empty."""
    beside = taken.with_suffix(".json")
    told = json.loads(beside.read_text())
    told["rows"]["clients_client"] = 7
    beside.write_text(json.dumps(told))

    with pytest.raises(CommandError, match="clients_client: 7 became 1"):
        run("restore", taken, "--check")


def test_the_other_kind_of_database_is_refused(taken):
    beside = taken.with_suffix(".json")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"database": "oracle"}))

    with pytest.raises(CommandError, match=f"a backup of oracle, .* {connection.vendor}"):
        run("restore", taken)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "not json"])
def test_what_is_no_backup_is_said(taken, text):
    taken.with_suffix(".json").write_text(text)

    with pytest.raises(CommandError, match="was not written by backup"):
        run("restore", taken)


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(CommandError, match="No such file"):
        run("restore", tmp_path / "nothing.dump")


def test_a_place_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(CommandError, match=r"file.*: (Not a directory|File exists)"):
        run("backup", tmp_path / "file" / "backups")


def test_the_oldest_go(individual, tmp_path, time_machine):
    moment = datetime(2026, 11, 1, 1, tzinfo=UTC)
    for day in range(4):
        time_machine.move_to(moment + timedelta(days=day), tick=False)
        said = run("backup", tmp_path, "--keep", "2")

    kept = [backup.moment.day for backup, _ in finished(tmp_path)]
    assert kept == [3, 4]
    assert said.endswith("1 older removed.\n")
    assert len([*tmp_path.iterdir()]) == 4


@pytest.mark.parametrize("keep", ["0", "-1", "x"])
def test_the_last_one_stays(tmp_path, keep):
    with pytest.raises(CommandError, match="keep one backup or more"):
        run("backup", tmp_path, "--keep", keep)


def test_a_disk_that_takes_no_more_is_said_and_nothing_half_done_is_left(individual, tmp_path):
    """A limit of the system's on the size of a file stands for the end of the disk."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, former[1]))
    try:
        with pytest.raises(CommandError, match=r"disk I/O error|pg_dump failed: ended by signal"):
            run("backup", tmp_path / "backups")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)

    assert [*(tmp_path / "backups").iterdir()] == []


def test_a_backup_of_another_version_says_which_this_is(taken, elsewhere):
    beside = taken.with_suffix(".json")
    beside.write_text(json.dumps(json.loads(beside.read_text()) | {"version": "99.0.0"}))

    assert f"written by version 99.0.0 (this is {VERSION})" in run("restore", taken)


def test_root_writes_no_backup_that_the_service_could_not_read(
    individual, tmp_path, settings, monkeypatch
):
    settings.PRODUCTION = True
    somebody_elses(tmp_path, monkeypatch)

    with pytest.raises(ImproperlyConfigured, match=f"to whom {tmp_path} belongs"):
        run("backup", tmp_path / "backups")
