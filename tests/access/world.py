"""A small world in which every private word is a canary: found in a wrong place, it names its row.

Alice and Bob are therapists; Cora is a therapist and a client of Alice. Ann and Ben are a couple of
Alice's, Ann alone, too, and Anna is another record of Ann, with an account of its own; Ed's work
has ended; Tess sees both therapists with one account; Fay's account was closed; Carl is Bob's; Dora
has an account and nothing else.
"""

import re
from copy import deepcopy
from datetime import date, datetime, timedelta
from itertools import count
from random import Random
from uuid import uuid4

from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import Contact, Therapist, User
from practice.booking.dated_hours import DatedHours
from practice.booking.models import TimeOff, WeeklyHours
from practice.diary.models import Session
from practice.imports.models import Import
from practice.profiles.models import Profile
from practice.records.merging import merge
from relationships.models import Relationship
from relationships.models.choices import EndReason
from tests.conftest import browser_of
from tests.factories import ClientFactory, TherapistFactory, UserFactory, start
from tests.pressing import Browser

CANARY = re.compile(rb"\b(?:fn|ln|em|ph|note|off)qa\d+z", re.IGNORECASE)
# Reasons of endings in this world: words that stand on no other page a client can open.
REASONS = [EndReason.NOT_A_FIT, EndReason.LOST_CONTACT]
UNKNOWN = "bcdfghjkmn"
# Who may do alike: therapists, clients, and who is nobody's client.
ALIKE = (
    ("alice",),
    ("bob", "cora"),
    ("ann", "anna", "ben", "ed", "tess"),
    ("dora", "fay", "visitor"),
)


def canaries(body: bytes) -> set[str]:
    """Return the canaries of a text."""
    return {found.decode().lower() for found in CANARY.findall(body)}


def one_of_each(route: str) -> list[str]:
    """Return Alice and one of each kind of people, others at other addresses."""
    chance = Random(route)
    return [chance.choice(people) for people in ALIKE]


class World:
    """Everybody, and what they have."""

    def __init__(self) -> None:
        self._numbers = count(1)
        self.alice, self.bob = self._therapist("alice"), self._therapist("bob")
        self.cora = self._therapist("cora")
        people = {
            name: self._client(self.alice) for name in ("ann", "ben", "ed", "tess", "fay", "anna")
        }
        people["cora"] = self._client(self.alice, account=self.cora.user)
        people["tess at bob's"] = self._client(self.bob, account=people["tess"].account)
        people["carl"] = self._client(self.bob)
        self.people: dict[str, Client] = people
        self.typed_email = people["carl"].email
        self.relationships: dict[str, Relationship] = {
            name: self._start(person) for name, person in people.items()
        }
        self.relationships["the couple"] = self._start(people["ann"], people["ben"])
        self.relationships["the family"] = self._start(people["ed"], people["fay"], people["tess"])
        self.relationships["the pair"] = self._start(people["anna"], people["ed"])
        self.ended = {"ed": REASONS[0], "carl": REASONS[1], "the family": REASONS[0]}
        for name, reason in self.ended.items():
            relationship = self.relationships[name]
            relationship.end(by=relationship.therapist.user, reason=reason, note=self._word("note"))
        days = count(10)
        self.sessions: dict[str, Session] = {
            name: self._session(relationship, next(days))
            for name, relationship in self.relationships.items()
        }
        self.hours: dict[str, DatedHours] = {
            name: self._hours(relationship.therapist, next(days))
            for name, relationship in self.relationships.items()
        }
        self.imports = {
            name: Import.objects.create(
                therapist=therapist,
                begun_by=therapist.user,
                state=Import.State.DONE,
                finished_at=timezone.now(),
                files=["export.csv"],
            )
            for name, therapist in {"ed": self.alice, "carl": self.bob}.items()
        }
        merge(people["anna"], into=people["ann"], by=self.alice.user)
        invited = self._client(self.bob, account=None)
        self.token = Invitation.create_for(invited)
        self.invited_words = canaries(f"{invited.name} {invited.email}".encode())
        User.objects.filter(pk=people["fay"].account_id).update(is_active=False)
        self.accounts: dict[str, User | None] = {
            "alice": self.alice.user,
            "bob": self.bob.user,
            "cora": self.cora.user,
            **{name: people[name].account for name in ("ann", "anna", "ben", "ed", "tess", "fay")},
            "dora": UserFactory(),
            "visitor": None,
        }
        self.signed_in = {
            who: browser_of(account).cookies for who, account in self.accounts.items() if account
        }

    def browsers(self) -> dict[str, Browser]:
        """Return a browser for everybody, signed in, in front of the site as it stands now."""
        made = {who: Browser(raise_request_exception=False) for who in self.accounts}
        for who, cookies in self.signed_in.items():
            made[who].cookies = deepcopy(cookies)
        return made

    def objects(self, parameter: str) -> dict[str, str]:
        """Return the public ids of a kind of thing by name, and one that does not exist."""
        things: dict[str, dict] = {
            "client_id": self.people,
            "datedhours_id": self.hours,
            "import_id": self.imports,
            "relationship_id": self.relationships,
            "session_id": self.sessions,
        }[parameter]
        return {name: thing.public_id for name, thing in things.items()} | {"unknown": UNKNOWN}

    def other_record(self, public_id: str) -> str:
        """Return the public id of another client of the same therapist: Anna's, if she is one."""
        whose = {client.public_id: client.therapist_id for client in self.people.values()}
        others = [other for other in self.people.values() if other.public_id != public_id]
        merged_first = sorted(others, key=lambda other: other != self.people["anna"])
        same = [o for o in merged_first if o.therapist_id == whose.get(public_id, self.alice.pk)]
        return same[0].public_id

    def practice_of(self, name: str) -> Therapist:
        """Return whose client, relationship or session of that name it is."""
        return self.relationships[name].therapist

    def _word(self, kind: str) -> str:
        return f"{kind}qa{next(self._numbers)}z"

    def _therapist(self, name: str) -> Therapist:
        therapist = TherapistFactory(
            name=name.title(), slug=name, user__email=f"{name}@practice.example"
        )
        is_published = name != "bob"
        text = "" if is_published else self._word("note")
        Profile.objects.create(therapist=therapist, is_published=is_published, headline=text)
        WeeklyHours.objects.create(therapist=therapist, weekday=0, starts="09:00", ends="17:00")
        Contact.objects.create(
            therapist=therapist,
            email=f"{self._word('em')}@mail.example",
            phone=self._word("ph"),
            place=self._word("pl"),
        )
        off = date(2040, 1, 2)
        TimeOff.objects.create(
            therapist=therapist, first_day=off, last_day=off, reason=self._word("off")
        )
        return therapist

    def _client(self, therapist: Therapist, account: User | str | None = "new") -> Client:
        email = f"{self._word('em')}@mail.example"
        if account == "new":
            # How they call themselves is for them and their therapists.
            name = f"{self._word('Fn')} {self._word('Ln')}"
            account = UserFactory(email=email, name=name, phone=self._word("ph"))
        return ClientFactory(
            therapist=therapist,
            name=f"{self._word('Fn')} {self._word('Ln')}",
            email=email,
            phone=self._word("ph"),
            account=account,
        )

    def _start(self, *people: Client) -> Relationship:
        relationship = start(*people, at=timezone.now() - timedelta(days=300), key=uuid4())
        relationship.place = self._word("pl")
        relationship.save(update_fields=["place"])
        # An ending that was corrected, so that there is history with notes in it.
        relationship.end(by=relationship.therapist.user, reason=REASONS[0], note=self._word("note"))
        relationship.restart(by=relationship.therapist.user)
        return relationship

    def _session(self, relationship: Relationship, days: int) -> Session:
        soon = timezone.now() + timedelta(days=days)
        return Session.book(
            relationship,
            starts_at=soon,
            length=timedelta(minutes=50),
            by=relationship.therapist.user,
            place=self._word("pl"),
        )

    def _hours(self, therapist: Therapist, days: int) -> DatedHours:
        return DatedHours.objects.create(
            therapist=therapist,
            kind=DatedHours.Kind.BLOCKED,
            day=timezone.localdate() + timedelta(days=days),
            starts="09:00",
            ends="10:00",
            note=self._word("off"),
        )


def monday_after(now: datetime) -> str:
    """Return the Monday two weeks on, as an address names it."""
    day = now.date() + timedelta(days=14)
    return (day - timedelta(days=day.weekday())).isoformat()
