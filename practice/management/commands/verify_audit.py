"""`manage.py verify_audit`: is the audit as it was written?"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from practice.audit import verify
from practice.audit.chaining import chain_everything
from practice.audit.models import Chain
from practice.management.owner import OwnerCommand
from relationships.models import sealed_history

HEAD = re.compile(r"^(\d+) (\d+) ([0-9a-f]{64})$", re.MULTILINE)


class Command(OwnerCommand):
    """Reads every chain, and the history beside it; ends with 1 if anything is wrong."""

    help = "Verify every chain of the audit and print its head, to be kept outside this machine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", type=Path, help="a file with what this printed earlier")

    def handle(self, *, expect: Path | None, **options: Any) -> None:
        chain_everything()
        number = 0
        for fault in self.faults(expect):
            number += 1
            self.stdout.write(self.style.ERROR(fault))
        self.stdout.write("Keep these heads outside this machine: chain, entries, seal.")
        for head in Chain.objects.order_by("chain"):
            self.stdout.write(f"{head.chain} {head.length} {head.mac}")
        if number:
            raise CommandError(f"{number} found to be wrong.", returncode=1)
        self.stdout.write("Every chain is whole.")

    def faults(self, expect: Path | None) -> Iterator[str]:
        """Yield what is wrong, with the number of its chain."""
        for chain in verify.chains():
            for fault in (*verify.faults(chain), *sealed_history.faults(chain)):
                yield f"Chain {chain}: {fault}."
        for fault in verify.faults_of_writers():
            yield f"{fault[:1].upper()}{fault[1:]}."
        kept = HEAD.findall(expect.read_text()) if expect else []
        for chain, length, mac in kept:
            for fault in verify.faults_beside((int(chain), int(length), mac)):
                yield f"Chain {chain}: {fault}."
        if expect and not kept:
            yield f"There are no heads in {expect}."
