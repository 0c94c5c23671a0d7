"""What is settled at night, and what is worked out anew because it was changed since."""

from collections.abc import Callable
from datetime import timedelta
from threading import Event

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from practice.diary.models import Attendance, Session
from practice.profiles.models import NEVER, ClientNumbers, TherapistNumbers
from practice.profiles.settling import settle, settle_everybody
from practice.profiles.sums import stats_of
from practice.records.erasure import erase
from practice.records.merging import merge, separate
from relationships.models import Participation, Relationship
from tests.factories import ClientFactory, start
from tests.profiles import DAY, LONG_AGO, NOW, practice_of, session
from tests.profiles.agreement import agree
from tests.racing import at_once

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def practice(alice) -> list[Relationship]:
    """Three clients, all settled, of whom two also come as a couple."""
    alone = practice_of(alice, 1, 2, 3)
    couple = start(alone[0].clients.get(), alone[1].clients.get(), at=LONG_AGO)
    session(couple, NOW - 20 * DAY, booked_at=NOW - 21 * DAY)
    settle(alice)
    return [*alone, couple]


def unsettled() -> set[int]:
    return set(ClientNumbers.objects.filter(settled_at=NEVER).values_list("client", flat=True))


def test_once_settled_a_practice_is_one_statement(alice, practice):
    with CaptureQueriesContext(connection) as context:
        numbers = stats_of(alice, NOW)

    assert len(context) == 1
    assert unsettled() == set()
    assert (numbers.sessions_held, numbers.clients, numbers.returned) == (7, 3, 3)
    agree(NOW)


def test_only_who_is_changed_is_worked_out_anew(alice, practice):
    one = practice[2]
    one.sessions.earliest("starts_at").set_attendance(attended=False)

    assert unsettled() == {one.clients.get().pk}
    assert stats_of(alice, NOW).sessions_held == 6
    agree(NOW)
    settle(alice)
    assert unsettled() == set()
    assert stats_of(alice, NOW).sessions_held == 6
    agree(NOW)


def a_session_is_booked(works: list[Relationship]) -> None:
    session(works[0], NOW + 3 * DAY, "booked", booked_at=NOW)


def a_session_of_both_is_undone(works: list[Relationship]) -> None:
    works[3].sessions.get().set_attendance(attended=False)


def one_of_a_couple_missed_what_the_other_attended(works: list[Relationship]) -> None:
    both = works[3].sessions.get()
    both.set_attendance_of([works[0].clients.get()], attended=False)


def a_session_was_recorded_by_mistake(works: list[Relationship]) -> None:
    Session.objects.filter(relationship=works[1]).update(state="mistaken")


def one_of_a_couple_comes_alone(works: list[Relationship]) -> None:
    session(works[1], NOW - 3 * DAY)


def a_session_is_recorded_as_another_ones(works: list[Relationship]) -> None:
    Session.objects.filter(relationship=works[2]).update(relationship=works[0])


def somebody_joins(works: list[Relationship]) -> None:
    therapist = works[0].therapist
    other = ClientFactory(therapist=therapist)
    Participation.objects.create(therapist=therapist, relationship=works[2], client=other)


def records_are_merged(works: list[Relationship]) -> None:
    one, other = works[2].clients.get(), works[0].clients.get()
    merge(one, into=other, by=one.therapist.user)


def records_are_separated(works: list[Relationship]) -> None:
    records_are_merged(works)
    settle(works[0].therapist)
    agree(NOW)
    record = works[2].clients.get()
    separate(record, by=record.therapist.user)


def somebody_is_erased(works: list[Relationship]) -> None:
    one = works[2].clients.get()
    works[2].end(by=one.therapist.user, reason="completed")
    erase(one, by=one.therapist.user)


def one_of_a_couple_is_erased(works: list[Relationship]) -> None:
    one = works[0].clients.get()
    for work in (works[0], works[3]):
        work.end(by=one.therapist.user, reason="completed")
    erase(one, by=one.therapist.user)


CHANGES = [
    a_session_is_booked,
    a_session_of_both_is_undone,
    one_of_a_couple_missed_what_the_other_attended,
    a_session_was_recorded_by_mistake,
    one_of_a_couple_comes_alone,
    a_session_is_recorded_as_another_ones,
    somebody_joins,
    records_are_merged,
    records_are_separated,
    somebody_is_erased,
    one_of_a_couple_is_erased,
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("later", [timedelta(0), 16 * DAY])
def test_whatever_changes_moves_what_is_settled(change: Callable, later, practice):
    change(practice)

    assert unsettled()
    agree(NOW + later)
    settle_everybody()
    assert unsettled() == set()
    agree(NOW + later)


def test_what_is_said_of_one_person_by_whomever_moves_what_is_settled(alice, practice):
    """The database sees it, whatever code writes there."""
    both = practice[3].sessions.get()
    for write in (
        lambda: Attendance.objects.create(
            therapist=alice, session=both, participation=both.parts[1], came=False
        ),
        lambda: Attendance.objects.update(came=True),
        lambda: Attendance.objects.all().delete(),
    ):
        settle(alice)
        write()
        assert len(unsettled()) == 2


def test_who_began_lately_counts_when_fourteen_days_are_over_without_another_night(alice):
    session(start(ClientFactory(therapist=alice), at=LONG_AGO), NOW - DAY, booked_at=NOW - 2 * DAY)
    settle(alice)

    assert stats_of(alice, NOW).counted == 0
    assert stats_of(alice, NOW + 12 * DAY).counted == 1


def test_the_numbers_of_whoever_is_erased_go_with_the_night(alice, practice):
    gone = practice[2].clients.get().pk
    somebody_is_erased(practice)
    settle(alice)

    assert not ClientNumbers.objects.filter(client=gone).exists()


def test_the_command_finds_what_was_settled_wrongly(alice, practice, capsys):
    TherapistNumbers.objects.filter(therapist=alice).update(returned=40)

    with pytest.raises(CommandError, match="1 found to be wrong"):
        call_command("check_figures")


# At the same moment; SQLite has one writer at a time.

on_postgresql = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time"),
]


class Meanwhile:
    """A change that is not committed before the other act is done."""

    def __init__(self, works: list[Relationship]) -> None:
        self.session = works[2].sessions.earliest("starts_at")
        self.done, self.is_made = Event(), Event()

    def change(self) -> None:
        with transaction.atomic():
            self.session.set_attendance(attended=False)
            self.is_made.set()
            assert self.done.wait(timeout=20)

    def beside(self, act: Callable[[], object]) -> Callable[[], None]:
        def after() -> None:
            assert self.is_made.wait(timeout=20)
            try:
                act()
            finally:
                self.done.set()

        return after


class TestAtTheSameMoment:
    pytestmark = on_postgresql

    def test_changes_of_two_clients_do_not_wait_for_each_other(self, alice, practice):
        meanwhile = Meanwhile(practice)
        other = practice[0].sessions.get()

        at_once(meanwhile.change, meanwhile.beside(lambda: other.set_attendance(attended=False)))

        assert len(unsettled()) == 2
        agree(NOW)

    def test_settling_leaves_who_is_being_changed(self, alice, practice):
        meanwhile = Meanwhile(practice)
        practice[0].sessions.get().set_attendance(attended=False)
        meanwhile.session.set_attendance(attended=True)

        at_once(meanwhile.change, meanwhile.beside(lambda: settle(alice)))

        assert unsettled() == {practice[2].clients.get().pk}
        agree(NOW)
