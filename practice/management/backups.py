"""A backup: a copy of the database as of one moment, and beside it what it has to hold.

    stillwater-20261128T013000Z.sqlite3    or .dump, of PostgreSQL
    stillwater-20261128T013000Z.json       its checksum, and the rows of every table

The second is written last: a copy without one was not finished. How the copy is made differs
(`backup_of_sqlite.py`, `backup_of_postgresql.py`).
"""

import json
import sqlite3
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import Any, Protocol

from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from practice.database.private_file import make_private, refuse_root
from practice.management.backup_contents import Contents
from practice.management.backup_of_postgresql import Postgresql
from practice.management.backup_of_sqlite import Sqlite
from practice.version import VERSION

NAME = "stillwater-{:%Y%m%dT%H%M%SZ}"


@dataclass
class Backup:
    """What stands beside a copy."""

    version: str
    database: str
    taken_at: str
    file: str
    sha256: str
    rows: dict[str, int]
    objects: dict[str, int]

    @property
    def contents(self) -> Contents:
        return Contents(self.rows, self.objects)

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.taken_at)


class Engine(Protocol):
    """How a kind of database is copied. All raise CommandError where that cannot be done."""

    suffix: str

    def take(self, path: Path) -> Contents: ...

    def put_back(self, path: Path) -> Contents: ...

    def try_out(self, path: Path) -> Contents: ...


def engine() -> Engine:
    """Return how the present database is copied."""
    return Sqlite() if connection.vendor == "sqlite" else Postgresql()


def take(folder: Path) -> Backup:
    """Copy the present database into a folder, while people work in it.

    Raises:
        CommandError: it could not be copied.
    """
    now = timezone.now().astimezone(UTC)
    stem = folder / NAME.format(now)
    copy = stem.with_suffix(engine().suffix)
    part = copy.with_name(f"{copy.name}.part")
    try:
        refuse_root(folder)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_private(part)
        try:
            contents = engine().take(part)
            part.rename(copy)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(f"{error.filename or folder}: {error.strerror}") from None
    except sqlite3.Error as error:
        raise CommandError(f"{folder}: {error}. Is the disk full?") from None
    backup = Backup(
        version=VERSION,
        database=connection.vendor,
        taken_at=now.isoformat(timespec="seconds"),
        file=copy.name,
        sha256=checksum(copy),
        **asdict(contents),
    )
    beside = stem.with_suffix(".json")
    make_private(beside)
    beside.write_text(json.dumps(asdict(backup), indent=1) + "\n")
    return backup


def read(path: Path) -> tuple[Backup, Path]:
    """Return what stands beside a copy, and the copy, of which `path` names either.

    Raises:
        CommandError: there is none, it was damaged, or it is of the other kind of database.
    """
    try:
        backup = Backup(**json.loads(path.with_suffix(".json").read_text()))
        copy = path.with_name(backup.file)
        is_whole = checksum(copy) == backup.sha256
    except OSError as error:
        raise CommandError(f"{error.filename}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise CommandError(f"{path.with_suffix('.json')} was not written by backup.") from None
    if not is_whole:
        raise CommandError(f"{copy} is not as it was written: its checksum is another.")
    if backup.database != connection.vendor:
        raise CommandError(
            f"This is a backup of {backup.database}, and DATABASE_URL names {connection.vendor}."
        )
    return backup, copy


def finished(folder: Path) -> list[tuple[Backup, Path]]:
    """Return the finished backups of a folder with the file beside each, the oldest first."""
    found = []
    for path in folder.glob(f"{NAME.partition('{')[0]}*.json"):
        try:
            found.append((Backup(**json.loads(path.read_text())), path))
        except (ValueError, TypeError):
            continue  # not one of ours
    return sorted(found, key=lambda one: one[0].taken_at)


def remove_all_but(folder: Path, keep: int) -> int:
    """Remove the oldest backups of a folder; return how many."""
    too_many = finished(folder)[:-keep]
    for backup, path in too_many:
        path.unlink()
        path.with_name(backup.file).unlink(missing_ok=True)
    return len(too_many)


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def must_be_empty() -> None:
    """Look whether anything would be overwritten.

    Raises:
        CommandError: there are tables in the present database.
    """
    tables: list[Any] = connection.introspection.table_names()
    if tables:
        raise CommandError(
            f"This database has {len(tables)} tables, and nothing was touched. Restore into an "
            "empty one (DATABASE_URL, DATA_DIR), or try the backup out with --check."
        )
