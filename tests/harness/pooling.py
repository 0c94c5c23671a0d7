"""Connections that are lent in turn: nobody inherits what the one before them could see.

    python -m tests.harness.pooling --through pool --requests 2000
    python -m tests.harness.pooling --through pgbouncer --requests 2000

Eight people of four practices ask at once, through Django's own pool or through PgBouncer in
transaction mode (Debian's package) with two connections. Every page has to name the asker's own
client and nobody else's.
"""

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from os import geteuid

import psycopg

from tests.harness.installation import Installation, free_port, installation, until
from tests.harness.report import row, verdict
from tests.harness.visitor import Visitor

PRACTICES, CONNECTIONS = 4, 2
# PgBouncer passes none on from the server: docs/operate.md.
LIMITS = ("lock_timeout = '2500ms'", "statement_timeout = '3s'")
CONFIGURATION = """
[databases]
practice = host={folder} dbname=practice user=stillwater
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
ignore_startup_parameters = options
default_pool_size = {connections}
"""


def find_pgbouncer() -> str | None:
    """Return the path of PgBouncer, if it is installed."""
    return shutil.which("pgbouncer", path="/usr/sbin:/usr/local/bin:/usr/bin:/opt/homebrew/bin")


@contextmanager
def pgbouncer(practice: Installation) -> Iterator[str]:
    """Start PgBouncer before the database; yield the web server's address of it."""
    folder, port = practice.postgres.folder, free_port()
    with psycopg.connect(practice.postgres.url(), autocommit=True) as connection:
        for limit in LIMITS:
            connection.execute(f"ALTER ROLE stillwater SET {limit}")
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(folder=folder, port=port, connections=CONNECTIONS))
    as_whom = ["--user=nobody"] if geteuid() == 0 else []
    process = subprocess.Popen(
        [find_pgbouncer(), "--quiet", *as_whom, file], stderr=subprocess.DEVNULL
    )
    try:
        yield f"postgres://stillwater@127.0.0.1:{port}/practice?pool=false"
    finally:
        process.terminate()
        process.wait(timeout=60)


def main() -> int:
    """Run the harness; 0 if nobody saw what is not theirs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--through", choices=["pool", "pgbouncer"], default="pool")
    parser.add_argument("--requests", type=int, default=2000)
    options = parser.parse_args()
    with installation("postgres", "?pool=true") as practice:
        return report(practice, options.through, options.requests)


def report(practice: Installation, through: str, requests: int) -> int:
    """Run it, the web server's own pool or PgBouncer lending connections; return an exit code."""
    own = practice.web.environment["DATABASE_URL"]
    between = pgbouncer(practice) if through == "pgbouncer" else nullcontext(own)
    with between as url, practice.web.running(DATABASE_URL=url):
        return run(practice, through, requests)


def run(practice: Installation, through: str, requests: int) -> int:
    from django.db import connection

    from tests.factories import ClientFactory, UserFactory, start

    names = [f"Person{number}own" for number in range(PRACTICES)]
    visitors = []
    for name in names:
        client = ClientFactory(name=name, account=UserFactory())
        start(client)
        port = practice.web.port
        visitors.append((Visitor(port, client.therapist.user), "/clients/", name))
        visitors.append((Visitor(port, client.account), "/account/", name))
    connection.close()
    anonymous = Visitor(practice.web.port)
    until(lambda: answers(anonymous), "the web server answers")

    def ask(number: int) -> str:
        visitor, path, own = visitors[number % len(visitors)]
        while (answer := visitor.get(path)).status == 503:
            time.sleep(0.1)  # every connection is lent: ask again, as the page says
        if answer.status != 200:
            return f"{path}: {answer.status}"
        seen = [name for name in names if name in answer.text]
        return "" if seen == [own] else f"{path} of {own} shows {seen}"

    begun = time.monotonic()
    with ThreadPoolExecutor(len(visitors)) as threads:
        wrong = [finding for finding in threads.map(ask, range(requests)) if finding]
    took = time.monotonic() - begun
    row("lent through", "people", "requests", "wrong", "took")
    row(through, len(visitors), requests, len(wrong), f"{took:.0f} s")
    return verdict(wrong)


def answers(visitor: Visitor) -> bool:
    from tests.harness.visitor import NoAnswer

    try:
        return visitor.get("/readyz").status == 200
    except NoAnswer:
        return False


if __name__ == "__main__":
    sys.exit(main())
