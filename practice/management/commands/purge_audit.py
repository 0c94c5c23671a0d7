"""`manage.py purge_audit --before 2019-11-24 --yes`: remove old entries of the audit."""

from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from practice.audit import verify
from practice.audit.chaining import chain_everything
from practice.audit.purge import old_entries, purge
from practice.management.owner import OwnerCommand


class Command(OwnerCommand):
    """Removes from every chain what is older than a day, and records that it did."""

    help = "Remove entries of the audit from before a day. Usual advice: keep them for 7 years."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--before", type=date.fromisoformat, required=True, help="2019-11-24")
        parser.add_argument("--yes", action="store_true", help="really remove them")

    def handle(self, *, before: date, yes: bool, **options: Any) -> None:
        moment = datetime.combine(before, time.min, UTC)
        if moment > timezone.now():
            raise CommandError("Name a day that has been.")
        chain_everything()
        chains = verify.chains()
        if not yes:
            number = sum(old_entries(chain, moment).count() for chain in chains)
            raise CommandError(f"This would remove {number} entries. Say so with --yes.")
        for chain in chains:
            if any(verify.faults(chain)):
                raise CommandError(f"Chain {chain} is not whole. Run verify_audit first.")
        if any(verify.faults_of_writers()):
            raise CommandError("The audit is not whole. Run verify_audit first.")
        self.stdout.write(f"{sum(purge(chain, moment) for chain in chains)} entries removed.")
