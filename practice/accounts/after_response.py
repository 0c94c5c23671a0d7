"""Work that neither an answer nor a lock waits for: mail.

So how long it takes tells nobody anything, and a slow mail server keeps nobody waiting.
"""

import logging
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from functools import partial
from threading import Timer

from django.db import connections
from django.db.transaction import on_commit

A_MOMENT = 0.5  # seconds: by then the answer is on its way
_has_answered: ContextVar[bool] = ContextVar("has_answered", default=False)

log = logging.getLogger(__name__)


def run_after_response(what: str, work: Callable[[], object]) -> None:
    """Do some work a moment after the commit, in a thread of its own; `what` names it in the log.

    What is rolled back is not done. A server that is asked to end waits for the work; one that is
    killed does not do it. What comes up in such work is part of it, and is done with no connection
    to the database held: a pool has few of them, and a mail server may be slow.
    """
    if _has_answered.get():
        on_commit(partial(_without_connections, work))
        return
    timer = Timer(A_MOMENT, copy_context().run, [_do, what, work])
    timer.daemon = False
    on_commit(timer.start)


def _without_connections(work: Callable[[], object]) -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()
    work()


def _do(what: str, work: Callable[[], object]) -> None:
    _has_answered.set(True)
    try:
        work()
    except Exception:
        log.exception("Failed: %s", what)
    finally:
        close_connections()


def close_connections() -> None:
    """Close what this thread holds: it ends, and they would stay open until it is forgotten."""
    connections.close_all()
