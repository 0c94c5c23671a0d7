"""The stage of `random_operations.py`: two practices in a database, and beside them plain ones."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import time_machine
from django.db import connection, transaction
from hypothesis.stateful import RuleBasedStateMachine, initialize

from clients.models import Client, Invitation
from practice.accounts.models import User
from practice.audit import verify
from practice.audit.chaining import chain_everything
from practice.diary.models import Session
from practice.profiles.figures import figures
from practice.records import erasure, merging
from relationships.models import Kind, Relationship, sealed_history, start_relationship
from tests.harness.plain_practice import DONE, Line, Person, Practice, Work

BEGIN = datetime(2025, 1, 6, 9, tzinfo=UTC)
REFUSALS = (
    Relationship.AlreadyDone,
    Relationship.TooLate,
    Relationship.Closed,
    Relationship.Impossible,
    Session.Taken,
    Session.AlreadyDone,
    Session.NotYet,
    Invitation.Unusable,
    erasure.NotYet,
    merging.NotMerged,
    merging.NotTogether,
    Client.Merged,
)
counted: Counter[str] = Counter()  # sequences, operations, and each answer


class Stage(RuleBasedStateMachine):
    """Two practices in the database, and beside them what must be true of them."""

    @initialize()
    def set_the_stage(self) -> None:
        from tests.diary import works
        from tests.factories import TherapistFactory

        counted["sequences"] += 1
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now, self.plain = BEGIN, Practice()
        self.clock = time_machine.travel(BEGIN, tick=False)
        self.traveller = self.clock.start()
        self.therapists = TherapistFactory.create_batch(2)
        for therapist in self.therapists:
            works(therapist, "09:00-12:00", zone="Europe/London")
        self.ids: dict[str, list[int]] = {"clients": [], "relationships": [], "sessions": []}
        for whose in (0, 0, 0, 1):
            self.add_person(whose)
        self.add_work([0])
        self.add_work([0, 1])
        self.add_work([3])

    def teardown(self) -> None:
        if not hasattr(self, "transaction"):
            return
        from tests.profiles.agreement import agree

        self.clock.stop()
        try:
            agree(self.now + timedelta(days=15))  # when who booked first today may count
            connection.check_constraints()  # those that would wait for the end of the transaction
            chain_everything()
            for chain in verify.chains():
                assert [*verify.faults(chain), *sealed_history.faults(chain)] == []
            assert list(verify.faults_of_writers()) == []
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    # What is there.

    def record(self, which: int) -> int:
        """Return a record of somebody who has not been erased; the first never is."""
        there = [place for place, one in enumerate(self.plain.people) if not one.is_erased]
        return there[which % len(there)]

    def person(self, which: int) -> int:
        """Return the record that stands for somebody who has not been erased."""
        return self.plain.person_of(self.record(which))

    def work(self, which: int, *, ended: bool | None = None) -> tuple[Relationship, Work]:
        """Return a relationship, mostly one that is ended, or active, if that is asked for."""
        places = [place for place, one in enumerate(self.plain.works) if not one.is_gone]
        if ended is not None and which % 6:
            fit = [place for place in places if bool(self.plain.works[place].ending) == ended]
            places = fit or places
        place = places[which % len(places)]
        relationship = Relationship.objects.select_related("therapist").get(
            pk=self.ids["relationships"][place]
        )
        return relationship, self.plain.works[place]

    def actor(self, relationship: Relationship, *, is_owner: bool) -> User:
        """Return the therapist, or, as if two shared the practice, the other."""
        others = [
            one for one in self.therapists if (one.pk == relationship.therapist_id) == is_owner
        ]
        return others[0].user

    def add_person(self, whose: int) -> int:
        from tests.factories import ClientFactory

        number = len(self.plain.people)
        name, email = f"Person{number} Example", f"person{number}@mail.example"
        made = ClientFactory(therapist=self.therapists[whose], name=name, email=email)
        self.ids["clients"].append(made.pk)
        self.plain.people.append(Person(whose, name))
        return len(self.plain.people) - 1

    def add_work(self, people: list[int]) -> None:
        therapist = self.therapists[self.plain.people[people[0]].therapist]
        clients = [Client.objects.get(pk=self.ids["clients"][one]) for one in people]
        kind = Kind.INDIVIDUAL if len(people) == 1 else Kind.COUPLES
        relationship = start_relationship(
            therapist=therapist, kind=kind, clients=clients, by=therapist.user
        )
        self.remember_work(relationship, people)

    def remember_work(self, relationship: Relationship, people: list[int]) -> None:
        self.ids["relationships"].append(relationship.pk)
        line = Line("started", self.now, relationship.therapist.user_id)
        self.plain.works.append(Work(people, [line]))

    def hold_together(self, act, expected: str, *, moves_no_figure: bool = False) -> None:
        """Do it, and hold the answer, and perhaps the figures, against what they must be."""
        counted["operations"] += 1
        before = [figures(one, self.now) for one in self.therapists] if moves_no_figure else None
        try:
            act()
            answer = DONE
        except REFUSALS as refusal:
            answer = type(refusal).__name__
        counted[answer] += 1
        assert answer == expected, f"{answer}, and not {expected}"
        if moves_no_figure:
            assert [figures(one, self.now) for one in self.therapists] == before

    def book_at(
        self, relationship, work: Work, starts_at, length, by: User, **values: object
    ) -> None:
        whose = self.plain.people[work.people[0]].therapist
        place = self.plain.works.index(work)
        expected = self.plain.book(place, whose, starts_at, starts_at + length)

        def act() -> None:
            made = Session.book(relationship, starts_at=starts_at, length=length, by=by, **values)
            self.ids["sessions"].append(made.pk)

        self.hold_together(act, expected)

    def meeting(self, which: int):
        places = [place for place, one in enumerate(self.plain.meetings) if not one.is_gone]
        place = places[which % len(places)]
        rows = Session.objects.select_related("therapist")
        return rows.get(pk=self.ids["sessions"][place]), self.plain.meetings[place]

    def rows(self, model, name: str, *columns: str) -> list[tuple | None]:
        """Return a row for everything there ever was, None where it has been erased."""
        ids = self.ids[name]
        found = model.objects.filter(pk__in=ids).values_list("pk", *columns)
        by_id = {pk: tuple(rest) for pk, *rest in found}
        return [by_id.get(pk) for pk in ids]
