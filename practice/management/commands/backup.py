"""`python3 manage.py backup`: a copy of the database as of one moment, while people work."""

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser

from practice.management import backups
from practice.management.owner import OwnerCommand


def at_least_one(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise ArgumentTypeError("keep one backup or more")
    return int(text)


class Command(OwnerCommand):
    """Copies the database, with a checksum and the rows of every table beside the copy."""

    help = "Copy the database, as of one moment and while it is in use. restore puts it back."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, help="instead of BACKUP_DIR")
        parser.add_argument("--keep", type=at_least_one, help="remove all but so many, in the end")

    def handle(self, *, folder: Path | None, keep: int | None, **options: Any) -> None:
        folder = folder or settings.BACKUP_DIR
        backup = backups.take(folder)
        for name, number in backup.rows.items():
            self.stdout.write(f"{number:>12,}  {name}")
        self.stdout.write(f"{sum(backup.rows.values()):>12,}  rows in {folder / backup.file}")
        if keep and (removed := backups.remove_all_but(folder, keep)):
            self.stdout.write(f"{removed} older removed.")
