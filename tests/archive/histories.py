"""Practices in which anything may have happened, and all their pages, to compare.

A practice is played by chance, from a seed: people begin, end, undo, restart, correct, book, move,
cancel, miss and come, alone, as couples and as families.
"""

import random
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import time_machine
from django.db.models import Q

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit import verify
from practice.audit.chaining import chain_everything
from practice.diary.models import Session
from practice.records.merging import merge
from relationships.models import Relationship, sealed_history
from relationships.models.choices import EndReason
from tests.conftest import browser_of
from tests.factories import ClientFactory, UserFactory, start

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
DAY, LENGTH = timedelta(days=1), timedelta(minutes=50)
NAMES = ["Ann Ashby", "=Ben", "Çağla Ö.", "O’Neil, Dora", "'Quote' \"Fay\"", "Ivan\u00a0Petrov"]
NOTES = ["", "Plain.", "=1+1", "'quoted'", "Two\nlines", "\u202egnirts", "+44", 'a,"b";c']


@dataclass
class Play:
    """A therapist's practice, made by chance."""

    therapist: Therapist
    dice: random.Random
    numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        self.minutes = count(60 * 24, 70)  # no two sessions at once
        self.people: list[Client] = []

    @property
    def by(self) -> User:
        return self.therapist.user

    def person(self) -> Client:
        number = next(self.numbers)
        email = f"person{number}.{self.therapist.pk}@mail.example"
        account = UserFactory(email=email) if self.dice.random() < 0.4 else None
        person = ClientFactory(
            therapist=self.therapist,
            name=f"{self.dice.choice(NAMES)} {number}",
            preferred_name=self.dice.choice(["", "", "Bo", "=Bo"]),
            email=email,
            phone=self.dice.choice(["", "+44 20 7946 0018", "020 7946 0018"]),
            account=account,
            added_at=NOW - 500 * DAY,
            time_zone=self.dice.choice(["Europe/London", "America/Lima"]),
        )
        self.people.append(person)
        return person

    def work(self) -> None:
        """Let one relationship have its history."""
        others = self.dice.choice([0, 0, 0, 1, 1, 2])
        members = [self.person(), *(self.someone() for _ in range(others))]
        at = NOW - self.dice.randint(200, 480) * DAY
        work = start(*dict.fromkeys(members), at=at)
        for _ in range(self.dice.randint(0, 7)):
            at += self.dice.randint(1, 20) * DAY + timedelta(minutes=self.dice.randint(0, 99))
            with (
                time_machine.travel(at, tick=False),
                suppress(Relationship.AlreadyDone, Relationship.TooLate, Relationship.Impossible),
            ):
                self.step(self.dice.choice(STEPS), work, at)
        with time_machine.travel(NOW, tick=False):
            for _ in range(self.dice.randint(0, 4)):
                self.session(work)

    def someone(self) -> Client:
        return self.dice.choice(self.people) if self.dice.random() < 0.3 else self.person()

    def step(self, what: str, work: Relationship, at: datetime) -> None:
        work.refresh_from_db()
        reason = self.dice.choice(list(EndReason))
        if what in ("end", "end and undo", "end and correct"):
            work.end(by=self.by, reason=reason, note=self.dice.choice(NOTES))
        if what == "end and undo":
            work.undo_end(by=self.by)
        elif what in ("correct", "end and correct") and work.is_ended:
            reason = self.dice.choice(list(EndReason))
            note = self.dice.choice(NOTES)
            work.correct_reason(by=self.by, reason=reason, note=note, ended_at=work.ended_at)
        elif what == "restart":
            work.restart(by=self.by)
        elif what == "date the start":
            earlier = work.started_at - self.dice.randint(1, 9) * DAY
            work.correct_start(by=self.by, at=earlier, started_at=work.started_at)
        elif what == "date the end" and work.is_ended:
            work.correct_end(by=self.by, at=at - timedelta(hours=1), ended_at=work.ended_at)
        elif what == "plan" and not work.is_ended:
            plans = {"planned_end": NOW.date() + 9 * DAY, "on_break_until": NOW.date() + 3 * DAY}
            Relationship.objects.filter(pk=work.pk).update(**plans)

    def session(self, work: Relationship) -> None:
        accounts = [person.account for person in work.people if person.account]
        by = self.dice.choice([self.by, *accounts])
        ahead = self.dice.random() < 0.3
        starts_at = NOW + (1 if ahead else -1) * timedelta(minutes=next(self.minutes))
        session = Session.book(work, starts_at=starts_at, length=LENGTH, by=by, place="=Room 2")
        if ahead:
            if self.dice.random() < 0.4:
                later = NOW + timedelta(minutes=next(self.minutes))
                session.move(starts_at=later, by=self.by, for_client=self.dice.random() < 0.5)
            if self.dice.random() < 0.3:
                session.cancel(by=by)
        else:
            booked_at = starts_at - 3 * DAY
            Session.objects.filter(pk=session.pk).update(booked_at=booked_at)
            self.answer(Session.objects.get(pk=session.pk), work)

    def answer(self, session: Session, work: Relationship) -> None:
        """Say who came, of several people one by one; or that it was not held, or a mistake."""
        what = self.dice.choice(["came", "came", "missed", "some", "not held", "mistaken", ""])
        if what in ("came", "missed"):
            session.set_attendance(attended=what == "came")
        elif what == "some":
            for person in self.dice.sample(work.people, self.dice.randint(1, len(work.people))):
                session = Session.objects.get(pk=session.pk)
                session.set_attendance_of([person], attended=self.dice.random() < 0.5)
        elif what == "not held":
            session.set_not_held()
        elif what == "mistaken":
            session.set_mistaken(by=self.by)

    def merge_two(self) -> None:
        """Make one person of two who share no work, if there are such."""
        apart = [p for p in self.people if p.relationships.filter(kind="individual").exists()]
        if len(apart) > 1:
            one, two = self.dice.sample(apart, 2)
            with suppress(Exception):
                merge(Client.objects.get(pk=one.pk), into=Client.objects.get(pk=two.pk), by=self.by)


STEPS = ["end", "end and undo", "end and correct", "correct", "restart", "restart", "plan"]
STEPS += ["date the start", "date the end"]


def play(therapist: Therapist, seed: int, works: int) -> None:
    """Fill a practice."""
    story = Play(therapist, random.Random(seed))
    for _ in range(works):
        story.work()
    story.merge_two()


def move_aside(therapist: Therapist) -> None:
    """Give the accounts of a practice other addresses: elsewhere they are free."""
    own = Q(pk=therapist.user_id) | Q(clients__therapist=therapist)
    for account in User.objects.filter(own).distinct():
        account.email = f"old.{account.email}"
        account.save(update_fields=["email"])
    therapist.user.refresh_from_db()


def pages_of(therapist: Therapist) -> dict[str, str]:
    """Return every page about everybody, for whoever reads it; numbers say the how manieth."""
    names = names_of(therapist)
    people = therapist.clients.filter(merged_into=None, erased_at=None).order_by("pk")
    addresses = ["/clients/?include=inactive", "/clients/", "/caseload/", "/profile/figures/"]
    for client in people:
        page = f"/clients/{client.public_id}/"
        addresses += [page, f"{page}relationships/", f"{page}sessions/", f"{page}edit/"]
    addresses += [f"/relationships/{w.public_id}/" for w in therapist.relationships.order_by("pk")]
    addresses += [f"/sessions/{s.public_id}/" for s in therapist.sessions.order_by("pk")]
    found = read(therapist.user, addresses, names)
    clients = User.objects.filter(clients__in=people).distinct().order_by("pk")
    for account in clients:
        for page, body in read(account, ["/dashboard/", "/dashboard/sessions/"], names).items():
            found[f"{plain(account.email, names)} {page}"] = body
    return found


def read(account: User, addresses: list[str], names: dict[str, str]) -> dict[str, str]:
    browser = browser_of(account)
    found = {}
    for address in addresses:
        answer = browser.get(address)
        assert answer.status_code == 200, address
        found[plain(address, names)] = plain(answer.content.decode(), names)
    return found


def names_of(therapist: Therapist) -> dict[str, str]:
    """Return by which word each number in addresses, which may differ, is told."""
    names = {therapist.public_id: "THERAPIST", therapist.slug: "SLUG"}
    for rows in (therapist.clients, therapist.relationships, therapist.sessions):
        for number, row in enumerate(rows.order_by("pk")):
            names[row.public_id] = f"{row._meta.model_name}{number}"
    return names


# What differs between any two pages: proofs of forms, and which row of the database it was.
VARYING = re.compile(r'(name="(?:csrfmiddlewaretoken|form_of|key|shown|draft_of)" value=")[^"]*')


def plain(text: str, names: dict[str, str]) -> str:
    text = VARYING.sub(r"\1", text)
    return re.sub(r"\b[a-z0-9]{10}\b", lambda found: names.get(found[0], found[0]), text)


def seal_faults(therapist: Therapist) -> list[str]:
    """Return what is wrong with a practice's history, and with its chain of the audit."""
    chain_everything()
    return [*verify.faults(therapist.pk), *sealed_history.faults(therapist.pk)]
