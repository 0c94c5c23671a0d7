"""The demo: fictional people, a fixed seed, dates relative to today.

Its addresses, accounts and names are a contract that others drive; change them with care.
"""

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Contact, Therapist, User
from practice.database.public_ids import ALPHABET, LENGTH
from practice.demo import diary, happenings
from practice.demo.names import (
    BOBS_ACTIVE,
    BOBS_INACTIVE,
    COLLEAGUES,
    HANNAHS_ACTIVE,
    HANNAHS_INACTIVE,
)
from practice.diary.models import Session
from practice.profiles.figures import count_installation
from practice.profiles.models import Profile
from relationships.models import Kind, Relationship, start_relationship
from relationships.models.choices import EndReason

PASSWORD = "stillwater-demo"  # noqa: S105 - printed on the sign-in page of the demo
SIGN_INS = [
    ("Hannah Okafor", "therapist", "hannah@stillwater.example"),
    ("Maya Lindqvist", "client", "maya@stillwater.example"),
    ("Erik Lindqvist", "client", "erik@stillwater.example"),
    ("Jonah Whitfield", "client", "jonah@stillwater.example"),
    ("Rhys Morgan", "client", "rhys@stillwater.example"),
]


class Practice:
    """One therapist's demo practice, filled step by step."""

    def __init__(self, dice: random.Random, now: datetime, therapist: Therapist) -> None:
        self.dice, self.now, self.therapist = dice, now, therapist

    def ago(self, days: int) -> datetime:
        """A moment in working hours some days ago."""
        day = timezone.localtime(self.now) - timedelta(days=days)
        return day.replace(
            hour=self.dice.randint(9, 17), minute=self.dice.choice([0, 12, 30, 50]), second=0
        )

    def client(self, name: str, *, days: int, account: User | None = None, **values: str) -> Client:
        """Add a client so many days ago."""
        plain = "".join(c for c in name.lower() if c.isascii() and c.isalpha())
        return Client.objects.create(
            therapist=self.therapist,
            public_id=public_id(self.dice),
            name=name,
            email=account.email if account else f"{plain or public_id(self.dice)}@mail.example",
            account=account,
            phone=f"07700 900{self.dice.randint(100, 999)}",
            added_at=self.ago(days),
            **{"time_zone": self.therapist.time_zone} | values,
        )

    def start(self, kind: Kind, *clients: Client, days: int) -> Relationship:
        """Start a relationship so many days ago."""
        return start_relationship(
            therapist=self.therapist,
            kind=kind,
            clients=clients,
            by=self.therapist.user,
            at=self.ago(days),
            public_id=public_id(self.dice),
        )

    def end(
        self, relationship: Relationship, reason: EndReason, *, days: int, note: str = ""
    ) -> None:
        relationship.end(by=self.therapist.user, reason=reason, note=note, at=self.ago(days))

    def restart(self, relationship: Relationship, *, days: int) -> None:
        relationship.restart(by=self.therapist.user, at=self.ago(days))

    def individuals(self, active: list[str], inactive: list[tuple[str, EndReason]]) -> None:
        """Add people with one Individual relationship each."""
        for name in active:
            days = self.dice.randint(20, 700)
            self.start(Kind.INDIVIDUAL, self.client(name, days=days), days=days)
        for name, reason in inactive:
            days = self.dice.randint(200, 900)
            relationship = self.start(Kind.INDIVIDUAL, self.client(name, days=days), days=days)
            self.end(relationship, reason, days=self.dice.randint(5, 180))


def public_id(dice: random.Random) -> str:
    """Return an id that is the same in every demo."""
    return "".join(dice.choices(ALPHABET, k=LENGTH))


@transaction.atomic
def load(now: datetime | None = None) -> None:
    """Fill an empty database with the demo."""
    dice, now = random.Random(1417), now or timezone.now()  # noqa: S311 - no secret
    hashed = make_password(PASSWORD)

    def account(email: str, zone: str = "Europe/London") -> User:
        return User.objects.create(email=email, password=hashed, time_zone=zone)

    def practice(name: str, email: str, slug: str, zone: str) -> Practice:
        therapist = Therapist.objects.create(
            user=account(email, zone), public_id=public_id(dice), name=name, slug=slug
        )
        return Practice(dice, now, therapist)

    hannah = practice(
        "Hannah Okafor", "hannah@stillwater.example", "hannah-okafor", "Europe/London"
    )
    _fill_hannahs(hannah, account)
    bob = practice("Bob Adeyemi", "bob@stillwater.example", "bob-adeyemi", "Europe/Berlin")
    bob.individuals(BOBS_ACTIVE, BOBS_INACTIVE)
    diary.fill(bob.therapist, dice, now)
    for name, slug in COLLEAGUES:
        colleague = practice(name, f"{slug}@stillwater.example", slug, "Europe/London")
        colleague.individuals([f"Client {n} of {name}" for n in "ABCDE"], [])
        diary.fill(colleague.therapist, dice, now, visits_each=4)
    _profiles()
    count_installation(now)
    Session.objects.update(tell_at=None)  # of what is there when the demo begins nobody is told


def _fill_hannahs(hannah: Practice, account: Callable[..., User]) -> None:
    Contact.objects.create(
        therapist=hannah.therapist,
        email="hannah@stillwater.example",
        phone="020 7946 0018",
        place="Room 2, 14 Fountain Street",
    )
    hannah.individuals(HANNAHS_ACTIVE, HANNAHS_INACTIVE)
    _the_lindqvists(hannah, account)
    jonah = _jonah(hannah, account)
    pryces = _couples_and_families(hannah)
    _somebody_left(hannah, account)
    _three_episodes(hannah)
    _ended_today(hannah)
    diary.fill(hannah.therapist, hannah.dice, hannah.now)
    diary.book_follow_up(jonah, hannah.now)
    diary.tell_who_came(pryces)
    diary.record_by_mistake(pryces)
    happenings.happen(hannah.therapist, hannah.now)


def _profiles() -> None:
    Profile.objects.create(
        therapist=Therapist.objects.get(slug="hannah-okafor"),
        is_published=True,
        headline="Integrative counsellor, London and online",
        about="I work with people who find themselves at a turning point, alone or with a partner."
        "\n\nWe begin with a conversation about what brings you, and take it from there.",
        specialities="Anxiety, Bereavement, Couples, Life changes",
        languages="English, Swedish",
        fee_individual=70,
        fee_couples=90,
        fee_family=100,
    )
    for name, slug in COLLEAGUES[:2]:
        Profile.objects.create(
            therapist=Therapist.objects.get(slug=slug),
            is_published=True,
            headline="Counsellor, online",
            about=f"{name} is made up, like everybody here.",
        )


def _the_lindqvists(hannah: Practice, account: Callable[..., User]) -> None:
    stockholm = "Europe/Stockholm"
    maya, erik = (
        hannah.client(
            f"{name} Lindqvist",
            days=320,
            account=account(f"{name.lower()}@stillwater.example", stockholm),
            time_zone=stockholm,
        )
        for name in ("Maya", "Erik")
    )
    couples = hannah.start(Kind.COUPLES, maya, erik, days=320)
    hannah.end(couples, EndReason.COMPLETED, days=175, note="Both found it a good place to stop.")
    hannah.start(Kind.INDIVIDUAL, maya, days=265)


def _jonah(hannah: Practice, account: Callable[..., User]) -> Relationship:
    jonah = hannah.client("Jonah Whitfield", days=410, account=account("jonah@stillwater.example"))
    relationship = hannah.start(Kind.INDIVIDUAL, jonah, days=410)
    hannah.end(relationship, EndReason.COMPLETED, days=76)
    return relationship


def _couples_and_families(hannah: Practice) -> Relationship:
    owen, sian = (hannah.client(f"{n} Pryce", days=150) for n in ("Owen", "Siân"))
    couple = hannah.start(Kind.COUPLES, owen, sian, days=150)
    family = [hannah.client(f"{n} Achterberg", days=500) for n in ("Lotte", "Pieter", "Wim")]
    hannah.end(hannah.start(Kind.FAMILY, *family, days=500), EndReason.AGREED_LIMIT, days=120)
    hannah.start(Kind.INDIVIDUAL, family[0], days=90)
    return couple


def _somebody_left(hannah: Practice, account: Callable[..., User]) -> None:
    rhys = hannah.client("Rhys Morgan", days=240, account=account("rhys@stillwater.example"))
    known = hannah.therapist.clients.active().filter(account=None)
    others = known.order_by("added_at", "pk")[:2]
    group = hannah.start(Kind.GROUP, *others, rhys, days=240)
    joined = hannah.client("Ida Blom", days=240)
    by, kind = hannah.therapist.user, Kind.GROUP
    group.leave(person=rhys, by=by, at=hannah.ago(30), kind=kind)
    group.join(person=joined, by=by, at=hannah.ago(20), kind=kind)


def _three_episodes(hannah: Practice) -> None:
    relationship = hannah.start(Kind.INDIVIDUAL, hannah.client("Vikram Menon", days=880), days=880)
    hannah.end(relationship, EndReason.COMPLETED, days=700)
    hannah.restart(relationship, days=520)
    hannah.end(
        relationship, EndReason.CIRCUMSTANCES, days=380, note="Moved to Leeds for half a year."
    )
    hannah.restart(relationship, days=140)


def _ended_today(hannah: Practice) -> None:
    relationship = hannah.start(Kind.INDIVIDUAL, hannah.client("Tessa Quill", days=230), days=230)
    now = timezone.localtime(hannah.now)
    since_midnight = now - now.replace(hour=0, minute=0, second=0, microsecond=0)
    relationship.end(
        by=hannah.therapist.user,
        reason=EndReason.COMPLETED,
        at=hannah.now - min(timedelta(hours=2), since_midnight / 2),
    )
