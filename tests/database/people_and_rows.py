"""Everybody who makes requests, in a world with a row of everything: for `who_may_what.py`.

Whoever is nobody's client also tries to deceive the functions of row-level security, by temporary
tables of the same names.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta

import psycopg
from django.db import connection, models
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts import access
from practice.accounts.models import Contact, Therapist, User
from practice.audit.models import Entry, Verb, name_of
from practice.booking.dated_hours import DatedHours
from practice.booking.models import BookingRules, TimeOff, WeeklyHours
from practice.diary.models import Attendance, News, Session
from practice.imports.models import Import, ImportedNote, ImportedRow
from practice.notifications.models import Message, MessageSettings, Told
from practice.profiles.models import Profile, TherapistNumbers
from practice.records.merging import merge
from relationships.caseload.models import SettledCaseload
from relationships.models import Erasure, Relationship
from relationships.models.choices import EndReason
from tests.application_role import application
from tests.factories import ClientFactory, TherapistFactory, UserFactory, start


def run(statement: str, values: list | None = None) -> list[dict]:
    """Run a statement past Django, and return the rows."""
    with connection.connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def everybodys_numbers() -> list[int]:
    """Return the ids of all that a client, a relationship or a therapist is in these tables."""
    models = (Client, Relationship, Therapist)
    return sorted({pk for model in models for pk in model.objects.values_list("pk", flat=True)})


class World:
    """Alice works with Ann, with Ann and Ben, and with Dora, who is Bob; Bob works with Carl.

    Anna is another record of Ann's, with an account of its own, merged into hers; Alice works with
    Anna and Eve.
    """

    def __init__(self, ann: Client, ben: Client, carl: Client) -> None:
        self.alice, self.bob = ann.therapist, carl.therapist
        self.elsewhere, self.stranger = TherapistFactory(), UserFactory()
        self.ann, self.ben, self.carl = ann, ben, carl
        self.dora = ClientFactory(therapist=self.alice, name="Dora", account=self.bob.user)
        self.anna, self.eve = (
            ClientFactory(therapist=self.alice, account=UserFactory()) for _ in range(2)
        )
        people = [ann, ben, self.dora, carl]
        works = [(ann,), (ann, ben), (ben,), (self.dora,), (carl,), (self.anna, self.eve)]
        for number, those in enumerate(works):
            self._work(start(*those), number)
        merge(self.anna, into=ann, by=self.alice.user)
        for person in people:
            self.token = Invitation.create_for(person)  # the last is Carl's
            Entry.record(Verb.REFUSED, by=self.stranger, therapist=None, about=person)
        for therapist in (self.alice, self.bob):
            self._practice(therapist)

    def _work(self, relationship: Relationship, number: int) -> None:
        by, soon = relationship.therapist.user, timezone.now() + timedelta(days=3 + number)
        session = Session.book(relationship, starts_at=soon, length=timedelta(minutes=50), by=by)
        News.tell(News.Kind.BOOKED, by=by, session=session)
        self._messages(session, number)
        for part in session.parts:
            Attendance.objects.create(
                therapist=session.therapist, session=session, participation=part, came=True
            )
        relationship.end(by=by, reason=EndReason.LOST_CONTACT, note="private")
        Erasure.objects.create(
            therapist=relationship.therapist,
            relationship=relationship.pk,
            public_id=relationship.public_id,
            what=Erasure.What.NOTES,
            at=timezone.now(),
            by=by,
        )

    def _messages(self, session: Session, number: int) -> None:
        """One to everybody who takes part, and one to the therapist."""
        at = timezone.now()
        for client in (None, *session.relationship.clients.all()):
            message = Message.objects.create(
                therapist=session.therapist,
                client=client,
                kind=Message.Kind.BOOKED,
                address="somebody@mail.example",
                message_id=f"<{number}-{client and client.pk}@mail.example>",
                created_at=at,
                stamp=at,
                next_attempt_at=at,
            )
            Told.objects.create(
                therapist=session.therapist,
                message=message,
                session=session,
                kind=Message.Kind.BOOKED,
                starts_at=session.starts_at,
                ends_at=session.ends_at,
            )

    def _practice(self, therapist: Therapist) -> None:
        BookingRules.objects.create(therapist=therapist)
        WeeklyHours.objects.create(therapist=therapist, weekday=0, starts=time(9), ends=time(12))
        TimeOff.objects.create(
            therapist=therapist, first_day=date(2030, 1, 1), last_day=date(2030, 1, 2)
        )
        DatedHours.objects.create(
            therapist=therapist,
            kind=DatedHours.Kind.BLOCKED,
            day=date(2030, 1, 7),
            starts=time(9),
            ends=time(10),
        )
        MessageSettings.objects.create(therapist=therapist)
        Profile.objects.create(therapist=therapist)
        Contact.objects.create(therapist=therapist, phone="020 7946 0018")
        TherapistNumbers.objects.create(therapist=therapist)
        SettledCaseload.objects.create(therapist=therapist)
        self._import(therapist)

    def _import(self, therapist: Therapist) -> None:
        client, files = therapist.clients.order_by("pk").first(), ["clients.csv"]
        came = Import.objects.create(therapist=therapist, begun_by=therapist.user, files=files)
        common = {"therapist": therapist, "came_with": came}
        ImportedNote.objects.create(**common, client=client, text="Referred by Dr Moss")
        ImportedRow.objects.create(**common, kind="client", row=client.pk, file=0, line=2)

    def people(self) -> "list[Person]":
        """Return everybody who makes requests, and everything that one can be."""
        return [
            Person("therapist", self.alice.user, therapist=self.alice),
            Person("therapist", self.bob.user, therapist=self.bob),  # and nobody's client meanwhile
            Person("client", self.ann.account, records=[self.ann]),
            Person("client", self.anna.account, records=[self.anna]),
            Person("client", self.eve.account, records=[self.eve]),
            Person("client", self.bob.user, records=[self.dora]),
            Person("invited", None, records=[self.carl], token=self.token),
            Person("nobody", None),
            Person("nobody", self.stranger),
            Person("nobody", self.alice.user),  # who does not act as a therapist
            Person("nobody", self.stranger, deceives=True),
        ]


@dataclass(frozen=True)
class Person:
    """Somebody, and what is theirs."""

    role: str
    account: User | None
    therapist: Therapist | None = None
    records: tuple[Client, ...] | list[Client] = ()
    token: str = ""
    deceives: bool = False

    @contextmanager
    def request(self) -> Iterator[None]:
        """Be the server, in a request of theirs."""
        numbers = everybodys_numbers() if self.deceives else []
        with application(), access.transaction_of(self.account and self.account.pk):
            if self.therapist:
                access.act_as_therapist()
            if self.token:
                access.hold_invitation(Invitation.fingerprint_of(self.token))
            if self.deceives:
                self._deceive(numbers)
            yield

    def _deceive(self, numbers: list[int]) -> None:
        """Lay tables of one's own in the way, in which everything belongs to this account."""
        run(
            """CREATE TEMPORARY TABLE clients_client AS
            SELECT n AS id, n AS person_id, n AS therapist_id,
            current_setting('stillwater.account')::bigint AS account_id
            FROM unnest(%s::bigint[]) n""",
            [numbers],
        )
        run(
            """CREATE TEMPORARY TABLE relationships_participation AS
            SELECT c AS client_id, n AS relationship_id
            FROM unnest(%s::bigint[]) c, unnest(%s::bigint[]) n""",
            [numbers[:1], numbers],
        )

    def whose(self, row: models.Model) -> str:
        """Return what a row is to them.

        "own", "merged", "beside", "therapist's", "installation" or "other".
        """
        if isinstance(row, Entry):
            return self._whose_entry(row)
        if self.therapist:
            return "own" if row.therapist_id == self.therapist.pk else "other"
        if isinstance(row, Client):
            return self._whose_client(row)
        if isinstance(row, Invitation):
            return "own" if row.client in self.records else "other"
        if isinstance(row, Message | Told):
            message = row.message if isinstance(row, Told) else row
            return "own" if message.client in self._all_records() else "other"
        if isinstance(row, Attendance):
            return "own" if row.participation.client in self._all_records() else "other"
        row = row.session if isinstance(row, News) else row
        work = row.pk if isinstance(row, Relationship) else getattr(row, "relationship_id", None)
        work = row.relationship if isinstance(row, Erasure) else work  # its number, and no key
        if work:
            return "own" if work in self._relationships() else "other"
        return "therapist's" if self._is_client_of(row.therapist_id) else "other"

    def _whose_client(self, row: Client) -> str:
        if row in self.records:
            return "own"
        if row in self._all_records():
            return "merged"
        here = {row, row.merged_into, *row.merged_records.all()} - {None}
        beside = Client.objects.filter(participations__relationship__in=self._relationships())
        return "beside" if here & {*beside} else "other"

    def _all_records(self) -> list[Client]:
        """Return the records of this account with those of the same people, as they are merged."""
        found = Client.objects.filter(pk__in=[record.pk for record in self.records])
        stay = {record.merged_into or record for record in found}
        return [*stay, *Client.objects.filter(merged_into__in=stay)]

    def _whose_entry(self, entry: Entry) -> str:
        if entry.therapist_id is None:
            names = [name_of(c) for c in self.therapist.clients.all()] if self.therapist else []
            return "own" if entry.about in names else "installation"
        if self.therapist:
            return "own" if entry.therapist_id == self.therapist.pk else "other"
        return "therapist's" if self._is_client_of(entry.therapist_id) else "other"

    def _is_client_of(self, therapist_id: int) -> bool:
        return therapist_id in [record.therapist_id for record in self.records]

    def _relationships(self) -> list[int]:
        works = Relationship.objects.filter(participations__client__in=self._all_records())
        return list(works.values_list("pk", flat=True))
