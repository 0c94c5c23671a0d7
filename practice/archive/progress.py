"""How far the archive has come that somebody is downloading: for the page from which they asked."""

import logging
import time
from threading import Thread

from django.core.cache import cache
from django.db import DatabaseError

from practice.accounts.after_response import close_connections

KEPT_FOR = 600  # seconds
BETWEEN = 1  # seconds

log = logging.getLogger(__name__)


class Told:
    """Told by who makes an archive how many of how many clients are in it; says so now and then.

    It is written by a thread of its own: the connection of the one who makes it reads as of one
    moment, and writes nothing.
    """

    def __init__(self, therapist_id: int) -> None:
        self.therapist_id, self.last = therapist_id, 0.0

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self.last >= BETWEEN or done == of:
            self.last = now
            Thread(target=_write, args=[self.therapist_id, done, of], daemon=True).start()


def _write(therapist_id: int, done: int, of: int) -> None:
    try:
        cache.set(_key(therapist_id), (done, of), KEPT_FOR)
    except DatabaseError:  # the archive does not need it
        log.warning("How far an archive has come could not be written")
    finally:
        close_connections()


def progress_of(therapist_id: int) -> tuple[int, int] | None:
    """Return how many of how many clients are in it; None, if none is being made."""
    return cache.get(_key(therapist_id))


def begin(therapist_id: int, of: int) -> None:
    """Say that one begins, of so many clients, whatever became of the last."""
    cache.set(_key(therapist_id), (0, of), KEPT_FOR)


def _key(therapist_id: int) -> str:
    return f"archive-of-{therapist_id}"
