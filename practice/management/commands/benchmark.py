"""`python3 manage.py benchmark`: how fast the pages are, beside a bare view and beside peers."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

DATABASES = ("postgresql", "sqlite")
QUICK = {"clients": 10_000, "seconds": 45}
WHOLE = {"clients": 1_000_000, "seconds": 180}
FEWEST = 6_000  # the therapists who are measured have 5,520 of them


class Command(BaseCommand):
    """Fills throw-away databases, serves them as in production, and measures in one run."""

    help = (
        "Measure the pages on throw-away databases. Prints ratios to a bare signed-in view; ends "
        "with 1 if a goal is missed. Writes its table into docs/performance.md."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--quick", action="store_true", help="10,000 clients, a few minutes")
        parser.add_argument("--clients", type=int, help=f"instead of 1,000,000; {FEWEST:,} or more")
        parser.add_argument("--database", choices=DATABASES, help="only this one")
        parser.add_argument("--seconds", type=float, help="of measuring, on each database")
        parser.add_argument("--json", type=Path, help="write the same as data into this file")
        parser.add_argument("--keep-docs", action="store_true", help="leave the document alone")

    def handle(self, *, quick: bool, database: str | None, **options: Any) -> None:
        from benchmarks.both import NotMeasured, measure, tell

        usual = QUICK if quick else WHOLE
        clients = options["clients"] or usual["clients"]
        seconds = options["seconds"] or usual["seconds"]
        if clients < FEWEST:
            raise CommandError(f"Measure with {FEWEST:,} clients or more.")
        chosen = [database] if database else [*DATABASES]
        try:
            found = [measure(name, clients, seconds) for name in chosen]
        except NotMeasured as error:
            raise CommandError(str(error), returncode=2) from None
        missed = tell(found, self.stdout.write, options["json"], not options["keep_docs"])
        if missed:
            raise CommandError(f"{missed} goals are missed.", returncode=1)
