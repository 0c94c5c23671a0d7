"""The file of SQLite holds who is in therapy: nobody but its owner may read it."""

import os
import pwd
import sqlite3
import stat
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

PRIVATE = 0o600


class PrivateFile(sqlite3.Connection):
    """A connection that makes its file, where there is none, so that others cannot read it.

    SQLite would leave that to the umask. What it puts beside the file (-wal, -shm) has the rights
    of the file.
    """

    def __init__(self, database: str | Path, **options: Any) -> None:
        if not str(database).startswith((":memory:", "file:")):
            refuse_root(Path(database))
            make_private(Path(database))
        super().__init__(database, **options)


def make_private(path: Path) -> None:
    """Make an empty file that its owner alone can read, unless there is a file already."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
    except OSError:
        return  # it is there, or cannot be made: whoever opens it is told


def refuse_root(path: Path) -> None:
    """Look whether root is about to write where somebody else, the service's user, has to write.

    Raises:
        ImproperlyConfigured: what root leaves there its owner could neither write nor read.
    """
    if os.geteuid() != 0 or not settings.PRODUCTION:
        return
    place = next((place for place in (path, *path.parents) if place.exists()), path)
    owner = place.stat().st_uid
    if owner == 0:
        return
    try:
        name = pwd.getpwuid(owner).pw_name
    except KeyError:
        name = f"user {owner}"
    raise ImproperlyConfigured(
        f"Run this as {name}, to whom {place} belongs: by `stillwater …` (docs/deploy.md), or by "
        f"`runuser -u {name}`."
    )


def is_open_to_others(path: Path) -> bool:
    """Whether somebody who is neither the owner nor of the group can read or write a file."""
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO)
