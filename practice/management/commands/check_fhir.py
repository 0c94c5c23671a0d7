"""`python3 manage.py check_fhir practice.zip`, or a Bundle of FHIR as JSON."""

import json
import zipfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.archive.fhir_rules import faults_of_bundle

MOST_SHOWN = 100


class Command(BaseCommand):
    """Needs no database: whoever was given an archive can check what is in it."""

    help = "Hold the FHIR of an archive, or a Bundle, against rules beyond what validators know."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        faults = 0
        for fault in faults_of_bundle(self.bundle(file)):
            faults += 1
            if faults <= MOST_SHOWN:
                self.stdout.write(fault)
        if faults:
            raise CommandError(f"{file}: {faults:,} faults.")
        self.stdout.write(f"{file}: every rule is kept.")

    def bundle(self, file: Path) -> Any:
        """Return what the file, or the archive, has as FHIR.

        Raises:
            CommandError: nothing of the kind.
        """
        try:
            if not zipfile.is_zipfile(file):
                return json.loads(file.read_bytes())
            with zipfile.ZipFile(file) as archive:
                return json.loads(archive.read("fhir.json"))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise CommandError(f"{file}: there is no FHIR in it ({error}).") from None
