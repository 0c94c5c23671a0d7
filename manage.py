#!/usr/bin/env python3
"""Stillwater's command line.

    python3 manage.py demo     a practice of made-up people, to look around in
    python3 manage.py test     every test: on SQLite, on PostgreSQL and in a browser
    python3 manage.py benchmark --quick     how fast the pages are

Where Django and the other requirements are installed already, they are used.
Everywhere else the first call installs them into `.venv`, beside this file, and
goes on from there. Until then only the standard library is at hand.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.txt"  # fingerprints of what was installed, or UNFINISHED
UNFINISHED = "unfinished"
JUST_INSTALLED = "STILLWATER_JUST_INSTALLED"  # set across a restart: do not install twice

# What each set of requirements must make importable.
RUNTIME = (
    "django django_htmx allauth fido2 qrcode argon2 charset_normalizer dj_database_url icalendar "
    "PIL prometheus_client psycopg python_calamine sentry_sdk tzdata whitenoise"
)
TEST = "pytest pytest_django playwright axe_playwright_python factory hypothesis lxml time_machine"
OF_THE_NETWORK = ("connect", "network", "proxy", "resolution", "timed out", "ssl")
IMPORTS = {"runtime": RUNTIME.split(), "test": RUNTIME.split() + TEST.split()}


def main() -> None:  # long for what has to be so before there is Django
    """Prepare the environment, then hand over to Django."""
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit("Stillwater needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "--version":
        print(version())
        return
    is_for_development = command in ("test", "benchmark")
    try:
        prepare("test" if is_for_development else "runtime")
    except OSError as error:
        sys.exit(
            f"{error.filename}: {error.strerror}. Let the owner of {HOME} install what is needed: "
            "python3 manage.py --help"
        )

    if command == "make_keys":  # there is none yet
        os.environ.setdefault("SECRET_KEY", "only-for-making-others")
    if command == "demo":
        os.environ.setdefault("STILLWATER_DEMO", "1")
    settings = "tests.settings" if is_for_development else "practice.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)

    from django.core.management import execute_from_command_line

    from practice.management.failures import in_words

    try:
        execute_from_command_line(sys.argv)
    except (Exception, KeyboardInterrupt) as error:
        said = in_words(error)
        if said is None or "--traceback" in sys.argv:
            raise
        sys.exit(said)


def version() -> str:
    """Return the version of this checkout, which stands in one place."""
    import tomllib

    return tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["version"]


def prepare(wanted: str) -> None:
    """Return once the `wanted` requirements are at hand, if need be in another process."""
    inside = Path(sys.prefix).resolve() == VENV
    missing = [name for name in IMPORTS[wanted] if importlib.util.find_spec(name) is None]
    ours = inside and STAMP.exists()  # a .venv made by hand carries no stamp and is left alone
    if not missing and (is_installed(wanted) or not ours):
        os.environ.pop(JUST_INSTALLED, None)
        return
    if inside and JUST_INSTALLED in os.environ:
        sys.exit(f"{', '.join(missing)} cannot be found although just installed in {VENV}.")

    if inside:  # install from outside: the environment may have to be made afresh
        if ours and is_installed(wanted):
            STAMP.write_text(UNFINISHED)  # something was lost since
        restart(sys._base_executable)  # type: ignore[attr-defined]  # of CPython, undocumented
    with requirements(wanted).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one installation at a time
        if not is_installed(wanted):
            install(wanted)
            os.environ[JUST_INSTALLED] = "1"
    restart(VENV_PYTHON)


def requirements(wanted: str) -> Path:
    return HOME / "requirements" / f"{wanted}.txt"


def fingerprint(wanted: str) -> str:
    return f"{wanted} {hashlib.sha256(requirements(wanted).read_bytes()).hexdigest()}"


def is_installed(wanted: str) -> bool:
    """Whether `.venv` holds the pinned requirements as they are today."""
    return (
        VENV_PYTHON.exists()
        and STAMP.exists()
        and fingerprint(wanted) in STAMP.read_text().splitlines()
    )


@contextmanager
def readable_by_others() -> Iterator[None]:
    """Whoever installs: the service's user, who is somebody else, runs what was installed."""
    former = os.umask(0o022)
    try:
        yield
    finally:
        os.umask(former)


@readable_by_others()
def install(wanted: str) -> None:
    """Install the pinned requirements into `.venv`; the next call repairs an interrupted one."""
    uv = shutil.which("uv")
    if not uv and importlib.util.find_spec("ensurepip") is None:
        sys.exit("Python's venv module is missing. On Debian or Ubuntu: apt install python3-venv")
    print(f"Installing the {wanted} requirements into {VENV} ...", file=sys.stderr, flush=True)
    broken = STAMP.exists() and STAMP.read_text() == UNFINISHED
    unusable = not uv and not (VENV / "bin" / "pip").exists()  # uv leaves pip out
    afresh = broken or unusable or not VENV_PYTHON.exists()
    if afresh:
        shutil.rmtree(VENV, ignore_errors=True)
        VENV.mkdir(exist_ok=True)
    STAMP.write_text(UNFINISHED)
    make: list[str | Path]
    fill: list[str | Path]
    if uv:
        make = [uv, "venv", "--quiet", "--allow-existing", "--python", sys.executable, VENV]
        fill = [uv, "pip", "install", "--quiet", "--python", VENV_PYTHON]
    else:
        make = [sys.executable, "-m", "venv", VENV]
        fill = [VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check"]
        fill += ["--progress-bar=off", "--retries=2"]
    try:
        if afresh:
            subprocess.run(make, check=True)
        run_telling([*fill, "--require-hashes", "-r", requirements(wanted)], wanted)
    except (subprocess.CalledProcessError, KeyboardInterrupt):
        sys.exit("The installation did not finish. The same command tries it again.")
    # The test requirements contain those of the runtime.
    held = ["runtime", "test"] if wanted == "test" else ["runtime"]
    STAMP.write_text("\n".join(fingerprint(name) for name in held))


def run_telling(command: list[str | Path], wanted: str) -> None:
    """Run the installation: say how far it is, and if it fails, why.

    Raises:
        CalledProcessError: it failed.
    """
    total = sum("==" in line for line in requirements(wanted).read_text().splitlines())
    number, errors = 0, []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as installing:
        for line in installing.stdout or ():
            if line.startswith("Collecting "):
                number += 1
                tell(f"{number} of {total}: {line.split()[1]}")
            elif line.startswith("Installing collected packages"):
                tell("Putting them in place ...")
            elif "error" in line.lower():
                errors.append(line.strip())
    tell("")
    if installing.returncode:
        print("\n".join(errors[-3:]), file=sys.stderr)
        if any(sign in error.lower() for error in errors for sign in OF_THE_NETWORK):
            print("The network, or what stands between, refuses it.", file=sys.stderr)
        raise subprocess.CalledProcessError(installing.returncode, command)


def tell(text: str) -> None:
    """Show how far it is, in one line that is written again and again; in a log not at all."""
    if sys.stderr.isatty():
        print(f"\r{text:<60}", end="\r", file=sys.stderr, flush=True)


def restart(python: str | Path) -> None:
    """Run the same command line again in another interpreter."""
    os.execv(python, [str(python), str(Path(__file__).resolve()), *sys.argv[1:]])


if __name__ == "__main__":
    main()
