"""`manage.py test`: every test, on the databases that it can tell apart and in a browser."""

import os
import platform
import shutil
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes.util import find_library
from typing import Any

from django.core.management.base import BaseCommand, CommandError

PASSED, NO_TESTS = 0, 5  # exit codes of pytest
FLAGS = ("--everywhere", "--long", "--other-browsers")
# Of the tests without a browser, PostgreSQL is asked for those that it may answer differently.
ON_POSTGRES = "(browser or (database and not again)) and not thorough"
ON_POSTGRES_TOO = "not pure"
ON_SQLITE = "not browser and not thorough"
ON_SQLITE_TOO = "not browser"
# A dozen processes run the same code; half of collecting the tests is compiling them.
COMPILED_ONCE = {"PYTHONDONTWRITEBYTECODE": ""}
# What is otherwise tried in part.
LONG_FORM = dict.fromkeys(("WALK", "CLOCKS", "SCREENS", "SAMPLES"), "whole")


class Command(BaseCommand):
    """Run pytest twice: on SQLite, and with the browser on PostgreSQL.

    One after the other: at once, on two cores, both took a quarter longer.
    """

    help = (
        "Runs every test: all on SQLite, and on PostgreSQL those of the database and of the "
        "browser. Other arguments go to pytest: manage.py test tests/diary -k cancel"
    )
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand the arguments on unread: Django would refuse those of pytest."""
        if {"-h", "--help"} & set(argv[2:]):
            super().run_from_argv(argv)
        else:
            try:
                sys.exit(self.run_everything(argv[2:]))
            except KeyboardInterrupt:
                sys.exit(128 + signal.SIGINT)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--everywhere",
            action="store_true",
            help="every test on both databases, and those that are left to this",
        )
        parser.add_argument(
            "--long", action="store_true", help="that, and in full what is otherwise sampled"
        )
        parser.add_argument(
            "--other-browsers",
            action="store_true",
            help="instead, the main flows in Firefox and in WebKit",
        )
        parser.add_argument("arguments", nargs="*", metavar="argument of pytest")

    def handle(self, *, arguments: Sequence[str], **options: Any) -> None:
        chosen = [flag for flag in FLAGS if options[flag.strip("-").replace("-", "_")]]
        code = self.run_everything([*chosen, *arguments])
        if code:
            raise CommandError("Not every test passed.", returncode=code)

    def run_everything(self, arguments: Sequence[str]) -> int:
        """Return 0 if both runs passed and at least one of them had tests."""
        # Asked to end from outside, still stop the PostgreSQL server.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
        flags = {*FLAGS} & {*arguments}
        arguments = [word for word in arguments if word not in flags]
        if "--other-browsers" in flags:
            return self.run_other_browsers(arguments)
        if "--long" in flags:
            os.environ.update(LONG_FORM)
        which = ON_POSTGRES_TOO if flags else ON_POSTGRES
        self.provide_browser()
        which_on_sqlite = ON_SQLITE_TOO if flags else ON_SQLITE
        self.say(f"Tests on SQLite: {which_on_sqlite}")
        on_sqlite = pytest("", "-m", which_on_sqlite, *arguments)
        try:
            with postgres() as (url, origin):
                self.say(f"Tests on PostgreSQL ({origin}), with the browser: {which}")
                on_postgres = pytest(url, "-m", which, *arguments)
        except (OSError, RuntimeError) as error:
            self.say(f"PostgreSQL cannot be used: {error}")
            on_postgres = 1

        self.say(f"SQLite: {outcome(on_sqlite)}. PostgreSQL and browser: {outcome(on_postgres)}.")
        failed = [code for code in (on_sqlite, on_postgres) if code not in (PASSED, NO_TESTS)]
        return failed[0] if failed else min(on_sqlite, on_postgres)

    def run_other_browsers(self, arguments: Sequence[str]) -> int:
        """Return 0 if the main flows pass in Firefox and in WebKit."""
        from tests.other_browsers import FLOWS, INSTALL, find_firefox, find_webkit

        if not (find_firefox() and find_webkit()):
            self.install(INSTALL, "Firefox, WebKit's driver or Xvfb is missing.")
        self.say("The main flows in Firefox and in WebKit")
        return pytest("", FLOWS, "-n", "0", *arguments)

    def provide_browser(self) -> None:
        """See to it that there is Chromium."""
        from tests.browser import INSTALL_BROWSER, find_chromium

        whole, quick = find_chromium(whole=True), find_chromium()
        has_both = whole and (quick != whole or "CHROMIUM" in os.environ)
        if not ((has_both and find_library("atomic")) or (whole and not on_debian())):
            missing = "Chromium, its headless shell or libatomic1 (for Playwright) is missing."
            self.install(INSTALL_BROWSER, missing)

    def install(self, command: str, missing: str) -> None:
        """Install what is missing as root on Debian; elsewhere say how, and let tests fail."""
        if os.geteuid() != 0 or not on_debian():
            self.say(f"{missing} On Debian: {command}")
            return
        self.say(f"{missing} Installing: {command}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        quietly = command.replace("apt ", "apt-get -qq -y ", 1)
        for step in ("apt-get -qq update", quietly):
            subprocess.run(step.split(), env=environment, stdout=subprocess.DEVNULL)

    def say(self, text: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{text}"))
        self.stdout.flush()


def pytest(database_url: str, *arguments: str) -> int:
    """Run pytest on a database and return its exit code; without an address, on SQLite."""
    # A process that waits for PostgreSQL or a browser leaves time for another.
    processes = min(os.cpu_count() or 1, 4) + bool(database_url)
    at_once = ["-n", str(processes), "--dist", "worksteal", "--durations=10"]
    # Each has a memory of its own of what failed last.
    cache = f"cache_dir=.pytest_cache/{'postgresql' if database_url else 'sqlite'}"
    return subprocess.run(
        [sys.executable, "-m", "pytest", *at_once, "-o", cache, *arguments],
        env={**os.environ, "DATABASE_URL": database_url} | COMPILED_ONCE,
    ).returncode


@contextmanager
def postgres() -> Iterator[tuple[str, str]]:
    """Yield the address of a PostgreSQL server and where it comes from."""
    from tests.postgres import find_programs, throwaway_postgres

    given = os.environ.get("DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given, "DATABASE_URL"
    else:
        programs = find_programs()
        with throwaway_postgres(programs) as url:
            yield url, str(programs)


def outcome(code: int) -> str:
    return {PASSED: "passed", NO_TESTS: "no tests chosen"}.get(code, f"FAILED (exit code {code})")


def on_debian() -> bool:
    try:
        system = platform.freedesktop_os_release().get("ID")
    except OSError:
        return False
    return system == "debian" and shutil.which("apt-get") is not None
