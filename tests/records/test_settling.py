"""Retention dates: settled at night, worked out anew of whoever was changed since."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from threading import Event

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from clients.models import Client
from practice.diary.models import Session
from practice.records.erasure import erase
from practice.records.merging import merge, separate
from practice.records.models import WHILE_ACTIVE, RetentionDate
from practice.records.settling import RecordsToReview, settle, settle_everybody
from relationships.models import Participation, Relationship
from tests.factories import ClientFactory, start
from tests.racing import at_once
from tests.records.agreement import agree, unsettled

pytestmark = [pytest.mark.database, pytest.mark.django_db]

NOW = datetime(2032, 6, 15, 10, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def work_with(*clients: Client, last: datetime = datetime(2025, 3, 1, 12, tzinfo=UTC)):
    """Return work that has ended, with one session."""
    relationship = start(*clients, at=LONG_AGO)
    booked(relationship, last)
    relationship.end(by=relationship.therapist.user, reason="completed", at=last + timedelta(9))
    return relationship


def booked(relationship: Relationship, at: datetime) -> Session:
    by = relationship.therapist.user
    return Session.book(relationship, starts_at=at, length=timedelta(minutes=50), by=by)


@pytest.fixture
def works(ann, ben, alice) -> list[Relationship]:
    """Ann alone, Ben alone, and both as a couple: all has ended, and all is settled."""
    Client.objects.update(added_at=LONG_AGO)
    couple = work_with(ann, ben, last=datetime(2024, 6, 1, 12, tzinfo=UTC))
    found = [work_with(ann), work_with(ben, last=datetime(2025, 2, 1, 12, tzinfo=UTC)), couple]
    settle_everybody()
    return found


def test_who_need_not_be_kept_is_settled_at_night_and_read_by_one_statement(works, alice):
    with CaptureQueriesContext(connection) as asked:
        number = len(RecordsToReview(alice, NOW))

    assert (number, len(asked)) == (2, 1)
    assert unsettled() == set()
    agree(NOW)


def an_unanswered_session_is_said_to_be_missed(works: list[Relationship]) -> None:
    works[0].sessions.get().set_attendance(attended=False)


def a_session_is_booked(works: list[Relationship]) -> None:
    booked(works[0], NOW + timedelta(days=3))


def a_session_is_moved(works: list[Relationship]) -> None:
    session = booked(works[1], NOW + timedelta(days=3))
    settle_everybody()
    session.move(starts_at=NOW + timedelta(days=9), by=works[1].therapist.user)


def a_session_is_cancelled(works: list[Relationship]) -> None:
    session = booked(works[1], NOW + timedelta(days=3))
    settle_everybody()
    session.cancel(by=works[1].therapist.user)


def a_session_is_recorded_as_another_ones(works: list[Relationship]) -> None:
    Session.objects.filter(relationship=works[1]).update(relationship=works[0])


def work_begins_again(works: list[Relationship]) -> None:
    works[0].restart(by=works[0].therapist.user)


def work_ends_again(works: list[Relationship]) -> None:
    work_begins_again(works)
    settle_everybody()
    works[0].end(by=works[0].therapist.user, reason="completed")


def the_moment_of_an_ending_is_corrected(works: list[Relationship]) -> None:
    works[0].sessions.get().cancel(by=works[0].therapist.user)
    settle_everybody()
    at = datetime(2027, 1, 1, tzinfo=UTC)
    works[0].correct_end(by=works[0].therapist.user, at=at, ended_at=works[0].ended_at)


def somebody_joins(works: list[Relationship]) -> None:
    one = ClientFactory(therapist=works[0].therapist, added_at=LONG_AGO)
    settle_everybody()
    Participation.objects.create(therapist=one.therapist, relationship=works[0], client=one)


def somebody_leaves(works: list[Relationship]) -> None:
    Participation.objects.filter(relationship=works[0]).delete()


def a_client_is_added(works: list[Relationship]) -> None:
    ClientFactory(therapist=works[0].therapist, added_at=LONG_AGO)


def a_rule_is_chosen(works: list[Relationship]) -> None:
    works[0].clients.update(keep_rule="10_years")


def a_date_of_birth_is_corrected(works: list[Relationship]) -> None:
    works[0].clients.update(keep_rule="25th_birthday", date_of_birth=date(2008, 1, 1))
    settle_everybody()
    works[0].clients.update(date_of_birth=date(2000, 1, 1))


def records_are_merged(works: list[Relationship]) -> None:
    merge(works[3].clients.get(), into=works[0].clients.get(), by=works[0].therapist.user)


def records_are_separated(works: list[Relationship]) -> None:
    records_are_merged(works)
    settle_everybody()
    agree(NOW)
    separate(works[3].clients.get(), by=works[0].therapist.user)


def somebody_alone_is_erased(works: list[Relationship]) -> None:
    erase(works[3].clients.get(), by=works[3].therapist.user)


def one_of_a_couple_is_erased(works: list[Relationship]) -> None:
    erase(works[0].clients.get(), by=works[0].therapist.user)


def the_therapist_reads_another_clock(works: list[Relationship]) -> None:
    user = works[0].therapist.user
    user.time_zone = "Pacific/Auckland"
    user.save()


CHANGES = [
    an_unanswered_session_is_said_to_be_missed,
    a_session_is_booked,
    a_session_is_moved,
    a_session_is_cancelled,
    a_session_is_recorded_as_another_ones,
    work_begins_again,
    work_ends_again,
    the_moment_of_an_ending_is_corrected,
    somebody_joins,
    somebody_leaves,
    a_client_is_added,
    a_rule_is_chosen,
    a_date_of_birth_is_corrected,
    records_are_merged,
    records_are_separated,
    somebody_alone_is_erased,
    one_of_a_couple_is_erased,
    the_therapist_reads_another_clock,
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_a_date_is_seen_at_once_and_settled_at_night(change: Callable, works):
    therapist = works[0].therapist
    other = ClientFactory(therapist=therapist, added_at=LONG_AGO)
    works.append(work_with(other, last=datetime(2025, 4, 1, 12, tzinfo=UTC)))
    settle_everybody()
    stored = {*RetentionDate.objects.values_list("client", flat=True)}
    change(works)

    assert unsettled() or stored != {*RetentionDate.objects.values_list("client", flat=True)}
    agree(NOW)
    settle_everybody()
    assert unsettled() == set()
    agree(NOW)


def test_a_session_to_come_is_over_one_day_without_another_night(works, alice, clock):
    booked(works[0], NOW + timedelta(days=3))
    settle_everybody()

    agree(NOW + timedelta(days=4))
    assert len(RecordsToReview(alice, NOW)) == 1


def test_pages_are_those_of_all_in_order_whoever_is_settled(alice, works):
    for n in range(9):
        ClientFactory(therapist=alice, added_at=LONG_AGO + timedelta(days=40 * (n % 5)))
        if n == 4:
            settle(alice)
    listed = RecordsToReview(alice, NOW)
    everybody = [*listed]

    assert len(everybody) == 11
    assert len(unsettled()) == 4
    assert [pk for n in range(0, 12, 3) for pk in listed[n : n + 3]] == everybody


def test_whoever_is_active_is_settled_as_such(works, ann, alice):
    works[0].restart(by=alice.user)
    settle(alice)

    assert alice.retention_dates.get(client=ann.pk).until == WHILE_ACTIVE


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer at a time")
def test_the_night_leaves_out_whoever_is_being_changed(works, ann, alice):
    changed, settled = Event(), Event()

    def change() -> None:
        with transaction.atomic():
            works[0].sessions.get().set_attendance(attended=False)
            changed.set()
            settled.wait(10)

    def night() -> None:
        changed.wait(10)
        settle(alice)
        settled.set()

    at_once(change, night)
    assert unsettled() == {ann.pk}
    agree(NOW)
