"""What the second wall costs: the same queries with and without it, in turn, in one run.

    python -m tests.harness.wall_cost --clients 100000

A hundred practices share a PostgreSQL database. The first page of a Clients list and a page of
sessions are asked for as the owner, whom no policy binds, and as the server.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

from tests.harness.installation import installation
from tests.harness.report import row

PRACTICES, ROUNDS = 100, 400


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=100_000)
    options = parser.parse_args()
    import psycopg

    with installation("postgres") as practice:
        with psycopg.connect(practice.postgres.url()) as administrator:
            administrator.execute("GRANT stillwater_app TO stillwater_owner")  # to be both
        therapist = fill(options.clients)
        row("query", "without", "with the wall", "ratio")
        for name, ask in queries(therapist).items():
            without, walled = compare(ask, therapist.user_id)
            times = (f"{seconds * 1000:.2f} ms" for seconds in (without, walled))
            row(name, *times, f"{walled / without:.2f}")
    return 0


def fill(clients: int) -> object:
    """Make practices with active individual work and a session each; return one therapist."""
    from django.db import connection

    from tests.factories import TherapistFactory

    therapists = TherapistFactory.create_batch(PRACTICES)
    first = therapists[0].pk
    owner = f"{first} + n % {PRACTICES}"
    columns = "name, preferred_name, email, phone, time_zone, added_at, sort_name, search_text"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO clients_client (therapist_id, public_id, {columns},
                active_relationships, keep_rule)
            SELECT {owner}, lpad(n::text, 10, '0'), 'Person ' || n, '', '', '', 'Europe/London',
                now(), 'person ' || n, ' person ' || n, 1, '7_years'
            FROM generate_series(1, {clients}) n;
            ANALYZE clients_client"""  # noqa: S608
        )
    return therapists[PRACTICES // 2]


def queries(therapist: object) -> dict[str, Callable[[], object]]:
    return {
        "first page of the Clients list": lambda: list(therapist.clients.active().a_to_z()[:25]),
        "number of clients": lambda: therapist.clients.count(),
        "search": lambda: list(therapist.clients.search("person 77").a_to_z()[:25]),
    }


def compare(ask: Callable[[], object], account: int) -> tuple[float, float]:
    """Return the medians, in seconds, as the owner and as the server."""
    from practice.database import current_account
    from tests.application_role import application

    without, walled = [], []
    for _ in range(ROUNDS):
        with current_account.asking(account):
            without.append(timed(ask))
        with application(), current_account.asking(account):
            walled.append(timed(ask))
    return statistics.median(without), statistics.median(walled)


def timed(ask: Callable[[], object]) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
