"""Practices in which anything may have happened move out and in, and every page is as it was.

    python -m tests.harness.moving --clients 500

Each practice is played by chance (`tests/archive/histories.py`), taken out as an archive, and moved
in as that of another therapist. Then every page about everybody, for the therapist and for each
client, is compared; the FHIR in the archive is held against its rules, and the history that arrived
against the seals. The database is the one of DATABASE_URL; without it, SQLite.
"""

import argparse
import io
import os
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

import time_machine  # noqa: E402
from django.db import connection  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from practice.accounts.models import Therapist  # noqa: E402
from practice.archive.arriving import Arrival  # noqa: E402
from practice.archive.fhir_rules import faults_of_bundle  # noqa: E402
from practice.archive.reading import opened  # noqa: E402
from tests.archive import archive_of, bundle_of, files_of  # noqa: E402
from tests.archive.histories import NOW, move_aside, pages_of, play, seal_faults  # noqa: E402
from tests.factories import TherapistFactory  # noqa: E402
from tests.harness.booking_race import throwaway_database  # noqa: E402
from tests.harness.report import row, say, verdict  # noqa: E402

WORKS = 25  # in one practice


def move(seed: int) -> tuple[int, int, list[str]]:
    """Let one practice move; return how many clients and pages it has, and what differs."""
    email = f"moves{seed}@practice.example"
    old = TherapistFactory(user__email=email, name=f"Moves {seed}")
    play(old, seed, WORKS)
    with time_machine.travel(NOW, tick=False):
        archive, there = archive_of(old), pages_of(old)
        move_aside(old)
        new: Therapist = TherapistFactory(user__email=email)
        with opened(io.BytesIO(archive)) as bundle:
            Arrival(bundle, new, by=None).run()
        here = pages_of(new)
    faults = [f"practice {seed}, {page}" for page in there if there[page] != here.get(page)]
    faults += [f"practice {seed}, {page}, is new" for page in here.keys() - there.keys()]
    faults += list(faults_of_bundle(bundle_of(files_of(archive))))
    faults += seal_faults(new)
    return new.clients.count(), len(here), faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    setup_test_environment()
    database = throwaway_database()
    next(database)
    begun, clients, pages, seed = time.monotonic(), 0, 0, chosen.seed
    faults: list[str] = []
    try:
        while clients < chosen.clients:
            more_clients, more_pages, more_faults = move(seed)
            clients, pages, faults = (
                clients + more_clients,
                pages + more_pages,
                faults + more_faults,
            )
            seed += 1
    finally:
        vendor = connection.vendor
        next(database, None)
    say("| what | database | practices | clients | pages | differ | took |")
    took = f"{time.monotonic() - begun:,.0f} s"
    row("moved out and in", vendor, seed - chosen.seed, clients, pages, len(faults), took)
    return verdict(faults)


if __name__ == "__main__":
    sys.exit(main())
