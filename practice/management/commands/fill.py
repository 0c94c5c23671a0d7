"""`python3 manage.py fill --clients 1000000`: practices of any size, to measure by."""

import time
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser

from practice.management.owner import OwnerCommand


class Command(OwnerCommand):
    """Fills an empty database with made-up practices."""

    help = "Fill an empty database with made-up clients, as many as wanted. For development only."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clients", type=int, default=10_000)

    def handle(self, *, clients: int, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("This is for development only: set DEBUG=1.")
        if clients < 1:
            raise CommandError("Say how many clients, one or more.")
        from benchmarks.fill import PASSWORD, TOTP_SECRET, NotEmpty, fill, probe_email

        call_command("migrate", verbosity=0)
        begun = time.monotonic()
        try:
            plan = fill(clients, progress=self.progress)
        except NotEmpty:
            raise CommandError("There are people in this database; nothing was touched.") from None
        self.stdout.write(f"\n{clients:,} clients in {time.monotonic() - begun:.0f} s.")
        for size in plan.probes:
            self.stdout.write(f"  {probe_email(size):32} a therapist of {size:,} clients")
        self.stdout.write(f"  Password: {PASSWORD}")
        self.stdout.write(f"  Secret for an authenticator app: {TOTP_SECRET}")

    def progress(self, what: str, done: int, of: int) -> None:
        """Draw a line as far as the work has come."""
        length = done * 40 // of
        bar = "#" * length + "." * (40 - length)
        self.stdout.write(f"\r[{bar}] {done * 100 // of:3} %  {what:<24}", ending="")
        self.stdout.flush()
