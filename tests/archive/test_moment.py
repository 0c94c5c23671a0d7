"""An archive is a practice as of one moment, while people go on working."""

import pytest
from django.db import connection

from practice.archive.views import _archive
from tests.application_role import application
from tests.archive import files_of, rows_of
from tests.factories import PASSWORD, ClientFactory, start
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_done_while_it_is_sent_is_not_in_it_and_waits_for_nothing(alice, as_alice):
    """Asked as the server does: in a transaction of its own, under row-level security."""
    for number in range(3):
        start(ClientFactory(therapist=alice, name=f"Before {number}"))
    as_alice.post("/sign-in/again/", {"password": PASSWORD})

    pieces = iter(as_alice.post("/account/archive/").streaming_content)
    with application():
        first = next(pieces)
        at_once(lambda: start(ClientFactory(therapist=alice, name="Meanwhile")))
        files = files_of(first + b"".join(pieces))

    assert len(rows_of(files, "clients")) == 3
    assert b"Meanwhile" not in b"".join(files.values())
    assert alice.clients.count() == 4


def test_nothing_can_be_written_meanwhile_and_no_lock_is_left_behind(alice):
    sent = _archive(alice)
    next(sent)
    sent.close()  # whoever asked has gone

    start(ClientFactory(therapist=alice))
    assert not connection.in_atomic_block
