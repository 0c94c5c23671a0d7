"""A throw-away installation as in production: a database that waits for the disk, and gunicorn.

The harness is the proxy in front of it and speaks plain HTTP. It reads the same database itself, as
the owner of the tables; the server is given a role of its own (`docs/operate.md`).
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.postgres import Server, throwaway_server

ROOT = Path(__file__).resolve().parents[2]
HOST = "practice.example"
PATIENCE = 60  # seconds that anything may take
# After a crash PostgreSQL sees to it that every file it has is on the disk: one call instead of a
# thousand (and Linux alone has it).
QUICK_TO_RECOVER = "-c recovery_init_sync_method=syncfs" if sys.platform == "linux" else ""
ROLES = """
CREATE ROLE stillwater_app NOLOGIN;
CREATE ROLE stillwater_owner LOGIN CREATEROLE BYPASSRLS;
CREATE ROLE stillwater LOGIN IN ROLE stillwater_app;
"""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Web:
    """The web server: one gunicorn with threads, always on the same port."""

    def __init__(self, log: Path, **environment: str) -> None:
        self.port = free_port()
        self.log, self.environment = log, {**os.environ, **environment}

    def start(self) -> None:
        command = [sys.executable, "-m", "gunicorn", "practice.wsgi", "--threads=8"]
        command += [f"--bind=127.0.0.1:{self.port}", "--log-level=warning"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a group of its own, to be killed as one
            )

    def kill(self) -> None:
        """End every process of it where it stands (SIGKILL)."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=PATIENCE)

    @contextmanager
    def running(self, **environment: str) -> Iterator[None]:
        """Run it with these settings; kill it afterwards."""
        before = self.environment
        self.environment = {**before, **environment}
        self.start()
        try:
            yield
        finally:
            self.kill()
            self.environment = before

    def terminate(self) -> int:
        """Ask it to end, as a supervisor does (SIGTERM), and return its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=PATIENCE)


class Installation:
    """Database and web server of a throw-away practice."""

    def __init__(self, web: Web, postgres: Server | None = None) -> None:
        self.web, self.postgres = web, postgres

    @property
    def database(self) -> str:
        return "PostgreSQL" if self.postgres else "SQLite"


@contextmanager
def installation(database: str, query: str = "") -> Iterator[Installation]:
    """Set up an installation on "sqlite" or "postgres", with Django in this process; once each.

    `query` is added to the web server's DATABASE_URL. The web server is not started yet.
    """
    with tempfile.TemporaryDirectory(prefix="stillwater-harness-") as name:
        log = Path(name) / "web.log"
        as_in_production()
        if database == "sqlite":
            url = os.environ["DATABASE_URL"] = f"sqlite:///{name}/practice.sqlite3"
            with set_up(Web(log, DATABASE_URL=url + query)) as practice:
                yield practice
        else:
            with throwaway_server(options=QUICK_TO_RECOVER) as server:
                os.environ["DATABASE_URL"] = f"{make_database(server)}?pool=false"
                url = server.url("stillwater", "practice") + query
                with set_up(Web(log, DATABASE_URL=url), server) as practice:
                    yield practice


def as_in_production() -> None:
    """Give this process, and those that it starts, the settings of a new installation."""
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tests.harness.settings",
        SECRET_KEY=secrets.token_urlsafe(50),
        AUDIT_KEY=secrets.token_urlsafe(50),
        ALLOWED_HOSTS=HOST,
        SITE_URL=f"https://{HOST}",
        BEHIND_TLS_PROXY="1",
        SECOND_FACTOR_FOR_THERAPISTS="0",
        DEBUG="",
        STILLWATER_DEMO="",
    )


def make_database(server: Server, name: str = "practice") -> str:
    """Make an empty database, and the roles of an installation; return the owner's URL."""
    make_database_at(server.url(), name)
    return server.url("stillwater_owner", name)


def make_database_at(url: str, name: str = "practice") -> None:
    """Make an empty database, and the roles of an installation, on the server at this address."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        known = "SELECT 1 FROM pg_roles WHERE rolname = 'stillwater'"
        if not connection.execute(known).fetchone():
            connection.execute(ROLES)
        connection.execute(f"CREATE DATABASE {name} OWNER stillwater_owner")


@contextmanager
def set_up(web: Web, server: Server | None = None) -> Iterator[Installation]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    connections.close_all()
    try:
        yield Installation(web, server)
    finally:
        connections.close_all()
        if hasattr(web, "process") and web.process.poll() is None:
            web.kill()


def until(happened: Callable[[], bool], what: str, patience: float = PATIENCE) -> float:
    """Ask again and again; return after how many seconds it had happened."""
    begun = time.monotonic()
    while not happened():
        if time.monotonic() - begun > patience:
            raise TimeoutError(f"{what}: not within {patience} s")
        time.sleep(0.01)
    return time.monotonic() - begun
