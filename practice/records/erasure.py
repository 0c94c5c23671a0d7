"""Erasing a person: what is theirs alone goes, and what is others', too, loses their name."""

import hashlib
from dataclasses import dataclass
from typing import Self

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from clients.models import AccountInUse, Client, Invitation
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.diary.models import News, Session, SessionQuerySet
from practice.imports.models import ImportedNote, ImportedRow
from practice.notifications.models import Message
from relationships.models import Erasure, Participation, Relationship


class NotYet(Exception):
    """Work with the client is active, or a session is to come. Nothing was erased."""


class Changed(Exception):
    """It is something else that would be erased than the page said. Nothing was erased."""


@dataclass(frozen=True)
class Plan:
    """What erasing a client would mean."""

    client: Client
    records: list[Client]
    active: list[Relationship]
    to_come: list[Session]
    alone: list[Relationship]
    shared: list[Relationship]

    @classmethod
    def of(cls, client: Client) -> Self:
        """Work it out; work that only erased people took part in counts as theirs alone."""
        theirs = client.therapist.relationships.of_people([client]).in_order()
        relationships = list(theirs.with_people().select_related("therapist"))
        alone = [r for r in relationships if all(p == client or p.is_erased for p in r.everybody)]
        return cls(
            client=client,
            records=client.records,
            active=[r for r in relationships if not r.is_ended and client in r.people],
            to_come=list(client.therapist.sessions.of_clients([client]).upcoming()),
            alone=alone,
            shared=[r for r in relationships if r not in alone],
        )

    @property
    def is_possible(self) -> bool:
        return not self.active and not self.to_come

    @property
    def shown(self) -> str:
        """What the page says would go and stay, as a digest."""
        events = self.client.therapist.events.filter(relationship__in=[*self.alone, *self.shared])
        said = [
            self.client.name,
            [(record.pk, record.account_id) for record in self.records],
            [[r.pk for r in work] for work in (self.alone, self.shared, self.with_notes)],
            [self.sessions.count(), events.count()],
        ]
        return hashlib.sha256(repr(said).encode()).hexdigest()

    @property
    def sessions(self) -> SessionQuerySet:
        """Sessions of the work that was theirs alone."""
        return self.client.therapist.sessions.filter(relationship__in=self.alone)

    @property
    def with_notes(self) -> list[Relationship]:
        """Shared work in whose history there are private notes, which may name the client."""
        ended = [r for r in self.shared if r.is_ended]
        noted = self.client.therapist.events.exclude(note="").filter(relationship__in=ended)
        ids = set(noted.values_list("relationship", flat=True))
        return [r for r in ended if r.pk in ids]


@transaction.atomic
def erase(client: Client, *, by: User, blank_notes: bool = False, shown: str | None = None) -> None:
    """Erase a client for good, with all records that are merged into theirs.

    With `blank_notes` the private notes of shared work go, too; with `shown` only what was shown.

    Raises:
        NotYet: work is active, or a session is to come.
        Changed: something else would be erased than what was `shown`.
        Client.DoesNotExist: they have been erased a moment ago.
        Client.Merged: the record has been merged into another a moment ago.
    """
    client = _lock(client)
    plan = Plan.of(client)
    if not plan.is_possible:
        raise NotYet
    if shown not in (None, plan.shown):
        raise Changed
    nameless = [p for r in plan.alone for p in r.everybody if p.is_erased]
    _write_down(plan, by, blank_notes=blank_notes)
    _forget_where_it_came_from(plan)
    _forget_what_was_told(plan, client.therapist_id)
    plan.sessions.delete()
    for relationship in plan.alone:
        _erase_work(relationship, by)
    for relationship in plan.shared:
        if client in relationship.people:  # the others go on without who has left
            _close_work(relationship)
        if blank_notes and relationship in plan.with_notes:
            _blank_notes(relationship, by)
    for record in reversed(plan.records):  # before the one that they are merged into
        if plan.shared:  # in which they are still one person
            record.become_nameless()
        else:
            record.delete()
    for person in nameless:
        _delete_unless_in_work(person)
    for account in {record.account for record in plan.records if record.account}:
        _close_unless_needed(account)


def _forget_what_was_told(plan: Plan, therapist: int) -> None:
    """Delete what the therapist was told of them, and whatever was written to or about them."""
    Invitation.objects.filter(client__in=plan.records).delete()
    by_them = Q(by__in=[record.account_id for record in plan.records if record.account_id])
    told = News.objects.filter(therapist=therapist)
    told.filter(Q(client__in=plan.records) | Q(session__in=plan.sessions) | by_them).delete()
    messages = Message.objects.filter(therapist=therapist)
    about_them = Q(client=None, told__session__in=plan.sessions)
    written = messages.filter(Q(client__in=plan.records) | about_them)
    Message.objects.filter(pk__in=[*written.values_list("pk", flat=True)]).delete()


def _delete_unless_in_work(person: Client) -> None:
    """Delete the records of somebody erased earlier, if no work is left that they stand in."""
    records = Client.objects.of_people([person])
    if not Participation.objects.filter(client__in=records).exists():
        for record in records.order_by(F("merged_into").desc(nulls_last=True)):
            record.delete()


def _lock(client: Client) -> Client:
    """Lock whatever erasing reads, and return the client as they are now.

    The diary, the account, the people, the work: in the order in which whoever books, accepts an
    invitation, starts or ends locks them, so that nobody waits for ever.

    Raises:
        Client.DoesNotExist: they have been erased a moment ago.
        Client.Merged: the record has been merged into another a moment ago.
    """
    Therapist.lock(client.therapist_id)
    records = Client.objects.of_people([client])
    accounts = User.objects.filter(pk__in=records.values("account"))
    list(accounts.order_by("pk").select_for_update(of=("self",), no_key=True))
    work = Relationship.objects.of_people([client])
    together = Participation.objects.filter(relationship__in=work)
    people = Client.objects.filter(Q(pk__in=records) | Q(pk__in=together.values("client")))
    list(people.locked())
    list(work.order_by("pk").select_for_update(of=("self",)))
    with_accounts = Client.objects.select_related("therapist", "account")
    with_accounts = with_accounts.prefetch_related("merged_records__account")
    return with_accounts.get(pk=Client.lock_person(client.pk).pk)


def _forget_where_it_came_from(plan: Plan) -> None:
    """Delete what was kept of the files that somebody was brought in from."""
    ImportedNote.objects.filter(client__in=plan.records).delete()
    rows = ImportedRow.objects.filter(therapist=plan.client.therapist_id)
    for kind, gone in (
        (ImportedRow.Kind.CLIENT, [record.pk for record in plan.records]),
        (ImportedRow.Kind.RELATIONSHIP, [work.pk for work in plan.alone]),
        (ImportedRow.Kind.SESSION, plan.sessions.values("pk")),
    ):
        rows.filter(kind=kind, row__in=gone).delete()


def _erase_work(relationship: Relationship, by: User) -> None:
    """Delete ended work with all that belongs to it; only an erasure record stays."""
    _allow(Erasure.What.RELATIONSHIP, relationship, by)
    relationship.events.all().delete()
    relationship.participations.all().delete()
    relationship.delete()


def _close_work(relationship: Relationship) -> None:
    """Keep shared work in the others' history; it cannot be taken up again, anywhere."""
    relationship.is_closed, relationship.place = True, ""
    relationship.save(update_fields=["is_closed", "place"])


def _blank_notes(relationship: Relationship, by: User) -> None:
    """Blank the private notes of shared work."""
    _allow(Erasure.What.NOTES, relationship, by)
    relationship.events.exclude(note="").update(note="")
    relationship.end_note = ""
    relationship.save(update_fields=["end_note"])


def _allow(what: Erasure.What, relationship: Relationship, by: User) -> None:
    """Write the record without which the database lets no history go."""
    Erasure.objects.create(
        therapist_id=relationship.therapist_id,
        relationship=relationship.pk,
        public_id=relationship.public_id,
        what=what,
        at=timezone.now(),
        by=by,
    )


def _write_down(plan: Plan, by: User, *, blank_notes: bool) -> None:
    """Record in the audit whom and what this erases: numbers, no names."""
    gone = [f"relationship:{r.public_id}" for r in plan.alone]
    blanked = [f"relationship:{r.public_id}" for r in plan.shared if blank_notes]
    erased = [(f"client:{record.public_id}", "done") for record in plan.records]
    lines = [*erased, *((about, "done") for about in gone)]
    for about, outcome in [*lines, *((about, "notes blanked") for about in blanked)]:
        therapist_id = plan.client.therapist_id
        Entry.record(Verb.ERASED, by=by, therapist=therapist_id, about=about, outcome=outcome)


def _close_unless_needed(account: User) -> None:
    """Close an account that belongs to no client and no therapist any more."""
    # Nobody links it meanwhile; locked already, unless it was linked after erasing had begun.
    User.objects.select_for_update(no_key=True).get(pk=account.pk)
    is_needed = AccountInUse.objects.filter(account=account).exists()
    if not is_needed and not hasattr(account, "therapist"):
        account.close()
