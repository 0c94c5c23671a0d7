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
    parser.add_argument("--rest", action="store_true", help="what the plain run of the tests omits")
    given = parser.parse_args()
    # While the database is away a pool is waited for, which in all would take a minute.
    options = "?pool=false" if given.database == "postgres" else ""
    with installation(given.database, options) as practice:
        if given.rest:
            return max(the_rest(practice))
        codes = [crash.report(practice, f"{given.database}-web", cycles=1)]
        if given.database == "sqlite":
            codes.append(graceful.report(practice, times=1))
        else:
            use_pool(practice)
            codes.append(verdict(waiting.run(practice, seconds=3)))
    return max(codes)


def the_rest(practice: Installation) -> list[int]:
    """Return the exit codes of what takes longest, mostly by waiting."""
    codes = [locked.report(practice, seconds=1, people=locked.THREADS + 2)]
    codes.append(restore.report(practice, clients=2))
    if practice.postgres:
        codes.append(crash.report(practice, "postgres-server", cycles=2))
        codes.append(recovery.report(practice, times=2))
        codes.append(verdict(guessing.run(practice, tries=12)))
        use_pool(practice)
        codes.append(pooling.report(practice, "pool", requests=40))
        if pooling.find_pgbouncer():
            codes.append(pooling.report(practice, "pgbouncer", requests=40))
    return codes


def use_pool(practice: Installation) -> None:
    """Have servers that are started from now on keep their connections in a pool."""
    own = practice.web.environment["DATABASE_URL"]
    practice.web.environment["DATABASE_URL"] = own.replace("?pool=false", "?pool=true")


if __name__ == "__main__":
    sys.exit(main())
