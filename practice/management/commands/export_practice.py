"""`python3 manage.py export_practice hannah@practice.example practice.zip`."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.archive.contents import Practice
from practice.archive.moment import one_moment
from practice.archive.zipped import zipped
from practice.audit.models import Entry, Verb
from practice.management.owner import OwnerCommand


class Command(OwnerCommand):
    """Writes the archive that a therapist can download themselves (`docs/moving.md`)."""

    help = "Write everything of a therapist's practice into one archive. import_archive reads it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("therapist", help="the address with which the therapist signs in")
        parser.add_argument("file", type=Path, help="a file that is not there yet")

    def handle(self, *, therapist: str, file: Path, **options: Any) -> None:
        owner = Therapist.objects.filter(user__email=therapist.strip().lower())
        whose = owner.select_related("user").first()
        if whose is None:
            raise CommandError(f"No therapist signs in as {therapist}.")
        try:
            # For its owner alone, and never over another file.
            out = os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except FileExistsError:
            raise CommandError(f"{file} is there already.") from None
        try:
            with out:
                self.write(whose, out)
        except BaseException:
            file.unlink()  # half an archive is none
            raise
        Entry.record(Verb.PRACTICE_EXPORTED, by=None, therapist=whose)
        self.stdout.write(f"{file}: {file.stat().st_size:,} bytes. It is not locked.")

    def write(self, whose: Therapist, out: Any) -> None:
        with timezone.override(whose.time_zone), one_moment():
            practice = Practice(whose, timezone.now(), self.progress)
            for piece in zipped(practice.members(), timezone.localtime(practice.now)):
                out.write(piece)
            for name, number in practice.rows.items():
                self.stdout.write(f"{number:>12,}  {name}")

    def progress(self, done: int, of: int) -> None:
        if done % 500 == 0 or done == of:
            self.stdout.write(f"{done:,} of {of:,} clients")
