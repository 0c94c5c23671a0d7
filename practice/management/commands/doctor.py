"""`python3 manage.py doctor`: is everything as it has to be?"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from practice.management.doctor import database, machine, network
from practice.management.doctor.findings import Finding, Level, wrong

CHECKS: dict[str, tuple[Callable[[], Iterable[Finding]], ...]] = {
    "Settings": (machine.versions, machine.the_settings, machine.who_runs_it),
    "Machine": (machine.disk, machine.clock, machine.units, machine.static_files),
    "Database": (
        *(database.tables, database.sqlite, database.row_level_security, database.rules),
        database.roles,
        database.clock,
        *(database.connections, database.audit, database.second_factors, database.nightly_work),
        database.messages,
    ),
    "Backups": (machine.backups,),
}
BY_NETWORK = {"Mail": (network.mail,), "Service": (network.service,)}


class Command(BaseCommand):
    """Looks at everything that an operator would; ends with 1 if anything is wrong."""

    help = "Look at settings, machine, database, backups, mail and the service, and say what to do."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--offline", action="store_true", help="ask no other server")

    def handle(self, *, offline: bool, **options: Any) -> None:
        number: Counter[Level] = Counter()
        for name, checks in (CHECKS if offline else CHECKS | BY_NETWORK).items():
            self.stdout.write(self.style.MIGRATE_HEADING(name))
            for check in checks:
                found = [*findings_of(check)]
                number.update(finding.level for finding in found)
                for finding in found:
                    self.say(finding)
                if check is database.tables and any(f.level is Level.WRONG for f in found):
                    break  # there is nothing to look into
        if number[Level.WRONG]:
            raise CommandError(f"{number[Level.WRONG]} found to be wrong.", returncode=1)
        self.stdout.write("Nothing is wrong.")

    def say(self, finding: Finding) -> None:
        line = f"  {finding.level:5}  {finding.text}"
        self.stdout.write(self.style.ERROR(line) if finding.level is Level.WRONG else line)


def findings_of(check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what a check finds; a database that does not answer is a finding as well."""
    try:
        yield from check()
    except Error as error:
        what = check.__name__.replace("_", " ")
        yield wrong(f"Cannot look at {what}: {str(error).partition(chr(10))[0]}.")
