"""What an operator has set: environment variables, read once, when the settings are.

What cannot be read is refused with the name of the setting, never taken for something else: a
switch that was misspelt must not turn off what it was to turn on. An empty value is the default.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from sentry_sdk.utils import BadDsn, Dsn

ON, OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class Environment:
    """Readers of settings by their names. Each takes the default of a setting that is not set."""

    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name) or default

    def switch(self, name: str, default: bool = False) -> bool:
        """Return whether it is on.

        Raises:
            ImproperlyConfigured: it says neither yes nor no.
        """
        value = self.text(name).strip().lower()
        if value not in ("", *ON, *OFF):
            raise ImproperlyConfigured(f"Set {name} to {' or '.join((ON[0], OFF[0]))}.")
        return value in ON if value else default

    def number(self, name: str, default: int, *, least: int = 0, most: int = 65_535) -> int:
        """Return a whole number.

        Raises:
            ImproperlyConfigured: it is none from `least` to `most`.
        """
        value = self.text(name, str(default)).strip()
        is_number = value.isascii() and value.isdigit() and len(value) < 10
        if not is_number or not least <= int(value) <= most:
            raise ImproperlyConfigured(f"Set {name} to a number from {least} to {most}.")
        return int(value)

    def choice(self, name: str, default: str, *others: str) -> str:
        """Return one of a few words, however its letters were typed.

        Raises:
            ImproperlyConfigured: it is none of them.
        """
        value = self.text(name, default).strip().lower()
        if value not in (default, *others):
            known = f"{', '.join((default, *others[:-1]))} or {others[-1]}"
            raise ImproperlyConfigured(f"Set {name} to {known}.")
        return value

    def words(self, name: str) -> list[str]:
        """Return what stands between commas."""
        return [word.strip() for word in self.text(name).split(",") if word.strip()]

    def folder(self, name: str, default: Path) -> Path:
        return Path(self.text(name, str(default))).absolute()

    def sentry(self, name: str) -> str:
        """Return where Sentry takes errors, or nothing.

        Raises:
            ImproperlyConfigured: it is no such address. It holds a key, and is not repeated.
        """
        address = self.text(name)
        try:
            return str(Dsn(address)) if address else ""
        except BadDsn:
            raise ImproperlyConfigured(
                f"Set {name} to the address that Sentry shows, such as https://key@host/1."
            ) from None

    def database(self, name: str, sqlite_file: Path) -> Any:
        """Return where the data are, as Django wants it said; by default in an SQLite file.

        Raises:
            ImproperlyConfigured: it is no address of a database. The address, which holds a
                password, is not repeated.
        """
        url = self.text(name, f"sqlite:///{quote(str(sqlite_file))}")
        try:
            # A thread's connection stays open: a new one costs more than most pages.
            found = dj_database_url.parse(url, conn_max_age=None, conn_health_checks=True)
        except ValueError:
            found = None
        if not found or found["ENGINE"].rpartition(".")[2] not in ("sqlite3", "postgresql"):
            raise ImproperlyConfigured(
                f"Set {name} to an address such as postgres://user:password@host/name; "
                "characters of a password that have a meaning there are written as %2F."
            )
        options = found.get("OPTIONS", {})
        if isinstance(pool := options.get("pool"), str):
            if pool.lower() not in (*ON, *OFF):
                raise ImproperlyConfigured(f"Write ?pool=true or ?pool=false in {name}.")
            options["pool"] = pool.lower() in ON
        return found
