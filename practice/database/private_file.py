"""The file of SQLite holds who is in therapy: nobody but its owner may read it."""

import os
import sqlite3
import stat
from pathlib import Path
from typing import Any

PRIVATE = 0o600


class PrivateFile(sqlite3.Connection):
    """A connection that makes its file, where there is none, so that others cannot read it.

    SQLite would leave that to the umask. What it puts beside the file (-wal, -shm) has the rights
    of the file.
    """

    def __init__(self, database: str | Path, **options: Any) -> None:
        if not str(database).startswith((":memory:", "file:")):
            make_private(Path(database))
        super().__init__(database, **options)


def make_private(path: Path) -> None:
    """Make an empty file that its owner alone can read, unless there is a file already."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
    except OSError:
        return  # it is there, or cannot be made: whoever opens it is told


def is_open_to_others(path: Path) -> bool:
    """Whether somebody who is neither the owner nor of the group can read or write a file."""
    return path.exists() and bool(stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO)
