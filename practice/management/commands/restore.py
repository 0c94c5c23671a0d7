"""`python3 manage.py restore FILE`: put a backup back into an empty database, or try it out."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from practice.database.state import what_is_missing
from practice.management import backups
from practice.management.owner import OwnerCommand
from practice.version import VERSION


class Command(OwnerCommand):
    """Looks at the checksum, puts the backup back, and counts the rows of every table."""

    help = "Put a backup back into an empty database; with --check, into one that is thrown away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="what backup has written")
        parser.add_argument(
            "--check", action="store_true", help="touch nothing: only try it out (or the last one)"
        )

    def handle(self, *, file: Path | None, check: bool, **options: Any) -> None:
        backup, copy = backups.read(file or self.last(check))
        if check:
            found = backups.engine().try_out(copy)
        else:
            backups.must_be_empty()
            found = backups.engine().put_back(copy)
        for name, number in found.rows.items():
            self.stdout.write(f"{number:>12,}  {name}")
        if differences := [*backup.contents.differences(found)]:
            raise CommandError(f"It is not what was copied: {'; '.join(differences)}.")
        rows = f"{sum(found.rows.values()):,} rows, as of {backup.moment:%Y-%m-%d %H:%M} UTC"
        if check:
            self.stdout.write(f"The backup can be restored: {rows}.")
            return
        this = "" if backup.version == VERSION else f" (this is {VERSION})"
        self.stdout.write(f"Restored: {rows}, written by version {backup.version}{this}.")
        if missing := what_is_missing():
            self.stdout.write(f"Next: {missing}.")

    @staticmethod
    def last(check: bool) -> Path:
        """Return the last backup of BACKUP_DIR: to be tried out, never to be put back unnamed."""
        done = backups.finished(settings.BACKUP_DIR)
        if not check or not done:
            raise CommandError(f"Name a backup, such as those in {settings.BACKUP_DIR}.")
        return done[-1][1]
