"""Kill the machine that holds the database, while another stands by: people go on with that one.

    python -m tests.harness.failover --times 5

Two PostgreSQL servers are kept by Patroni, which agrees with itself through etcd (both Debian's
packages); the second has every commit before it is acknowledged (`synchronous_mode`). Six
therapists work through a web server that knows the addresses of both. Then whatever holds the
database gets SIGKILL, Patroni with it, as when a machine loses its power. Counted is how long pages
say calmly that the service is unavailable, and whether anything that was acknowledged is lost. Then
the machine comes back and stands by.
"""

import argparse
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event as Flag
from urllib.request import urlopen

from tests.harness import installation
from tests.harness.installation import Installation, free_port, until
from tests.harness.report import row, say, spread, verdict
from tests.harness.visitor import NoAnswer
from tests.harness.working import Therapist
from tests.postgres import LOCALE, find_programs, give, kill_children, not_as_root

PEOPLE = 6
WORK = 30  # acknowledgements between two outages
PATIENCE = 120  # seconds for whatever two machines have to agree on
AWAY = "Sorry, the service is unavailable"
CONFIGURATION = """
scope: practice
name: {name}
etcd3: {{hosts: "127.0.0.1:{etcd}"}}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 60}}
  initdb: [{{encoding: UTF8}}, {{locale: {locale}}}, data-checksums]
postgresql:
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  data_dir: {folder}/data
  bin_dir: {programs}
  pgpass: {folder}/pgpass
  authentication:
    superuser: {{username: postgres}}
    replication: {{username: replicator}}
  parameters: {{unix_socket_directories: {folder}}}
  pg_hba:
    - host all all 127.0.0.1/32 trust
    - host replication all 127.0.0.1/32 trust
    - local all all trust
"""


class Machine:
    """One of the two: Patroni, and the PostgreSQL that it keeps."""

    def __init__(self, name: str, folder: Path, etcd: int) -> None:
        self.folder, self.port, self.rest = folder / name, free_port(), free_port()
        self.folder.mkdir()
        (self.folder / "patroni.yaml").write_text(
            CONFIGURATION.format(
                name=name,
                etcd=etcd,
                rest=self.rest,
                port=self.port,
                folder=self.folder,
                programs=find_programs(),
                locale=LOCALE,
            )
        )

    def start(self) -> None:
        self.patroni = start(self.folder, "patroni", "patroni.yaml")

    def answers_as(self, role: str) -> bool:
        """Whether Patroni says that it is the `primary`, or stands by and is `synchronous`."""
        try:
            with urlopen(f"http://127.0.0.1:{self.rest}/{role}", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def kill(self) -> None:
        """End every process where it stands (SIGKILL)."""
        self.patroni.kill()
        self.patroni.wait(timeout=60)
        with suppress(FileNotFoundError, ProcessLookupError):
            postmaster = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
            os.kill(postmaster, signal.SIGSTOP)  # it shall have no more children
            kill_children(postmaster)
            os.kill(postmaster, signal.SIGKILL)


class Cluster:
    """Two machines, and what they agree through."""

    def __init__(self, folder: Path) -> None:
        client, peer = free_port(), free_port()
        self.folder = folder
        self.machines = [Machine(name, folder, client) for name in ("here", "there")]
        here, there = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        self.etcd = [
            *("etcd", f"--listen-client-urls={here}", f"--advertise-client-urls={here}"),
            *(f"--listen-peer-urls={there}", f"--initial-advertise-peer-urls={there}"),
            f"--initial-cluster=default={there}",
        ]

    def url(self, user: str, database: str) -> str:
        """Return a DATABASE_URL that leads to whichever machine takes writes."""
        ports = ",".join(str(machine.port) for machine in self.machines)
        hosts = ",".join("127.0.0.1" for _ in self.machines)
        where = f"host={hosts}&port={ports}&user={user}"
        return f"postgres:///{database}?{where}&target_session_attrs=read-write&connect_timeout=2"

    @contextmanager
    def running(self) -> Iterator[None]:
        """Start everything; end and forget it."""
        run_as = not_as_root()
        if run_as:
            give(self.folder, run_as["user"], run_as["group"])
        etcd = start(self.folder, *self.etcd)
        for machine in self.machines:
            machine.start()
        try:
            until(self.is_safe, "a primary, and one that stands by", PATIENCE)
            yield
        finally:
            for machine in self.machines:
                machine.kill()
            etcd.kill()
            etcd.wait(timeout=60)

    def is_safe(self) -> bool:
        """Whether one takes writes, and the other has each of them before it is acknowledged."""
        first, second = self.machines
        return any(
            one.answers_as("primary") and other.answers_as("synchronous")
            for one, other in ((first, second), (second, first))
        )

    def primary(self) -> Machine:
        return next(machine for machine in self.machines if machine.answers_as("primary"))


def start(folder: Path, *command: str) -> subprocess.Popen:
    """Start a program in a folder, where it writes its log, too."""
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env={"PATH": os.defpath, "LC_ALL": LOCALE},
            stdout=log,
            stderr=log,
            start_new_session=True,
            **not_as_root(),
        )


class Failovers:
    """Outages, and what came of them."""

    def __init__(self, practice: Installation, cluster: Cluster) -> None:
        self.practice, self.cluster = practice, cluster
        self.people = [Therapist(practice.web.port) for _ in range(PEOPLE)]
        self.outages: list[float] = []
        self.calm = 0
        self.faults: list[str] = []

    def run(self, times: int) -> None:
        self.practice.web.start()
        until(self.answers, "the first answer")
        for _ in range(times):
            until(self.cluster.is_safe, "one that stands by", PATIENCE)
            self.work_and_kill()
            for person in self.people:
                person.settle()
                self.faults += person.faults
                person.faults = []

    def work_and_kill(self) -> None:
        from django.db import connections

        stop, enough = Flag(), self.acknowledged() + WORK
        with ThreadPoolExecutor(PEOPLE) as pool:
            work = [pool.submit(person.work, stop) for person in self.people]
            until(lambda: self.acknowledged() >= enough, "enough work")
            machine = self.cluster.primary()
            machine.kill()
            stop.set()
            self.outages.append(until(self.answers, "an answer by the other machine", PATIENCE))
        for done in work:
            done.result()
        machine.start()
        connections.close_all()

    def acknowledged(self) -> int:
        return sum(person.acknowledged for person in self.people)

    def answers(self) -> bool:
        """Whether somebody signed in is shown a page; if not, they must be told so calmly."""
        try:
            answer = self.people[0].visitor.get("/clients/")
        except NoAnswer:
            return False  # the web server is starting
        if answer.status != 200:
            self.calm += 1
            if answer.status != 503 or AWAY not in answer.text:
                self.faults.append(f"answered {answer.status} meanwhile: {answer.text[:80]!r}")
        return answer.status == 200


def report(failovers: Failovers, times: int) -> int:
    """Take the primary away so many times, say what came of it, and return the exit code."""
    from django.core.management import call_command

    begun = time.monotonic()
    failovers.run(times)
    seconds = time.monotonic() - begun
    failovers.practice.web.kill()
    call_command("verify_audit", stdout=io.StringIO())  # every seal of it
    say(
        "| what | failovers | acknowledged | unknown (of them done) | calm answers meanwhile "
        "| violations | until the next page, median / max | took |"
    )
    unknown = sum(person.unknown for person in failovers.people)
    happened = sum(person.happened for person in failovers.people)
    row(
        "kill -9 of the primary's machine",
        times,
        failovers.acknowledged(),
        f"{unknown:,} ({happened:,})",
        failovers.calm,
        len(failovers.faults),
        spread(failovers.outages),
        f"{seconds:,.0f} s",
    )
    return verdict(failovers.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stillwater-failover-", dir="/tmp") as name:
        cluster = Cluster(Path(name))
        with cluster.running():
            installation.as_in_production()
            installation.make_database_at(cluster.url("postgres", "postgres"))
            os.environ["DATABASE_URL"] = cluster.url("stillwater_owner", "practice")
            web = installation.Web(
                Path(name) / "web.log", DATABASE_URL=cluster.url("stillwater", "practice")
            )
            with installation.set_up(web) as practice:
                return report(Failovers(practice, cluster), options.times)


if __name__ == "__main__":
    sys.exit(main())
