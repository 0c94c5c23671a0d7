"""Whatever people do, in whatever order: the database holds what a plain model of it says.

    python -m tests.harness.random_operations --sequences 10000

Two therapists add people and couples, of whom some leave and others join, end, undo, restart,
correct, book, move, cancel, note attendance, take days off, open and block hours, plan, edit,
invite, erase, merge records and separate them; clients accept and book. Hypothesis chooses. After
every step all rows are compared with `plain_practice.py`, the figures, the retention dates and the
settled caseload that the database has with those of the pure functions, and endings must not have
moved any figure; after the last the audit must be whole. The database is the one of DATABASE_URL;
without it, SQLite.
"""

import argparse
import datetime
import os
import sys
import time
from datetime import timedelta
from zoneinfo import ZoneInfo

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402
from hypothesis import HealthCheck, Phase, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from hypothesis.stateful import (  # noqa: E402
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from clients.forms import ClientForm  # noqa: E402
from clients.models import ERASED, Client, Invitation  # noqa: E402
from practice.accounts.models import User  # noqa: E402
from practice.audit.models import Entry  # noqa: E402
from practice.booking.models import (  # noqa: E402
    TimeOff,
    free_times,
    is_free,
)
from practice.diary.models import Session  # noqa: E402
from practice.profiles.settling import settle_everybody  # noqa: E402
from practice.records import merging  # noqa: E402
from practice.records import settling as retention  # noqa: E402
from practice.records.erasure import erase  # noqa: E402
from relationships.caseload import settling as caseload  # noqa: E402
from relationships.caseload import tidy_up  # noqa: E402
from relationships.forms.starting import Beginning, begin  # noqa: E402
from relationships.models import Event, Relationship  # noqa: E402
from relationships.models.choices import EndReason  # noqa: E402
from relationships.models.history import episodes  # noqa: E402
from tests.harness.booking_race import throwaway_database  # noqa: E402
from tests.harness.plain_practice import DONE, Line  # noqa: E402
from tests.harness.random_stage import Stage, counted  # noqa: E402
from tests.harness.report import row, say  # noqa: E402

MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)
WHICH = st.integers(0, 30)  # of what there is, counted round and round
REASONS = st.sampled_from(EndReason.values)
NOTES = st.sampled_from(["", "a note", "another"])
OWNER = st.sampled_from([True, True, True, False])  # or somebody else of the practice
MINUTES = st.sampled_from([-5, 0, 1, 14, 15, 16, 40])
KINDS = ["individual", "individual", "couples", "family"]  # of so many people, or more
HOURS = st.integers(-20, 40)  # halves of them, from now
with_a_meeting = precondition(lambda self: any(not one.is_gone for one in self.plain.meetings))


class RandomPractice(Stage):
    """What people do in the two practices, and what must be true after every step."""

    @rule(minutes=MINUTES)
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE  # backwards, too: clocks are set
        self.traveller.move_to(self.now)

    @rule(days=st.integers(1, 40))
    def weeks_pass(self, days: int) -> None:
        self.now += timedelta(days=days)
        self.traveller.move_to(self.now)

    @rule()
    def the_night_settles_the_numbers(self) -> None:
        settle_everybody()
        retention.settle_everybody()
        caseload.settle_everybody()

    @rule(whose=st.integers(0, 1))
    @precondition(lambda self: len(self.plain.people) < 8)
    def a_new_client_begins(self, whose: int) -> None:
        counted["operations"] += 1
        self.add_work([self.add_person(whose)])

    @rule(one=WHICH, other=WHICH)
    @precondition(lambda self: len(self.plain.works) < 10)
    def two_begin_as_a_couple(self, one: int, other: int) -> None:
        """By the form: who is known is found by their name."""
        one, other = self.person(one), self.person(other)
        first, second = self.plain.people[one], self.plain.people[other]
        therapist = self.therapists[first.therapist]
        clients = [Client.objects.get(pk=self.ids["clients"][who]) for who in (one, other)]
        typed = {
            "kind": "couples",
            "others-TOTAL_FORMS": "1",
            "others-INITIAL_FORMS": "0",
            "others-0-name": second.name,
            "others-0-who": clients[1].public_id,
        }
        counted["operations"] += 1
        relationship = begin(Beginning(therapist, clients[0], typed), therapist.user)
        both, person_of = {one, other}, self.plain.person_of
        known = any({*map(person_of, work.present)} == both for work in self.plain.works)
        may = one != other and first.therapist == second.therapist and not known
        assert (relationship is not None) == may
        counted["done" if may else "refused form"] += 1
        if relationship:
            self.remember_work(relationship, [one, other])

    @rule(which=WHICH, who=WHICH)
    def somebody_leaves(self, which: int, who: int) -> None:
        """Mostly one who takes part; those who stay go on as what they then are."""
        relationship, work = self.work(which, ended=False)
        there = sorted(work.present)
        record = there[who % len(there)] if which % 4 else self.person(who)
        records = self.plain.records_of(self.plain.person_of(record))
        person = Client.objects.get(pk=self.ids["clients"][record]).person
        by, kind = relationship.therapist.user, KINDS[min(len(there) - 1, 3)]
        expected = work.leave(self.now, by.pk, records)
        now = self.now
        self.hold_together(
            lambda: relationship.leave(person=person, by=by, at=now, kind=kind), expected
        )
        counted["left"] += expected == DONE

    @rule(which=WHICH, who=WHICH)
    def somebody_joins(self, which: int, who: int) -> None:
        """Perhaps somebody who takes part already, or has left."""
        relationship, work = self.work(which, ended=False)
        place = self.person(who)
        if self.therapists[self.plain.people[place].therapist].pk != relationship.therapist_id:
            return
        person = Client.objects.get(pk=self.ids["clients"][place])
        by, kind = relationship.therapist.user, KINDS[min(len(work.present) + 1, 3)]
        expected = work.join(self.now, by.pk, place, self.plain.records_of(place))
        now = self.now
        self.hold_together(
            lambda: relationship.join(person=person, by=by, at=now, kind=kind), expected
        )
        counted["joined"] += expected == DONE

    @rule(which=WHICH, reason=REASONS, note=NOTES, owner=OWNER)
    def end(self, which: int, reason: str, note: str, owner: bool) -> None:
        relationship, work = self.work(which, ended=False)
        by = self.actor(relationship, is_owner=owner)
        expected = work.end(self.now, by.pk, reason, note)
        self.hold_together(
            lambda: relationship.end(by=by, reason=reason, note=note),
            expected,
            moves_no_figure=True,
        )

    @rule(which=WHICH, owner=OWNER, minutes=MINUTES)
    def undo(self, which: int, owner: bool, minutes: int) -> None:
        relationship, work = self.work(which, ended=True)
        if work.ending:
            self.now = work.ending.at + minutes * MINUTE
            self.traveller.move_to(self.now)
        by = self.actor(relationship, is_owner=owner)
        expected = work.undo(self.now, by.pk)
        self.hold_together(lambda: relationship.undo_end(by=by), expected, moves_no_figure=True)

    @rule(which=WHICH, owner=OWNER)
    def restart(self, which: int, owner: bool) -> None:
        relationship, work = self.work(which, ended=True)
        by = self.actor(relationship, is_owner=owner)
        expected = work.restart(self.now, by.pk)
        self.hold_together(lambda: relationship.restart(by=by), expected, moves_no_figure=True)

    @rule(which=WHICH, reason=REASONS, note=NOTES, earlier=st.booleans())
    def correct(self, which: int, reason: str, note: str, earlier: bool) -> None:
        relationship, work = self.work(which, ended=True)
        endings = [line.at for line in work.history if line.kind == "ended"] or [self.now]
        shown = endings[0] if earlier else endings[-1]
        by = relationship.therapist.user
        expected = work.correct(self.now, by.pk, reason, note, shown)
        self.hold_together(
            lambda: relationship.correct_reason(by=by, reason=reason, note=note, ended_at=shown),
            expected,
            moves_no_figure=True,
        )

    @rule(which=WHICH, days=st.one_of(st.none(), st.integers(0, 90)))
    def plan(self, which: int, days: int | None) -> None:
        relationship, work = self.work(which, ended=False)
        day = None if days is None else self.now.date() + timedelta(days)
        expected = work.plan(day)

        def act() -> None:
            if not tidy_up.plan_end(relationship, day, relationship.therapist.user):
                raise Relationship.AlreadyDone

        self.hold_together(act, expected, moves_no_figure=True)

    @rule(which=WHICH, finish=st.booleans(), blank=st.booleans())
    def erase(self, which: int, finish: bool, blank: bool) -> None:
        """Perhaps after having finished all that stands in the way."""
        place = self.person(which)
        records = self.plain.records_of(place)
        if 0 in records:
            return  # somebody stays
        client = Client.objects.get(pk=self.ids["clients"][place])
        own = [n for n, work in enumerate(self.plain.works) if records & {*work.people}]
        for n in own if finish else ():
            work = self.plain.works[n]
            if not (work.is_gone or work.ending):
                relationship = Relationship.objects.get(pk=self.ids["relationships"][n])
                expected = work.end(self.now, client.therapist.user_id, "completed", "last")
                self.hold_together(
                    lambda relationship=relationship: self.finish(relationship), expected
                )
        for n, one in enumerate(self.plain.meetings if finish else ()):
            if one.work in own and one.state == "booked" and one.ends_at > self.now:
                session = Session.objects.get(pk=self.ids["sessions"][n])
                by = session.therapist.user
                self.hold_together(lambda s=session, by=by: s.cancel(by=by), one.cancel())
        expected = self.plain.erase(place, self.now, blank_notes=blank)
        self.hold_together(
            lambda: erase(client, by=client.therapist.user, blank_notes=blank), expected
        )
        counted["erased"] += expected == DONE

    @rule(one=WHICH, other=WHICH)
    def merge(self, one: int, other: int) -> None:
        """Any two records of a therapist, also those that cannot be merged."""
        one, other = self.record(one), self.record(other)
        if self.plain.people[one].therapist != self.plain.people[other].therapist:
            return
        expected = self.plain.merge(one, other)
        record, into = (Client.objects.get(pk=self.ids["clients"][who]) for who in (one, other))
        by = record.therapist.user
        self.hold_together(lambda: merging.merge(record, into=into, by=by), expected)
        counted["merged"] += expected == DONE

    @rule(which=WHICH)
    @precondition(lambda self: any(p.merged_into is not None for p in self.plain.people))
    def separate(self, which: int) -> None:
        """Mostly one that is merged."""
        merged = [
            place
            for place, one in enumerate(self.plain.people)
            if one.merged_into is not None and not one.is_erased
        ]
        place = merged[which % len(merged)] if which % 6 and merged else self.record(which)
        expected = self.plain.separate(place)
        record = Client.objects.get(pk=self.ids["clients"][place])
        by = record.therapist.user
        self.hold_together(lambda: merging.separate(record, by=by), expected)
        counted["separated"] += expected == DONE

    @staticmethod
    def finish(relationship: Relationship) -> None:
        relationship.end(by=relationship.therapist.user, reason=EndReason.COMPLETED, note="last")

    @rule(which=WHICH, hours=HOURS, quarters=st.integers(1, 8))
    def book(self, which: int, hours: int, quarters: int) -> None:
        relationship, work = self.work(which)
        starts_at = self.now + hours * 2 * QUARTER
        self.book_at(relationship, work, starts_at, quarters * QUARTER, relationship.therapist.user)

    @rule(which=WHICH, nth=st.integers(0, 60))
    def a_client_books(self, which: int, nth: int) -> None:
        """One of the times that are offered: it must be had, and no session in its way."""
        relationship, work = self.work(which)
        offered = free_times(relationship.therapist, self.now)
        whose = self.plain.people[work.people[0]]
        if not offered:
            return
        starts_at, length = offered[nth % len(offered)], 50 * MINUTE
        assert not self.plain.is_taken(whose.therapist, starts_at, starts_at + length)
        by = whose.account or relationship.therapist.user
        now = self.now
        self.book_at(
            relationship,
            work,
            starts_at,
            length,
            by,
            allowed=lambda: is_free(relationship.therapist, starts_at, now),
        )

    @rule(which=WHICH, hours=HOURS)
    @with_a_meeting
    def move(self, which: int, hours: int) -> None:
        session, meeting = self.meeting(which)
        starts_at = self.now + hours * 2 * QUARTER
        by = session.therapist.user
        expected = self.plain.move(meeting, starts_at)
        self.hold_together(lambda: session.move(starts_at=starts_at, by=by), expected)

    @rule(which=WHICH)
    @with_a_meeting
    def cancel(self, which: int) -> None:
        session, meeting = self.meeting(which)
        self.hold_together(lambda: session.cancel(by=session.therapist.user), meeting.cancel())

    @rule(which=WHICH, attended=st.booleans())
    @with_a_meeting
    def note_attendance(self, which: int, attended: bool) -> None:
        session, meeting = self.meeting(which)
        expected = meeting.attend(self.now, attended=attended)
        by = session.therapist.user
        self.hold_together(lambda: session.set_attendance(attended=attended, by=by), expected)

    @rule(whose=st.integers(0, 1), first=st.integers(0, 60), days=st.integers(0, 14))
    def take_days_off(self, whose: int, first: int, days: int) -> None:
        counted["operations"] += 1
        day = self.now.date() + timedelta(days=first)
        off = TimeOff.objects.create(
            therapist=self.therapists[whose], first_day=day, last_day=day + timedelta(days=days)
        )
        offered = free_times(self.therapists[whose], self.now)
        assert not any(off.first_day <= start.date() <= off.last_day for start in offered)

    @rule(
        whose=st.integers(0, 1),
        ahead=st.integers(0, 60),
        hour=st.integers(0, 22),
        kind=st.sampled_from(["open", "blocked"]),
    )
    def open_or_block(self, whose: int, ahead: int, hour: int, kind: str) -> None:
        therapist, day = self.therapists[whose], self.now.date() + timedelta(days=ahead)
        if therapist.dated_hours.filter(day=day, starts__hour=hour).exists():
            return
        counted["operations"] += 1
        before = set(free_times(therapist, self.now))
        hours = therapist.dated_hours.create(
            kind=kind, day=day, starts=datetime.time(hour), ends=datetime.time(hour + 1)
        )
        hours.refresh_from_db()
        within = hours.interval(ZoneInfo(therapist.time_zone))
        after = set(free_times(therapist, self.now))
        assert all(is_free(therapist, start, self.now) for start in after - before)
        if kind == "blocked":
            assert after <= before
            assert not any(within.starts <= start < within.ends for start in after)
        else:
            assert before <= after
            assert all(within.starts <= start < within.ends for start in after - before)

    @rule(which=WHICH, phone=st.sampled_from(["020 7946 0001", "020 7946 0002"]))
    def edit(self, which: int, phone: str) -> None:
        """With a form that was opened a while ago."""
        place = self.person(which)
        client = Client.objects.get(pk=self.ids["clients"][place])
        stale = {name: getattr(client, name) for name in ("name", "email", "time_zone")}
        typed = {**client.__dict__, **stale, "phone": phone}
        form = ClientForm({k: v for k, v in typed.items() if v is not None}, instance=client)
        counted["operations"] += 1
        assert form.is_valid(), form.errors
        client.active_relationships = 99  # what an old page might bring back
        form.save()
        self.plain.people[place].phone = phone

    @rule(which=WHICH, again=st.booleans())
    def invite_and_accept(self, which: int, again: bool) -> None:
        place = self.person(which)
        person = self.plain.people[place]
        client = Client.objects.get(pk=self.ids["clients"][place])
        token = Invitation.create_for(client)
        expected = "Unusable" if person.account else DONE

        def accept() -> None:
            invitation = Invitation.open(token)
            user, _ = User.objects.get_or_create(email=invitation.email)
            invitation.accept(user)
            person.account = user

        self.hold_together(accept, expected)
        if again:
            self.hold_together(accept, "Unusable")

    # What must be true.

    @invariant()
    def the_database_says_the_same(self) -> None:
        if not hasattr(self, "ids"):
            return
        plain = self.plain
        columns = ("therapist_id", "name", "phone", "account_id", "active_relationships")
        columns += ("merged_into_id",)
        assert self.rows(Client, "clients", *columns) == [
            None
            if one.is_gone
            else (
                self.therapists[one.therapist].pk,
                ERASED if one.is_erased else one.name,
                "" if one.is_erased else one.phone,
                one.account.pk if one.account else None,
                plain.counter(place),
                None if one.merged_into is None else self.ids["clients"][one.merged_into],
            )
            for place, one in enumerate(plain.people)
        ]
        columns = ("status", "end_reason", "end_note", "ended_at", "ended_by_id")
        columns += ("planned_end", "is_closed")
        assert self.rows(Relationship, "relationships", *columns) == [
            None if work.is_gone else work.row() for work in plain.works
        ]
        columns = ("starts_at", "ends_at", "state", "revision")
        assert self.rows(Session, "sessions", *columns) == [
            None if one.is_gone else (one.starts_at, one.ends_at, one.state, one.revision)
            for one in plain.meetings
        ]
        assert Client.objects.count() == sum(not one.is_gone for one in plain.people)

    @invariant()
    def the_figures_are_those_of_the_rules(self) -> None:
        from tests.profiles.agreement import agree

        if hasattr(self, "ids"):
            agree(self.now)

    @invariant()
    def retention_dates_are_those_of_the_rule(self) -> None:
        from tests.records.agreement import agree

        if hasattr(self, "ids"):
            agree(self.now)

    @invariant()
    def a_settled_caseload_is_what_all_work_comes_to(self) -> None:
        for therapist in getattr(self, "therapists", []):
            with timezone.override(therapist.time_zone):
                found = caseload.read(therapist, self.now)
                assert found in (None, caseload.count(therapist, self.now))

    @invariant()
    def history_grows_and_nothing_of_it_changes(self) -> None:
        if not hasattr(self, "ids"):
            return
        found: dict[int, list[Event]] = {pk: [] for pk in self.ids["relationships"]}
        for event in Event.objects.order_by("pk"):
            found[event.relationship_id].append(event)
        for events, work in zip(found.values(), self.plain.works, strict=True):
            if work.is_gone:
                assert events == []
                continue
            told = [Line(e.kind, e.at, e.by_id, e.reason, e.note) for e in events]
            assert told == work.history
            stretches = episodes(events)
            restarts = sum(line.kind == "restarted" for line in work.history)
            assert len(stretches) == 1 + restarts
            assert (stretches[-1].ended_at is None) == (work.ending is None)
            assert all(one.ended_at for one in stretches[:-1])
            assert all(one.started_at <= (one.ended_at or one.started_at) for one in stretches)
        number = sum(len(work.history) for work in self.plain.works)
        assert Entry.objects.filter(event__isnull=False).values("event").distinct().count() == (
            number
        )


def options(sequences: int, steps: int, *, same_each_time: bool) -> settings:
    return settings(
        max_examples=sequences,
        stateful_step_count=steps,
        deadline=None,
        derandomize=same_each_time,
        database=None,
        phases=[Phase.generate],  # shrinking takes minutes with a database
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=20, help="the most in one sequence")
    chosen = parser.parse_args()
    database = throwaway_database()
    next(database)
    begun, violations = time.monotonic(), 0
    try:
        run_state_machine_as_test(
            RandomPractice,
            settings=options(chosen.sequences, chosen.steps, same_each_time=False),
        )
    except AssertionError as found:
        violations = 1  # Hypothesis stops at the first and has said how it came about
        say(f"  WRONG {found}")
    finally:
        seconds = time.monotonic() - begun
        next(database, None)
    answers = ", ".join(
        f"{number:,} {answer}"
        for answer, number in counted.most_common()
        if answer not in ("sequences", "operations")
    )
    say("| what | database | sequences | operations | violations | took | answers |")
    row(
        "random operations",
        connection.vendor,
        counted["sequences"],
        counted["operations"],
        violations,
        f"{seconds:,.0f} s",
        answers,
    )
    return violations


if __name__ == "__main__":
    sys.exit(main())
