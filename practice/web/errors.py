"""An error is told to whoever runs the service: by mail (ERRORS_TO), to Sentry (SENTRY_DSN).

Both say as little as the log does (`logging.py`): where it broke and as what, not with what words.
"""

import logging
from collections.abc import Mapping
from threading import Lock, Thread
from time import monotonic
from typing import Any

import sentry_sdk
from django.conf import settings
from django.core.mail import send_mail
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.logging import LoggingIntegration

from practice.web.logging import REQUEST_ID

EVERY = 300.0  # seconds between two mails of the same error
MOST = 20  # kinds of errors that are mailed in that time
FRAME = ("filename", "module", "function", "lineno")
KEPT = ("event_id", "timestamp", "platform", "level", "release", "logger")


class MailHandler(logging.Handler):
    """Mails an error to ERRORS_TO, from a thread of its own; the same one once in five minutes."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.mailed: dict[tuple[str, int], float] = {}
        self.choosing = Lock()

    def emit(self, record: logging.LogRecord) -> None:
        if settings.ERRORS_TO and self.is_new(place_of(record)):
            Thread(target=self.send, args=[self.format(record)], name="error").start()

    def is_new(self, place: tuple[str, int]) -> bool:
        """Whether it was not mailed a moment ago; if so, remember that it is now."""
        with self.choosing:
            now = monotonic()
            self.mailed = {of: at for of, at in self.mailed.items() if now - at < EVERY}
            is_new = place not in self.mailed and len(self.mailed) < MOST
            if is_new:
                self.mailed[place] = now
            return is_new

    def send(self, text: str) -> None:
        subject = f"{settings.SERVICE_NAME}: an error"
        try:
            send_mail(subject, text, settings.DEFAULT_FROM_EMAIL, settings.ERRORS_TO)
        except OSError as error:  # of the mail server, or on the way to it
            logging.getLogger("django.practice").warning(
                "An error could not be mailed: %s", type(error).__name__
            )


def place_of(record: logging.LogRecord) -> tuple[str, int]:
    """Return the file and the line in which it broke, or else those that logged it."""
    last = record.exc_info[2] if record.exc_info else None
    while last and last.tb_next:
        last = last.tb_next
    if last:
        return last.tb_frame.f_code.co_filename, last.tb_lineno
    return record.pathname, record.lineno


def tell_sentry(dsn: str, version: str, **options: Any) -> None:
    """Send what is logged as an error to Sentry from now on, `without_values`."""
    sentry_sdk.init(
        dsn,
        release=version,
        default_integrations=False,
        auto_enabling_integrations=False,  # Django's would hear pages instead of the log
        integrations=[LoggingIntegration(level=None), AtexitIntegration(callback=lambda *_: None)],
        before_send=without_values,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        **options,
    )


def without_values(event: Mapping[str, Any], hint: Mapping[str, Any]) -> Any:
    """Return an event with nothing but where it broke, as what, and the id of the request."""
    record = hint.get("log_record")
    kept = {key: event[key] for key in KEPT if key in event}
    kept["tags"] = {"request_id": REQUEST_ID.get() or "-"}
    errors = event.get("exception", {}).get("values", [])
    if errors:
        kept["exception"] = {"values": [_without_values(error) for error in errors]}
    elif record is not None:
        kept["message"] = f"{record.name}: {record.pathname}, line {record.lineno}"
    return kept


def _without_values(error: Mapping[str, Any]) -> dict[str, Any]:
    frames = (error.get("stacktrace") or {}).get("frames", [])
    told = [{key: frame[key] for key in FRAME if key in frame} for frame in frames]
    return {"type": error.get("type"), "module": error.get("module")} | (
        {"stacktrace": {"frames": told}} if told else {}
    )
