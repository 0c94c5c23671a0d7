"""Clients, their work and its history, row by row."""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from benchmarks.fill.audit import Audit
from benchmarks.fill.diary import LENGTH, Diary
from benchmarks.fill.ids import public_id
from benchmarks.fill.names import name
from benchmarks.fill.plan import HAS_ACCOUNT, HAS_NEXT, IS_ACTIVE, IS_COUPLES, RESTARTED, Plan
from benchmarks.fill.rows import (
    ClientRow,
    EventRow,
    ParticipationRow,
    RelationshipRow,
    SessionRow,
    UserRow,
)
from clients.models import Client
from practice.accounts.models import User
from practice.diary.models import Session
from relationships.models import EndReason, Event, Kind, Participation, Relationship

ZONE = "Europe/London"
REASONS = EndReason.values
NOTE = "We had come to a good place, and looked back together on the way there."
STATES = Session.State
FATES = [STATES.ATTENDED] * 18 + [STATES.MISSED] + [STATES.CANCELLED]
RECENT = timedelta(days=10)  # of sessions as recent as this some have no answer yet


class Practice:
    """A therapist while the clients are made, one after the other."""

    __slots__ = ("couples", "diary", "has", "left")

    def __init__(self, diary: Diary, clients: int) -> None:
        self.diary, self.left, self.has = diary, clients, 0
        self.couples: tuple[int, bool] | None = None  # work that waits for its second client

    @property
    def is_sure(self) -> bool:
        """Whether the present client has an account, work that goes on and a session to come.

        Two of each therapist have, so that all their pages can be opened.
        """
        return self.has <= 2


class Work:
    """Makes the rows of every client in turn, into one list for each model."""

    def __init__(self, plan: Plan, *, now: datetime, password: str, audit: Audit) -> None:
        self.plan, self.now, self.password, self.audit = plan, now, password, audit
        self.dice = random.Random(plan.seed)  # noqa: S311 - no secret
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        monday = midnight - timedelta(days=midnight.weekday())
        self.practices = [Practice(Diary(monday, size), size) for size in plan.sizes]
        self.rows: dict[Any, list[tuple]] = defaultdict(list)
        self.next_id: dict[Any, int] = defaultdict(int, {User: len(plan.sizes)})

    def batches(self, size: int) -> Iterator[int]:
        """Fill `rows` with so many clients at a time; yield how many there are by now."""
        for number, owner in enumerate(self.plan.owners, start=1):
            self.client(owner)
            if number % size == 0 or number == self.plan.clients:
                yield number

    def new_id(self, model: Any) -> int:
        self.next_id[model] += 1
        return self.next_id[model]

    def client(self, owner: int) -> None:
        """Make a client with two relationships, and with an account, if they have one."""
        practice, therapist = self.practices[owner], owner + 1
        client = self.new_id(Client)
        practice.left -= 1
        practice.has += 1
        joined = self.join(practice, therapist, client)
        begins_couples = practice.left and not practice.couples and self.dice.random() < IS_COUPLES
        kinds = (Kind.INDIVIDUAL, Kind.COUPLES if begins_couples else Kind.INDIVIDUAL)
        work = [self.relationship(practice, therapist, client, kind) for kind in kinds]
        active = joined + sum(is_active for is_active, _ in work)
        added_at = min(begun for _, begun in work)
        has_account = practice.is_sure or self.dice.random() < HAS_ACCOUNT
        email = f"client-{client}@fill.example"
        account = self.account(email, added_at) if has_account else None
        whole, sort_name, search_text = name(client)
        phone = f"07700 {900_000 + client % 1_000}"
        self.rows[Client].append(
            ClientRow(
                client, therapist, public_id(client), whole, email, phone, ZONE, account, added_at,
                sort_name, search_text, active,
            )
        )  # fmt: skip

    def account(self, email: str, at: datetime) -> int:
        account = self.new_id(User)
        self.rows[User].append(UserRow(account, email, self.password, ZONE, at, at))
        return account

    def join(self, practice: Practice, therapist: int, client: int) -> int:
        """Be the second of a couple, if one waits; return how many active relationships that is."""
        if practice.couples is None:
            return 0
        relationship, is_active = practice.couples
        practice.couples = None
        self.take_part(therapist, relationship, client)
        return int(is_active)

    def take_part(self, therapist: int, relationship: int, client: int) -> None:
        row = ParticipationRow(self.new_id(Participation), therapist, relationship, client)
        self.rows[Participation].append(row)

    def relationship(
        self, practice: Practice, therapist: int, client: int, kind: Kind
    ) -> tuple[bool, datetime]:
        """Make a relationship; return whether it is active, and when it began."""
        is_active = practice.is_sure or self.dice.random() < IS_ACTIVE
        *past, begun = practice.diary.past(self.dice, is_active=is_active)
        relationship = self.new_id(Relationship)
        last = (past[-1] if past else begun) + timedelta(days=2)
        reason, note, ended_at, by = "", "", None, None
        if not is_active:
            reason = self.dice.choice(REASONS)
            note, ended_at, by = NOTE * (relationship % 5 == 0), last, therapist
        status = Relationship.Status.ACTIVE if is_active else Relationship.Status.ENDED
        row = RelationshipRow(
            relationship, therapist, public_id(relationship), kind, status, begun, reason, note,
            ended_at, by,
        )  # fmt: skip
        self.rows[Relationship].append(row)
        self.take_part(therapist, relationship, client)
        if kind == Kind.COUPLES:
            practice.couples = (relationship, is_active)
        self.history(row)
        self.sessions(row, past)
        if is_active and (practice.is_sure or self.dice.random() < HAS_NEXT):
            self.session(row, practice.diary.to_come(self.dice), STATES.BOOKED)
        return is_active, begun

    def history(self, of: RelationshipRow) -> None:
        self.event(of, Event.Kind.STARTED, of.started_at)
        if self.dice.random() < RESTARTED:
            self.event(of, Event.Kind.ENDED, of.started_at + timedelta(hours=6), REASONS[0])
            self.event(of, Event.Kind.RESTARTED, of.started_at + timedelta(hours=12))
        if of.ended_at:
            self.event(of, Event.Kind.ENDED, of.ended_at, of.end_reason, of.end_note)

    def event(
        self, of: RelationshipRow, kind: Event.Kind, at: datetime, reason: str = "", note: str = ""
    ) -> None:
        by = therapist = of.therapist_id  # the accounts of therapists have their ids
        event = EventRow(self.new_id(Event), therapist, of.id, kind, at, by, reason, note)
        self.rows[Event].append(event)
        self.audit.record(event, of.public_id)

    def sessions(self, of: RelationshipRow, past: list[datetime]) -> None:
        for at in past:
            is_recent = self.now - at < RECENT
            state = STATES.BOOKED if is_recent and at.weekday() > 2 else self.dice.choice(FATES)
            self.session(of, at, state)

    def session(self, of: RelationshipRow, at: datetime, state: str) -> None:
        session, by = self.new_id(Session), of.therapist_id
        is_cancelled = state == STATES.CANCELLED
        booked_at = min(at - timedelta(days=6), self.now)
        self.rows[Session].append(
            SessionRow(
                session, of.therapist_id, public_id(session), of.id, at, at + LENGTH, state,
                booked_at, by, at - timedelta(days=1) if is_cancelled else None,
                by if is_cancelled else None, is_cancelled,
            )
        )  # fmt: skip
