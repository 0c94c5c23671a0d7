"""The floor of a page: what it asks of the database, recorded and asked again."""

import pytest
from django.db import connection

from benchmarks.floors import Replay, record
from clients.models import Client
from practice.accounts.models import Therapist

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_asked_is_recorded_and_can_be_asked_again(alice: Therapist):
    with record() as found:
        [*Client.objects.filter(therapist=alice, name="100 %")]
    [asked] = found
    replay = Replay(told=[], own=found, written=0.25)

    assert "clients_client" in asked.sql
    assert asked.seconds > 0
    assert 0.25 < replay.seconds() < 5.25
    assert not connection.in_atomic_block
