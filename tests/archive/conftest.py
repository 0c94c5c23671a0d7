"""A practice in which everything has happened once."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from clients.models import Client, Invitation
from practice.accounts.models import Contact, Therapist
from practice.diary.models import Session
from practice.notifications.models import Message, MessageSettings
from practice.profiles.models import Profile
from practice.records.merging import merge
from relationships.models.choices import EndReason
from tests.factories import ClientFactory, start

AT = datetime(2025, 3, 4, 15, 6, 7, 891234, tzinfo=UTC)
DAY, LENGTH = timedelta(days=1), timedelta(minutes=50)


@pytest.fixture
def practice(alice: Therapist, ann: Client, ben: Client) -> Therapist:
    """Alice's: a couple twice ended, a death, two records of one person, hours, a profile."""
    by = alice.user
    Contact.objects.create(therapist=alice, email="alice@practice.example", place="Room 2")
    Profile.objects.update_or_create(
        therapist=alice, defaults={"headline": "=1+1", "is_published": True, "fee_couples": 90}
    )
    MessageSettings.objects.create(therapist=alice, reminders="48,2", tells_moved=False)
    alice.weekly_hours.create(weekday=1, starts=time(9), ends=time(13))
    alice.dated_hours.create(
        kind="blocked", day=date(2027, 1, 5), starts=time(9), ends=time(10), note="@home"
    )
    alice.time_off.create(first_day=date(2027, 2, 1), last_day=date(2027, 2, 5), reason="Away")
    Invitation.create_for(ann)
    Invitation.objects.update(accepted_at=AT)
    couples = start(ann, ben, at=AT)
    couples.end(by=by, reason=EndReason.COMPLETED, note='First,\n"end"', at=AT + 10 * DAY)
    couples.restart(by=by, at=AT + 40 * DAY)
    couples.end(by=by, reason=EndReason.LOST_CONTACT, at=AT + 90 * DAY)
    couples.correct_reason(
        by=by, reason=EndReason.NOT_A_FIT, note="'quoted", ended_at=couples.ended_at
    )
    start(ann, at=AT + DAY)
    dora = ClientFactory(therapist=alice, name="Dora Ålund", phone="+44 20 7946 0018")
    start(dora, at=AT).end(by=by, reason=EndReason.DIED, at=AT + 5 * DAY)
    other = ClientFactory(therapist=alice, name="Dora A", date_of_birth=date(1999, 8, 7))
    start(other, at=AT + 2 * DAY)
    merge(dora, into=Client.objects.get(pk=other.pk), by=by)
    for number, state in enumerate(["attended", "missed", "cancelled", "not_held", "booked"]):
        session = Session.book(couples, starts_at=AT + number * DAY, length=LENGTH, by=ann.account)
        change = {"cancelled_at": AT, "cancelled_by": ann.account, "cancelled_for_client": True}
        more = change if state == "cancelled" else {}
        Session.objects.filter(pk=session.pk).update(state=state, **more)
    message = Message.objects.create(
        therapist=alice,
        client=ann,
        kind="booked",
        address="ann@mail.example",
        message_id="<one@practice.example>",
        created_at=AT,
        stamp=AT,
        next_attempt_at=AT,
    )
    message.told.create(
        therapist=alice, session=session, kind="booked", starts_at=AT, ends_at=AT + LENGTH
    )
    return alice
