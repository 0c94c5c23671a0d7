"""`python3 manage.py import_archive practice.zip --therapist hannah@practice.example`."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction

from practice.accounts.models import Therapist
from practice.archive.arriving import Arrival
from practice.archive.reading import Unreadable, opened
from practice.management.owner import OwnerCommand


class Command(OwnerCommand):
    """Reads what `export_practice`, or the therapist, has written (`docs/moving.md`)."""

    help = "Move a practice in from its archive: all of it or nothing, and nobody is written to."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--therapist", required=True, help="the address with which the therapist signs in"
        )
        parser.add_argument("--dry-run", action="store_true", help="look, and change nothing")
        parser.add_argument(
            "--remind",
            action="store_true",
            help="clients are reminded of sessions to come that are in it; else nobody is",
        )

    def handle(
        self, *, file: Path, therapist: str, dry_run: bool, remind: bool, **options: Any
    ) -> None:
        owner = Therapist.objects.filter(user__email=therapist.strip().lower())
        whose = owner.select_related("user").first()
        if whose is None:
            raise CommandError(f"No therapist signs in as {therapist}: add_therapist adds one.")
        try:
            with opened(file) as archive, transaction.atomic():
                arrival = Arrival(archive, whose, by=None, reminds=remind, progress=self.progress)
                arrival.run()
                transaction.set_rollback(dry_run)
        except Unreadable as error:
            raise CommandError(f"{file}: {error}") from None
        for email in arrival.not_linked:
            self.stdout.write(f"{email} has an account here already: invite them anew.")
        self.stdout.write("Nothing was moved in." if dry_run else "Everything was moved in.")

    def progress(self, name: str, number: int) -> None:
        self.stdout.write(f"{number:>12,}  {name}")
