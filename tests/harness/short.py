"""A little of each harness, on one installation: what runs with the tests.

python -m tests.harness.short --database postgres
"""

import argparse
import sys

from tests.harness import crash, graceful, guessing, locked, pooling, recovery, restore, waiting
from tests.harness.installation import Installation, installation
from tests.harness.report import verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--database", choices=["sqlite", "postgres"], required=True)
    database = parser.parse_args().database
    # While the database is away a pool is waited for, which in all would take a minute.
    with installation(database, "?pool=false" if database == "postgres" else "") as practice:
        codes = [crash.report(practice, f"{database}-web", cycles=1)]
        if database == "postgres":
            codes.append(crash.report(practice, "postgres-server", cycles=2))
            codes.append(recovery.report(practice, times=2))
        else:
            codes.append(graceful.report(practice, times=1))
        codes.append(locked.report(practice, seconds=1, people=locked.THREADS + 2))
        codes.append(restore.report(practice, clients=2))
        if database == "postgres":
            codes += several_at_once(practice)
    return max(codes)


def several_at_once(practice: Installation) -> list[int]:
    """Return the exit codes of what people do at once, with and without a pool."""
    codes = [verdict(guessing.run(practice, tries=12))]
    own = practice.web.environment["DATABASE_URL"]
    practice.web.environment["DATABASE_URL"] = own.replace("?pool=false", "?pool=true")
    codes.append(verdict(waiting.run(practice, seconds=3)))
    ways = ["pool", "pgbouncer"] if pooling.find_pgbouncer() else ["pool"]
    return codes + [pooling.report(practice, way, requests=40) for way in ways]


if __name__ == "__main__":
    sys.exit(main())
