"""Work that an answer does not wait for, so that how long it takes tells nobody anything."""

import logging
from collections.abc import Callable
from contextvars import copy_context
from threading import Timer

from django.db import close_old_connections

A_MOMENT = 0.5  # seconds: by then the answer is on its way

log = logging.getLogger(__name__)


def later(what: str, work: Callable[[], object]) -> None:
    """Do some work in a moment, in a thread of its own; `what` names it, should it fail.

    A server that is asked to end waits for it. One that is killed does not do it.
    """
    timer = Timer(A_MOMENT, copy_context().run, [_do, what, work])
    timer.daemon = False
    timer.start()


def _do(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:
        log.exception("Failed: %s", what)
    finally:
        close_old_connections()
