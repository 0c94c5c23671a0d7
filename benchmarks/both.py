"""Measuring on one database after the other, and saying what was found."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import report

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs/performance.md"


class NotMeasured(Exception):
    """Something else went wrong than that a goal was missed."""


def measure(database: str, clients: int, seconds: float) -> dict[str, Any]:
    """Measure on one database, in a process that has settings of its own.

    Raises:
        NotMeasured: it could not.
    """
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        command = [sys.executable, "-m", "benchmarks.one_database", database]
        command += [f"--clients={clients}", f"--seconds={seconds}", f"--json={file.name}"]
        if subprocess.run(command, cwd=ROOT).returncode:
            raise NotMeasured(f"Measuring on {database} failed.")
        return json.load(file)


def tell(
    found: list[dict[str, Any]], say: Callable[[str], object], data: Path | None, document: bool
) -> int:
    """Say what was found, write it where it is wanted; return how many goals were missed."""
    clients = found[0]["clients"]
    made = f"{clients:,} clients, {report.today()}, {report.machine()}."
    missed = list(report.missed(found))
    at_floor = list(report.at_floor(found))
    tables = [*report.table(found), "", *report.table_of_cpu(found), ""]
    tables += report.table_together(found)
    lines = [made, "", *tables, "", *report.notes(found)]
    say("\n".join(["", *lines, "", *(f"AT ITS FLOOR {line}" for line in at_floor)]))
    say("\n".join(f"MISSED {line}" for line in missed))
    if data:
        whole = {"pages": list(report.pages(found)), "missed": missed, "at_floor": at_floor}
        whole |= {"runs": found, "date": report.today(), "machine": report.machine()}
        data.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    if document:
        number = f"Goals missed: {len(missed)}. Above its goal and at its floor: {len(at_floor)}."
        report.write_into(DOCUMENT, clients, [*lines, "", number])
    return len(missed)
