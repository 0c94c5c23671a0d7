"""Telling people while the server runs: planning and sending, again and again.

A command does it (`send_mail_queue`), or a thread of the server, where SEND_MESSAGES_IN_SERVER says
so. Any number may run at once: what one has claimed the others leave.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from time import monotonic

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connections
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.notifications.models import Waiting
from practice.notifications.planning import plan
from practice.notifications.reminders import remind
from practice.notifications.sending import (
    MailServer,
    Unreachable,
    acting_as_therapist,
    send_waiting,
)

PAUSE = 15.0  # seconds between two looks
PAUSE_IN_DEMO = 1.0
AFTER_TROUBLE = 60.0
REMINDERS_EVERY = 300.0

log = logging.getLogger("django.practice")


def send_everything() -> None:
    """Plan and send whatever is due, of every therapist.

    Raises:
        Unreachable: there is no way to the mail server. What was planned waits.
    """
    while send_some():
        pass


def send_some() -> bool:
    """Plan what is due, and send some of it for each therapist; return whether there is more.

    Raises:
        Unreachable: there is no way to the mail server. What was planned waits.
    """
    server = MailServer()
    try:
        unfinished = [number for number in Waiting.therapists() if _serve(number, server)]
    finally:
        server.close()
    return bool(unfinished)


def _serve(number: int, server: MailServer) -> bool:
    """Plan and send for one therapist; what cannot be planned keeps nothing that was."""
    with failing_alone(number):
        therapist = Therapist.objects.select_related("user").get(pk=number)
        with failing_alone(number):
            _plan(therapist)
        return send_waiting(therapist, server)
    return False


@contextmanager
def failing_alone(number: int) -> Iterator[None]:
    """Let what fails for one therapist keep nobody else waiting, unless it would fail for all."""
    try:
        yield
    except (Unreachable, InterfaceError, OperationalError):
        raise
    except Exception:
        log.exception("Messages of therapist %s have to wait", number)


def remind_everybody() -> None:
    """Write down all reminders that are due."""
    for therapist in Therapist.objects.select_related("user").order_by("pk").iterator():
        with failing_alone(therapist.pk), acting_as_therapist(therapist):
            remind(therapist, timezone.now())


def _plan(therapist: Therapist) -> None:
    is_more = True
    while is_more:
        with acting_as_therapist(therapist):
            is_more = plan(therapist, timezone.now())


class Worker:
    """Looks again and again; in the server there is one thread a process."""

    def __init__(self) -> None:
        self.thread: Thread | None = None
        self.starting, self.ended = Lock(), Event()
        self.reminded_at = -REMINDERS_EVERY

    def begin(self) -> None:
        """Begin a thread, if none runs in this process."""
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.thread = Thread(target=self.run, name="messages", daemon=True)
                self.thread.start()

    def run(self) -> None:
        """Look until the end."""
        while not self.ended.wait(self.look()):
            pass

    def look(self) -> float:
        """Do what is due; return after how many seconds to look again."""
        try:
            if monotonic() - self.reminded_at >= REMINDERS_EVERY:
                remind_everybody()
                self.reminded_at = monotonic()
            if send_some():
                return 0
        except Unreachable as error:
            log.warning("The mail server cannot be reached: %s", error.__cause__)
            return AFTER_TROUBLE
        except Error as error:
            log.warning("Messages have to wait: %s", type(error).__name__)
            return AFTER_TROUBLE
        except Exception:
            log.exception("Messages have to wait")
            return AFTER_TROUBLE
        finally:
            connections.close_all()
        return PAUSE_IN_DEMO if settings.DEMO else PAUSE


worker = Worker()
