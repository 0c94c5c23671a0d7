"""`python3 manage.py demo`: fictional people, ready to click through."""

import socket
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from practice.accounts.models import User
from practice.demo import people

LAST_PORT = 65_535


def refusal(host: str, port: int) -> str:
    """Return why nobody can listen there, in the system's words, or nothing."""
    bare = host.strip("[]")
    try:
        with socket.socket(socket.AF_INET6 if ":" in bare else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((bare, port))
    except OSError as error:
        return (error.strerror or str(error)).lower()
    return ""


class Command(BaseCommand):
    """Fills the demo's database if it is empty, and serves it."""

    help = "Load the demo data if they are not there, and serve them."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("addrport", nargs="?", default="127.0.0.1:8000")
        parser.add_argument("--no-server", action="store_true", help="only load the data")

    def handle(self, *, addrport: str, no_server: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo needs STILLWATER_DEMO=1; `manage.py demo` sets it.")
        host, port = self._place(addrport)
        if not no_server:
            self._must_be_free(host, port)
        loaded = self._has_people()
        if loaded and not self._is_demo_file():
            raise CommandError(
                "This database is neither the demo's own file nor empty; nothing was touched. "
                "Unset DATABASE_URL, or name an empty database."
            )
        call_command("migrate", verbosity=0)
        if not loaded:
            people.load()
        self.stdout.write(f"\n{settings.SERVICE_NAME} demo: http://{host}:{port}/\n")
        for name, role, email in people.SIGN_INS:
            self.stdout.write(f"  {email:32} {name}, {role}")
        self.stdout.write(f"  Password of all: {people.PASSWORD}\n")
        self.stdout.flush()
        settings.SITE_URL = f"http://{host}:{port}"  # for links in messages
        if not no_server:
            call_command("runserver", f"{host}:{port}", use_reloader=False, skip_checks=True)

    @staticmethod
    def _place(addrport: str) -> tuple[str, int]:
        host, _, port = addrport.rpartition(":")
        if not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) <= LAST_PORT):
            raise CommandError(
                f"{port or addrport} is no port. Name one from 1 to {LAST_PORT}: "
                "python3 manage.py demo 8001"
            )
        return host or "127.0.0.1", int(port)

    def _must_be_free(self, host: str, port: int) -> None:
        if error := refusal(host, port):
            free = next(
                (n for n in range(port + 1, min(port + 200, LAST_PORT)) if not refusal(host, n)),
                None,
            )
            other = f" Try another one: python3 manage.py demo {free}" if free else ""
            raise CommandError(f"Port {port} of {host} cannot be used: {error}.{other}")

    @staticmethod
    def _is_demo_file() -> bool:
        name = str(connection.settings_dict["NAME"])
        return connection.vendor == "sqlite" and Path(name).name == "demo.sqlite3"

    @staticmethod
    def _has_people() -> bool:
        tables = connection.introspection.table_names()
        return User._meta.db_table in tables and User.objects.exists()
