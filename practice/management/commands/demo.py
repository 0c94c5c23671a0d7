"""`python3 manage.py demo`: fictional people, ready to click through."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from practice.accounts.models import User
from practice.demo import people


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
        loaded = self._has_people()
        if loaded and not self._is_demo_file():
            raise CommandError(
                "This database is neither the demo's own file nor empty; nothing was touched. "
                "Unset DATABASE_URL, or name an empty database."
            )
        call_command("migrate", verbosity=0)
        if not loaded:
            people.load()
        address = addrport if ":" in addrport else f"127.0.0.1:{addrport}"
        self.stdout.write(f"\n{settings.SERVICE_NAME} demo: http://{address}/\n")
        for name, role, email in people.SIGN_INS:
            self.stdout.write(f"  {email:32} {name}, {role}")
        self.stdout.write(f"  Password of all: {people.PASSWORD}\n")
        self.stdout.flush()
        if not no_server:
            call_command("runserver", addrport, use_reloader=False, skip_checks=True)

    @staticmethod
    def _is_demo_file() -> bool:
        name = str(connection.settings_dict["NAME"])
        return connection.vendor == "sqlite" and Path(name).name == "demo.sqlite3"

    @staticmethod
    def _has_people() -> bool:
        tables = connection.introspection.table_names()
        return User._meta.db_table in tables and User.objects.exists()
