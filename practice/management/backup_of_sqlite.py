"""How an SQLite database is copied while it is in use, and put back.

By SQLite itself, page by page: what was committed and still stands in the file beside it (-wal)
comes along, which a copy of the file alone would lose.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management.base import CommandError
from django.db import connection

from practice.database.private_file import PrivateFile
from practice.management.backup_contents import Contents


class Sqlite:
    """The present database, which is SQLite."""

    suffix = ".sqlite3"

    def take(self, path: Path) -> Contents:
        connection.ensure_connection()
        with closing(sqlite3.connect(path, factory=PrivateFile)) as copy:
            connection.connection.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, with nothing beside it
            return contents_of(copy)

    def put_back(self, path: Path) -> Contents:
        connection.ensure_connection()
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            copy.backup(connection.connection)
        return contents_of(connection.connection)

    def try_out(self, path: Path) -> Contents:
        with TemporaryDirectory(prefix="stillwater-check-") as folder:
            target = sqlite3.connect(Path(folder) / "restored.sqlite3", factory=PrivateFile)
            with closing(target), closing(sqlite3.connect(path)) as copy:
                copy.backup(target)
                return contents_of(target)


def contents_of(database: sqlite3.Connection) -> Contents:
    """Return what an SQLite database holds.

    Raises:
        CommandError: it is damaged.
    """
    try:
        if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise CommandError("SQLite's own check finds the copy damaged.")
        if database.execute("PRAGMA foreign_key_check").fetchall():
            raise CommandError("Rows of the copy lead to rows that are not there.")
        kinds = database.execute("SELECT type, count(*) FROM sqlite_master GROUP BY type")
        objects = {f"{kind}s": number for kind, number in kinds}
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        count = 'SELECT count(*) FROM "{}"'.format
        rows = {name: database.execute(count(name)).fetchone()[0] for (name,) in names.fetchall()}
    except sqlite3.DatabaseError as error:
        raise CommandError(f"SQLite cannot read the copy: {error}") from None
    return Contents(rows, objects)
