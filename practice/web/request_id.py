"""One random id a request, so that its lines in the log and in the audit are found together."""

import logging
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

_current: ContextVar[str] = ContextVar("request_id", default="")


def request_id() -> str:
    """Return the id of the request being answered; empty outside one, as in a command."""
    return _current.get()


def middleware(get_response: Callable[[HttpRequest], HttpResponse]):
    """Give every request an id of its own; what a client sends as one is not believed."""

    def traced(request: HttpRequest) -> HttpResponse:
        token = _current.set(secrets.token_hex(8))
        try:
            return get_response(request)
        finally:
            _current.reset(token)

    return traced


class WithRequestId(logging.Filter):
    """Put the id on every line of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id() or "-"
        return True
