"""A little of each harness, on one installation: what runs with the tests.

python -m tests.harness.short --database postgres
"""

import argparse
import sys

from tests.harness import crash, graceful, locked, recovery, restore
from tests.harness.installation import installation


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
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
