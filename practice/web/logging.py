"""What goes into the log: no address that somebody asked for, nothing that stood in a row."""

import logging
import re
import traceback
from types import TracebackType
from urllib.parse import unquote

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.urls import resolve

# From where a path begins to the end of the text, or to the "HTTP/1.1" behind it.
ADDRESS = re.compile(
    r"(?P<site>https?://[^/?#\s]*(?=[/?#])|(?<![\w.:/])(?=/))(?P<path>.*?)(?= HTTP/\d|\Z)",
    re.DOTALL,
)
FILES_CHANGED = "django.utils.autoreload"  # speaks of files, not of addresses


class ByRoute(logging.Filter):
    """Put the route in the place of every path: `/invitation/<str:token>/`, never the token.

    A path may hold a secret, the query a name, and an unknown address anything.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != FILES_CHANGED:
            record.msg, record.args = ADDRESS.sub(_by_route, record.getMessage()), ()
        return True


def _by_route(found: re.Match) -> str:
    return found["site"] + route_of(unquote(found["path"].partition("?")[0]))


def route_of(path: str) -> str:
    """Return the pattern that a path fits, and of one that fits none only that it does."""
    if path.startswith(settings.STATIC_URL):
        return f"{settings.STATIC_URL}…"
    try:
        return f"/{resolve(path).route}"
    except Exception:  # Resolver404 first of all; but no line of the log may fail
        return "/…"


class WithoutValues(logging.Formatter):
    """Tell where it broke and as what, not with what words: an error may quote a row or a form.

    Only what a database says of its own state (it is away, it is locked) is kept, one line of it.
    """

    def formatException(  # noqa: N802 - the name that `logging` calls
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None]
    ) -> str:
        error, told = ei[1], []
        while error:
            frames = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}")
            if isinstance(error, OperationalError | InterfaceError):
                told[-1] += f": {str(error).partition(chr(10))[0]}"
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nwhich led to\n".join(reversed(told))
