"""`python3 manage.py restore FILE`: put a backup back into an empty database, or try it out."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from practice.database.state import what_is_missing
from practice.management import backups
from practice.management.owner import OwnerCommand


class Command(OwnerCommand):
    """Looks at the checksum, puts the backup back, and counts the rows of every table."""

    help = "Put a backup back into an empty database; with --check, into one that is thrown away."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what backup has written")
        parser.add_argument("--check", action="store_true", help="touch nothing: only try it out")

    def handle(self, *, file: Path, check: bool, **options: Any) -> None:
        backup, copy = backups.read(file)
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
        self.stdout.write(f"Restored: {rows}, written by version {backup.version}.")
        if missing := what_is_missing():
            self.stdout.write(f"Next: {missing}.")
