"""The caseload: settled at night, and as exact as if all work had been counted."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist
from practice.diary.models import Session
from practice.records.erasure import erase
from practice.records.merging import NotMerged, merge, separate
from relationships.caseload.figures import Caseload
from relationships.caseload.models import CaseloadChange
from relationships.caseload.settling import MOST_CHANGES, count, read, settle, settle_everybody
from relationships.models import Relationship
from relationships.models.relationship import Refusal
from tests.factories import ClientFactory, reads_in, start
from tests.profiles import session
from tests.racing import at_once

pytestmark = [pytest.mark.database, pytest.mark.django_db]

NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 1, 9, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller, timezone.override("Europe/London"):
        yield traveller


def is_read(therapist: Therapist) -> bool:
    """Whether what is settled holds; if so, that it is what all work comes to."""
    now = timezone.now()
    found = read(therapist, now)
    assert found in (None, count(therapist, now))
    return found is not None


@pytest.fixture
def works(alice, ann, ben, clock) -> list[Relationship]:
    """Ann's goes on, Ben's has ended, both as a couple go on, Cleo's was taken up again."""
    one, two = start(ann, at=LONG_AGO), start(ben, at=LONG_AGO)
    couple = start(ann, ben, at=LONG_AGO)
    again = start(ClientFactory(therapist=alice), at=LONG_AGO)
    for number, work in enumerate((one, two, couple, again)):
        session(work, NOW - 90 * DAY + number * HOUR)
    two.end(by=alice.user, reason="completed", at=NOW - 60 * DAY)
    again.end(by=alice.user, reason="other", at=NOW - 50 * DAY)
    again.restart(by=alice.user, at=NOW - 40 * DAY)
    settle(alice)
    clock.shift(HOUR)
    return [one, two, couple, again]


def by(work: Relationship):
    return work.therapist.user


# What happens from now on: the picture still costs as little.


def nothing(works) -> None:
    pass


def work_begins(works) -> None:
    start(ClientFactory(therapist=works[0].therapist), at=timezone.now())


def work_ends(works) -> None:
    works[0].end(by=by(works[0]), reason="lost_contact")


def work_that_was_taken_up_again_ends(works) -> None:
    session(works[3], NOW - DAY)
    works[3].end(by=by(works[3]), reason="completed")


def an_ending_is_undone(works) -> None:
    work_ends(works)
    works[0].undo_end(by=by(works[0]))


def its_reason_is_corrected(works) -> None:
    work_ends(works)
    works[0].correct_reason(by=by(works[0]), reason="died", ended_at=works[0].ended_at)


def work_ends_and_begins_again(works) -> None:
    work_ends(works)
    works[0].restart(by=by(works[0]))


def a_session_is_attended(works) -> None:
    session(works[0], NOW - 2 * DAY)


def work_ends_and_its_session_is_answered(works) -> None:
    last = session(works[0], NOW - HOUR, state="booked")
    work_ends(works)
    last.set_attendance(attended=True)


def somebody_leaves(works) -> None:
    person = works[2].clients.order_by("pk").first()
    works[2].leave(person=person, by=by(works[2]), at=timezone.now(), kind="individual")


def somebody_joins(works) -> None:
    one = ClientFactory(therapist=works[2].therapist)
    works[2].join(person=one, by=by(works[2]), at=timezone.now(), kind="family")


AFTERWARDS = [
    *(nothing, work_begins, work_ends, work_that_was_taken_up_again_ends, an_ending_is_undone),
    *(its_reason_is_corrected, work_ends_and_begins_again, a_session_is_attended),
    *(work_ends_and_its_session_is_answered, somebody_leaves, somebody_joins),
]


@pytest.mark.parametrize("change", AFTERWARDS, ids=lambda change: change.__name__)
def test_what_happens_afterwards_is_added(works, alice, clock, change: Callable):
    change(works)
    assert is_read(alice)

    clock.shift(MINUTE)
    settle(alice)
    assert is_read(alice)
    assert not CaseloadChange.objects.exists()


# What changes the past: all work is counted, and settled again.


def work_began_earlier(works) -> None:
    start(ClientFactory(therapist=works[0].therapist), at=NOW - 99 * DAY)


def a_start_is_corrected(works) -> None:
    works[0].correct_start(by=by(works[0]), at=LONG_AGO - DAY, started_at=works[0].started_at)


def an_end_is_corrected(works) -> None:
    at = NOW - 61 * DAY
    works[1].correct_end(by=by(works[1]), at=at, ended_at=works[1].ended_at)


def a_reason_is_corrected(works) -> None:
    works[1].correct_reason(by=by(works[1]), reason="died", ended_at=works[1].ended_at)


def former_work_begins_again(works) -> None:
    works[1].restart(by=by(works[1]))


def a_session_of_former_work_is_recorded(works) -> None:
    session(works[1], NOW - 70 * DAY)


def a_session_before_a_restart_is_recorded(works) -> None:
    session(works[3], NOW - 70 * DAY)


def a_session_of_former_work_was_missed(works) -> None:
    works[1].sessions.get().set_attendance(attended=False)


def a_session_is_of_other_work(works) -> None:
    Session.objects.filter(relationship=works[0]).update(relationship=works[1])


def a_session_is_deleted(works) -> None:
    works[1].sessions.all().delete()


def somebody_left_earlier(works) -> None:
    person = works[2].clients.order_by("pk").first()
    works[2].leave(person=person, by=by(works[2]), at=NOW - 45 * DAY, kind="individual")


def somebody_joined_earlier(works) -> None:
    one = ClientFactory(therapist=works[2].therapist)
    works[2].join(person=one, by=by(works[2]), at=NOW - 45 * DAY, kind="family")


def records_are_merged(works) -> None:
    first, second = (work.clients.get() for work in (works[0], works[3]))
    merge(second, into=first, by=by(works[0]))


def records_are_separated(works) -> None:
    records_are_merged(works)
    settle(works[0].therapist)
    assert is_read(works[0].therapist)
    separate(works[3].clients.get(), by=by(works[0]))


def somebody_is_erased(works) -> None:
    works[3].end(by=by(works[3]), reason="other")
    erase(works[3].clients.get(), by=by(works[3]))


def the_clock_reads_another_zone(works) -> None:
    reads_in(by(works[0]), "Pacific/Kiritimati")
    timezone.activate("Pacific/Kiritimati")


BEFORE = [
    *(work_began_earlier, a_start_is_corrected, an_end_is_corrected, a_reason_is_corrected),
    *(former_work_begins_again, a_session_of_former_work_is_recorded),
    *(a_session_before_a_restart_is_recorded, a_session_of_former_work_was_missed),
    *(a_session_is_of_other_work, a_session_is_deleted, somebody_left_earlier),
    *(somebody_joined_earlier, records_are_merged, records_are_separated, somebody_is_erased),
    the_clock_reads_another_zone,
]


@pytest.mark.parametrize("change", BEFORE, ids=lambda change: change.__name__)
def test_what_changes_the_past_is_counted_anew(works, alice, clock, change: Callable):
    change(works)
    alice.refresh_from_db()
    assert not is_read(alice)

    clock.shift(MINUTE)
    settle(alice)
    assert is_read(alice)
    assert not CaseloadChange.objects.exists()


@pytest.mark.parametrize("zone", ["Europe/London", "Pacific/Kiritimati", "America/St_Johns"])
def test_a_new_day_is_counted_anew_wherever_the_therapist_is(works, alice, clock, zone):
    reads_in(alice.user, zone)
    alice.refresh_from_db()
    with timezone.override(zone):
        settle(alice)
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0) + DAY
        clock.move_to(midnight - timedelta(seconds=1))
        assert is_read(alice)
        clock.move_to(midnight)
        assert not is_read(alice)
        settle(alice)
        assert is_read(alice)


def test_another_practice_is_another_caseload(works, alice, bob, carl):
    settle_everybody()
    start(carl, at=LONG_AGO)

    assert is_read(alice)
    assert not is_read(bob)


def test_after_very_many_changes_all_work_is_counted(works, alice):
    change = CaseloadChange(therapist=alice, relationship=works[0].pk, changed_from=timezone.now())
    CaseloadChange.objects.bulk_create([change for _ in range(MOST_CHANGES + 1)])
    assert not is_read(alice)

    settle(alice)
    assert is_read(alice)


def test_the_page_has_settled_what_it_counted(works, as_alice, alice):
    work_began_earlier(works)
    as_alice.get("/caseload/")

    assert is_read(alice)
    assert Caseload(alice, timezone.now()).is_settled


# Whatever happens, in any order.


class Practice:
    """A practice to which things happen at random."""

    def __init__(self, therapist: Therapist, random: Random, clock) -> None:
        self.therapist, self.by, self.random, self.clock = therapist, therapist.user, random, clock
        self.people = ClientFactory.create_batch(4, therapist=therapist)

    def one(self) -> Relationship:
        return self.random.choice(list(self.therapist.relationships.order_by("pk")))

    def any_moment(self) -> datetime:
        return timezone.now() - self.random.choice([0, 0, 0, 1, 5, 30, 200, 400]) * DAY

    def record(self) -> Client:
        return self.random.choice(list(self.therapist.clients.people().order_by("pk")))

    def begins(self) -> None:
        start(self.record(), at=self.any_moment())

    def ends(self) -> None:
        self.one().end(by=self.by, reason=self.random.choice(["completed", "died", "other"]))

    def begins_again(self) -> None:
        self.one().restart(by=self.by)

    def is_undone(self) -> None:
        self.one().undo_end(by=self.by)

    def is_corrected(self) -> None:
        work = self.one()
        if work.ended_at:
            work.correct_reason(by=self.by, reason="no_sessions", ended_at=work.ended_at)

    def ended_earlier(self) -> None:
        work = self.one()
        if work.ended_at:
            work.correct_end(by=self.by, at=self.any_moment(), ended_at=work.ended_at)

    def began_earlier(self) -> None:
        work = self.one()
        at = work.started_at - DAY
        work.correct_start(by=self.by, at=at, started_at=work.started_at)

    def is_attended(self) -> None:
        minutes = self.random.randrange(600)
        session(self.one(), self.any_moment() - minutes * MINUTE)

    def joins(self) -> None:
        at = self.any_moment()
        self.one().join(person=self.record(), by=self.by, at=at, kind="family")

    def leaves(self) -> None:
        work = self.one()
        person = work.clients.order_by("pk").first().person
        work.leave(person=person, by=self.by, at=self.any_moment(), kind="individual")

    def is_merged(self) -> None:
        one, other = self.record(), self.record()
        if one != other:
            merge(one, into=other, by=self.by)

    def time_passes(self) -> None:
        self.clock.shift(self.random.choice([MINUTE, HOUR, 9 * HOUR, 30 * DAY]))

    def night(self) -> None:
        settle(self.therapist)


NO_STEPS = ("one", "any_moment", "record")
STEPS = [name for name in vars(Practice) if not name.startswith("_") and name not in NO_STEPS]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_it_is_what_all_work_comes_to(alice, clock, seed):
    practice = Practice(alice, Random(seed), clock)
    practice.begins()
    held = 0
    for _ in range(40):
        step = practice.random.choice([*STEPS, "night", "night", "ends", "begins"])
        try:
            with transaction.atomic():
                getattr(practice, step)()
        except (Refusal, NotMerged, IntegrityError):  # or a session is in the way
            pass
        clock.shift(timedelta(seconds=1))
        held += is_read(alice)

    assert held


# Nobody waits, and nothing is lost between them.


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on SQLite one writes at a time")
@pytest.mark.django_db(transaction=True)
def test_what_is_changed_while_all_is_settled_is_not_lost(works, alice, ann):
    ended, is_settled = Event(), Event()

    def end() -> None:
        with transaction.atomic():
            works[0].end(by=alice.user, reason="completed")
            ended.set()
            assert is_settled.wait(10)

    def night() -> None:
        assert ended.wait(10)
        settle(alice)
        is_settled.set()

    at_once(end, night)

    assert timezone.now() == works[0].ended_at, "as of the same moment, and not yet committed"
    assert not is_read(alice)
    settle(alice)
    assert is_read(alice)
