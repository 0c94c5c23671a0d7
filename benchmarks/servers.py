"""Throw-away servers: a filled database, the product as in production, and its peers."""

import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tests.harness.installation import HOST, PATIENCE, ROOT, free_port, make_database
from tests.postgres import children_of, throwaway_server

PRODUCT, STOCK = "benchmarks.server.product", "benchmarks.server.stock"
# README.md and docs/operate.md: two processes on PostgreSQL; SQLite has one.
SHAPE = {"postgresql": (2, 4), "sqlite": (1, 8)}
MEMORY = "-c shared_buffers=1GB"


@dataclass
class Gunicorn:
    """A web server, on a port of its own."""

    name: str
    port: int
    process: subprocess.Popen

    @cached_property
    def workers(self) -> list[int]:
        return children_of(self.process.pid)

    def processes(self) -> list[int]:
        return [self.process.pid, *self.workers]

    def megabytes(self) -> float:
        """Return the memory of all its processes; what they share counts once."""
        return sum(map(_proportional_kib, self.processes())) / 1024

    def cpu(self) -> float:
        """Return the seconds of CPU that all its threads have used."""
        files = (Path(f"/proc/{pid}/task").glob("*/schedstat") for pid in self.processes())
        return sum(int(file.read_text().split()[0]) for of in files for file in of) / 1e9


def _proportional_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


@dataclass
class Servers:
    """What is measured on one database."""

    database: str
    product: Gunicorn
    stock: Gunicorn


@contextmanager
def empty_database(database: str) -> Iterator[tuple[Path, str, str]]:
    """Make a database, set the environment for it; yield folder, URL of owner, URL of server."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stillwater-")))
        owner = server = f"sqlite:///{folder}/practice.sqlite3"
        if database == "postgresql":
            postgres = stack.enter_context(throwaway_server(options=MEMORY))
            owner, server = make_database(postgres), postgres.url("stillwater", "practice")
            _let_the_owner_act_as_the_server(postgres.url())
        processes, threads = SHAPE[database]
        os.environ.update(
            DJANGO_SETTINGS_MODULE=PRODUCT,
            DATABASE_URL=owner,
            SECRET_KEY=secrets.token_urlsafe(50),
            AUDIT_KEY=secrets.token_urlsafe(50),
            ALLOWED_HOSTS=HOST,
            SITE_URL=f"https://{HOST}",
            BEHIND_TLS_PROXY="1",
            WEB_CONCURRENCY=str(processes),
            THREADS=str(threads),
            BENCHMARK_STATIC=str(folder / "static"),
            DEBUG="",
            STILLWATER_DEMO="",
        )
        yield folder, owner, server


def _let_the_owner_act_as_the_server(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as administrator:
        administrator.execute("GRANT stillwater_app TO stillwater_owner")


@contextmanager
def serving(database: str, folder: Path, owner: str, server: str) -> Iterator[Servers]:
    """Start both web servers; stop them."""
    with ExitStack() as stack:
        start = [
            ("product", "practice.wsgi", {"DATABASE_URL": server}),
            (
                *("stock", "benchmarks.server.stock_wsgi"),
                {"DATABASE_URL": owner, "DJANGO_SETTINGS_MODULE": STOCK},
            ),
        ]
        both = [
            stack.enter_context(gunicorn(folder, name, wsgi, *SHAPE[database], more))
            for name, wsgi, more in start
        ]
        yield Servers(database, *both)


@contextmanager
def gunicorn(
    folder: Path, name: str, wsgi: str, processes: int, threads: int, more: dict[str, str]
) -> Iterator[Gunicorn]:
    """Start a gunicorn, wait until it answers, and stop it in the end."""
    port, log = free_port(), folder / f"{name}.log"
    command = [sys.executable, "-m", "gunicorn", wsgi, "--worker-class=gthread"]
    command += [f"--workers={processes}", f"--threads={threads}", f"--bind=127.0.0.1:{port}"]
    command += ["--log-level=warning", "--no-control-socket"]
    with log.open("ab") as file:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **more},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    server = Gunicorn(name, port, process)
    try:
        _wait_for(server, log)
        yield server
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=PATIENCE)


def _wait_for(server: Gunicorn, log: Path) -> None:
    from benchmarks.asking import Refused, Visitor

    until = time.monotonic() + PATIENCE
    while True:
        try:
            Visitor(server.port).ask("/")
        except Refused:
            if server.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"no web server: {log.read_text()[-2000:]}") from None
            time.sleep(0.1)
        else:
            return
