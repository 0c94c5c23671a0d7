"""What a commit sets going, in tests that commit nothing: it happens when a request has ended.

A test runs in a transaction that is never committed, so what waits for the commit would never
happen. And no mail may be sent sooner: a mail server may be slow, and a transaction holds locks.
"""

from collections.abc import Callable, Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import TestCase


def depth() -> int:
    """Return how many transactions and savepoints are open."""
    return connection.in_atomic_block + len(connection.savepoint_ids)


class Postbox(EmailBackend):
    """Django's own for tests, which takes no mail while the transaction of a request is open."""

    depth_of_the_test: int | None = None  # while a request is being answered

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if self.depth_of_the_test is not None and depth() > self.depth_of_the_test:
            raise AssertionError("a mail is sent inside a transaction")
        return super().send_messages(messages)


def as_committed(get_response: Callable) -> Callable[[HttpRequest], HttpResponse]:
    """Do what waits for the commit where it would be done: before the session is written."""

    def middleware(request: HttpRequest) -> HttpResponse:
        Postbox.depth_of_the_test = depth()
        try:
            with TestCase.captureOnCommitCallbacks(execute=True):
                return get_response(request)
        finally:
            Postbox.depth_of_the_test = None

    return middleware
