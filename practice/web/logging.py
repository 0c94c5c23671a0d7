"""What goes into the log: no address that somebody asked for, nothing that stood in a row."""

import logging
import re
import time
import traceback
from contextvars import ContextVar
from types import TracebackType
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http.request import split_domain_port, validate_host
from django.urls import resolve

# From where a path begins to the end of the text, or to the "HTTP/1.1" behind it.
ADDRESS = re.compile(
    r"(?:(?P<scheme>https?://)(?P<host>[^/?#\s]*)(?=[/?#])|(?<![\w.:/])(?=/))"
    r"(?P<path>.*?)(?= HTTP/\d|\Z)",
    re.DOTALL,
)
# What Django repeats of the headers and the method that somebody sent: anything at all.
REPEATED = re.compile(
    r"(?<=Invalid HTTP_HOST header: ).*"
    r"|(?<= checking failed - ).*(?= does not match any trusted)"
    r"|(?<=Method Not Allowed \()(?!(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\)).*?(?=\): )",
    re.DOTALL,
)
# One random id a request, so that its lines in the log and in the audit are found together; empty
# outside of one, as in a command.
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
FILES_CHANGED = "django.utils.autoreload"  # speaks of files, not of addresses


class ByRoute(logging.Filter):
    """Put the route in the place of every path: `/invitation/<str:token>/`, never the token.

    A path may hold a secret, the query a name, and an unknown address anything; so may the name of
    a host that is none of ours.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name != FILES_CHANGED and not hasattr(record, "is_by_route"):
            record.is_by_route = True  # a second handler gets the same record
            message = REPEATED.sub("…", record.getMessage())
            record.msg, record.args = ADDRESS.sub(_by_route, message), ()
        return True


def _by_route(found: re.Match) -> str:
    site = f"{found['scheme']}{host_of(found['host'])}" if found["scheme"] else ""
    return site + route_of(unquote(found["path"].partition("?")[0]))


def host_of(host: str) -> str:
    """Return the name of a host of this service, and of any other only that it is one."""
    domain, _ = split_domain_port(host)
    hosts = [name for name in settings.ALLOWED_HOSTS if name != "*"]
    return host if domain and validate_host(domain, hosts) else "…"


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

    Only what a database says of its own state (it is away, it is locked) is kept, one line of it,
    and what an operator has to set. What a visitor asked for in vain is no error: it has one line.
    """

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        error = record.exc_info[1] if record.exc_info else None
        if record.levelno < logging.ERROR or isinstance(error, SuspiciousOperation):
            record = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
        return super().format(record)

    def formatException(  # noqa: N802 - the name that `logging` calls
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        error: BaseException | None = ei[1]
        told: list[str] = []
        while error:
            frames = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}")
            if isinstance(error, OperationalError | InterfaceError | ImproperlyConfigured):
                told[-1] += f": {str(error).partition(chr(10))[0]}"
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nwhich led to\n".join(reversed(told))


class WithRequestId(logging.Filter):
    """Put the id on every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = REQUEST_ID.get() or "-"
        return True
