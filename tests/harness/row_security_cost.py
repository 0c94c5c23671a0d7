"""What row-level security costs: the same queries with and without it, in turn, in one run.

    python -m tests.harness.row_security_cost --clients 100000

A hundred practices share a PostgreSQL database. Pages of a therapist and of a client are asked for
as the owner, whom no policy binds, and as the server.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from django.utils import timezone

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
        row("query", "without", "with", "ratio")
        for name, (account, ask) in queries(therapist).items():
            without, bound = compare(ask, account)
            times = (f"{seconds * 1000:.2f} ms" for seconds in (without, bound))
            row(name, *times, f"{bound / without:.2f}")
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


def queries(therapist: object) -> dict[str, tuple[object, Callable[[], object]]]:
    """Return what is asked, and by which account."""
    from practice.booking.models import free_times
    from practice.diary.models import Session
    from tests.factories import ClientFactory, UserFactory, start

    client = ClientFactory(therapist=therapist, account=UserFactory())
    relationship, now = start(client), timezone.now()
    for day in range(1, 26):
        at = {"starts_at": now + timedelta(days=day), "length": timedelta(minutes=50)}
        Session.book(relationship, by=therapist.user, **at)
    own = Session.objects.of_clients([client])
    return {
        "first page of the Clients list": (
            therapist.user,
            lambda: list(therapist.clients.active().in_name_order()[:25]),
        ),
        "number of clients": (therapist.user, lambda: therapist.clients.count()),
        "search": (
            therapist.user,
            lambda: list(therapist.clients.search("person 77").in_name_order()[:25]),
        ),
        "sessions of a client, by the client": (client.account, lambda: list(own.all())),
        "free times, by the client": (client.account, lambda: free_times(therapist, now)),
    }


def compare(ask: Callable[[], object], account: object) -> tuple[float, float]:
    """Return the medians, in seconds, as the owner and as the server."""
    from practice.accounts import access
    from tests.application_role import application, owner

    times = {application: [], owner: []}
    for _ in range(ROUNDS):
        for role, taken in times.items():
            with role(), access.transaction_of(account.pk):
                if hasattr(account, "therapist"):
                    access.act_as_therapist()
                taken.append(timed(ask))
    return statistics.median(times[owner]), statistics.median(times[application])


def timed(ask: Callable[[], object]) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
