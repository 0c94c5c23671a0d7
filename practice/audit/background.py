"""Chaining while the server runs: one thread a process, so that no request does it.

It begins with the first entry that is committed and sleeps while nobody writes. What a server that
was killed has not chained is chained with the next entry, whoever writes it, or by `verify_audit`.
"""

import logging
from threading import Event, Lock, Thread
from time import sleep
from typing import Any

from django.db import Error, connection

from practice.audit.chaining import chain_everything

PAUSE = 2.0  # seconds between a first entry and its place, so that there is more than one to give
AFTER_TROUBLE = 20.0  # seconds

log = logging.getLogger(__name__)


class Chaining:
    """The thread, as far as there is one in this process."""

    def __init__(self) -> None:
        self.thread: Thread | None = None
        self.starting, self.woken = Lock(), Event()

    def wake(self, **signal: Any) -> None:
        """Have whatever is written by now chained soon."""
        self.woken.set()
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.thread = Thread(target=self.run, name="chaining", daemon=True)
                self.thread.start()

    def run(self) -> None:
        while self.woken.wait():
            sleep(PAUSE)
            self.woken.clear()
            self.chain()

    def chain(self) -> None:
        """Chain what there is. If the database is away or busy, try again later."""
        try:
            chain_everything()
        except Error as error:
            log.warning("Chaining the audit has to wait: %s", type(error).__name__)
            sleep(AFTER_TROUBLE)
            self.woken.set()
        finally:
            connection.close()


chaining = Chaining()
