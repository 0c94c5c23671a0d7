"""The day and the time that an address asks for, which fill in the form of its page."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time
from typing import NamedTuple, Self
from urllib.parse import urlencode


class AskedFor(NamedTuple):
    """A day and a time that an address asks for; what is none is left out."""

    day: date | None = None
    at: time | None = None

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """Read `?day=2026-12-04&time=1800`."""
        day = at = None
        with suppress(ValueError):
            day = date.fromisoformat(query.get("day", ""))
        with suppress(ValueError):
            at = datetime.strptime(query.get("time", ""), "%H%M").time()  # noqa: DTZ007
        return cls(day, at)

    @property
    def initial(self) -> dict[str, date | time]:
        """What it fills in of a form."""
        found = {"day": self.day, "time": self.at}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def query(self) -> str:
        """The same again, or nothing."""
        parts = {"day": self.day and f"{self.day}", "time": self.at and f"{self.at:%H%M}"}
        return urlencode({name: value for name, value in parts.items() if value})
