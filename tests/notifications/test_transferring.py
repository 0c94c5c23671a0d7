"""After a caseload has passed to a colleague, what calendars hold is updated, and not doubled."""

from io import StringIO

import pytest
from django.core import mail
from django.core.management import call_command

from practice.accounts.models import Contact
from practice.diary.models import Session
from tests.diary import DAY, WEDNESDAY
from tests.notifications import delivered, event_of

pytestmark = pytest.mark.database


def test_the_next_change_updates_the_same_event_and_an_answer_goes_to_the_colleague(
    session, bob, clock
):
    Contact.objects.create(therapist=bob, email="bob@desk.example")
    (booked,) = [letter.message() for letter in mail.outbox]
    _, before = event_of(booked)
    call_command(
        "transfer_clients",
        "alice@practice.example",
        "bob@practice.example",
        "--yes",
        stdout=StringIO(),
    )
    assert delivered(clock) == []  # nothing of the session has changed
    Session.objects.get().move(starts_at=WEDNESDAY + DAY, by=bob.user)

    (moved,) = delivered(clock)

    _, after = event_of(moved)
    assert (moved["To"], moved["Reply-To"]) == ("ann@mail.example", "bob@desk.example")
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]
    assert moved["In-Reply-To"] == booked["Message-ID"]
