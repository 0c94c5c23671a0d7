"""An archive arrives in a new installation: all of it, or nothing.

Rows keep their order and, where they are free, the numbers of their addresses; histories keep their
moments, and get their entries in the audit of this installation, under its seal. Nobody is written
to. What is looked at afterwards (`_check_work`) is what the database cannot: that work is as its
history says.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q

from clients.models import Client, Invitation
from practice.accounts.models import ERASED, Therapist, User
from practice.archive import tables
from practice.archive.reading import Archive, Unreadable
from practice.archive.rows import Rows, batches, place
from practice.archive.tables import ACCOUNTS, CLIENTS, HISTORY, INVITATIONS, NUMBER, PRACTICE, Table
from practice.audit.models import Entry, Verb
from practice.database.public_ids import new_public_id
from relationships.models import Kind, Relationship
from relationships.models.history import VERBS, Event, episodes

CLOSED = "The archive has what a practice cannot have ({}). Nothing was moved in."

Progress = Callable[[str, int], None]


@dataclass
class Arrival:
    """An archive on its way into the practice of a therapist, who has nothing there yet."""

    archive: Archive
    therapist: Therapist
    by: User | None  # None for a command
    progress: Progress = lambda name, number: None
    numbers: dict[str, int] = field(default_factory=dict)  # of rows, by table
    # Addresses of clients' accounts that are somebody's here already: to be invited anew.
    not_linked: list[str] = field(default_factory=list)

    def run(self) -> None:
        """Move it in.

        Raises:
            Unreadable: it is another therapist's, there are clients here already, or something in
                it cannot be. Nothing was changed.
        """
        self.rows = Rows(self.therapist)
        try:
            with transaction.atomic():
                Therapist.lock(self.therapist.pk)
                self._must_fit()
                for table in tables.ALL:
                    if table.arrives:
                        take = TAKEN.get(table.name, Arrival._take)
                        self.numbers[table.name] = number = take(self, table)
                        self.progress(table.name, number)
                self._check_work()
                self._count_active()
                about = f"therapist:{self.therapist.public_id}"
                Entry.record(
                    Verb.PRACTICE_ARRIVED, by=self.by, therapist=self.therapist, about=about
                )
        except IntegrityError as error:
            said = str(error).partition("\n")[0]
            raise Unreadable(CLOSED.format(said)) from error

    def _must_fit(self) -> None:
        """Look whether it is this therapist's, and whether there is room for it."""
        if self.archive.email.lower() != self.therapist.user.email:
            raise Unreadable(
                f"This archive is of {self.archive.email[:80]}, and not of "
                f"{self.therapist.user.email}."
            )
        of = {"therapist": self.therapist}
        if Client.objects.filter(**of).exists() or Relationship.objects.filter(**of).exists():
            raise Unreadable("There are clients already: an archive is moved into a new practice.")

    def _take(self, table: Table) -> int:
        """Take a table as it is; of settings, instead of those that are here."""
        table.rows(self.therapist).delete()
        return self.rows.save(table, self.archive.rows(table))

    def _accounts(self, table: Table) -> int:
        """Find or make the accounts of everybody who has done something.

        Nobody can sign in to one that is made until its owner has shown that its address is theirs.
        """
        ids: dict[str, int] = self.rows.ids.setdefault(User, {})
        self.made: set[int] = set()
        seen: set[str] = set()
        for some in batches(self.archive.rows(table)):
            emails = [row["email"] for row in some]
            here = dict(User.objects.filter(email__in=emails).values_list("email", "pk"))
            for row in some:
                account = self._account(table, row)
                if account.email in seen:
                    raise Unreadable(f"{place(table, row)}: another has the same address.")
                seen.add(account.email)
                if account.email not in here:
                    account.save()
                    self.made.add(account.pk)
                ids[row[NUMBER]] = here.get(account.email, account.pk)
        if self.therapist.user.email not in seen:
            raise Unreadable(f"{table.path} has no account of {self.therapist.user.email}.")
        return len(ids)

    def _account(self, table: Table, row: dict[str, str]) -> User:
        account = User(**{name: row.get(name, "") for name in ("email", "name", "phone")})
        account.time_zone, account.password = row.get("time_zone", ""), make_password(None)
        if account.email.endswith(ERASED):  # somebody who has been erased, with a number of ours
            account.email, account.is_active = f"erased-{new_public_id()}{ERASED}", False
        self.rows.check(table, row, account)
        if account.email == self.therapist.user.email:
            own = self.therapist.user
            own.name, own.phone = account.name, account.phone
            own.time_zone = account.time_zone
            own.save(update_fields=["name", "phone", "time_zone"])
        return account

    def _practice(self, table: Table) -> int:
        """Take how the therapist is called, and their settings."""
        (row, *more) = [*self.archive.rows(table)] or [None]
        if row is None or more:
            raise Unreadable(f"{table.path} has to have one row.")
        told = self.rows.made(table, row, user=self.therapist.user)
        for column in table.fields:
            value = getattr(told, column.attname)
            others = Therapist.objects.exclude(pk=self.therapist.pk)
            if not (column.unique and others.filter(**{column.name: value}).exists()):
                setattr(self.therapist, column.attname, value)
        self.therapist.save()
        return 1

    def _clients(self, table: Table) -> int:
        """Take all records first, and then which of them are merged: into earlier or later ones."""
        merged: list[dict[str, str]] = []
        apart = dict.fromkeys(("merged_into", "merged_at", "merged_by"), "")

        def rows() -> Any:
            for row in self.archive.rows(table):
                if row.get("merged_into"):
                    merged.append(row)
                yield row | apart

        number = self.rows.save(table, rows())
        for row in merged:
            record = self.rows.made(table, row)
            Client.objects.filter(pk=self.rows.ids[Client][row[NUMBER]]).update(
                merged_into=record.merged_into_id,
                merged_at=record.merged_at,
                merged_by=record.merged_by_id,
            )
        # Of an account that was here before, its owner decides: by an invitation.
        known = Q(account__isnull=False) & ~Q(account__in=self.made)
        own = self.therapist.clients.filter(known)
        self.not_linked = sorted(own.values_list("account__email", flat=True).distinct())
        own.update(account=None)
        return number

    def _invitations(self, table: Table) -> int:
        """Take those that were accepted; the link of another leads to where it was made."""
        accepted = (row for row in self.archive.rows(table) if row.get("accepted_at"))
        number = 0
        for row in accepted:
            secret = Invitation.fingerprint_of(secrets.token_urlsafe(32))
            self.rows.made(table, row, fingerprint=secret).save(force_insert=True)
            number += 1
        return number

    def _history(self, table: Table) -> int:
        """Take the histories, and give each line of them its entry of the audit, with its seal."""
        number = self.rows.save(table, self.archive.rows(table))
        events = self.therapist.events.select_related("relationship").order_by("pk")
        for event in events.iterator(chunk_size=2000):
            Entry.record(
                VERBS[Event.Kind(event.kind)],
                by=self.by,
                therapist=self.therapist.pk,
                about=event.relationship,
                outcome="moved in",
                event=event,
            )
        return number

    def _check_work(self) -> None:
        """Look whether every relationship is as its history says, and has its people.

        Raises:
            Unreadable: one is not; the text says which.
        """
        work = self.therapist.relationships.prefetch_related("events", "participations")
        numbers = {pk: number for number, pk in self.rows.ids.get(Relationship, {}).items()}
        for relationship in work.order_by("pk").iterator(chunk_size=500):
            events = sorted(relationship.events.all(), key=lambda event: event.pk)
            if not is_as_told(relationship, events):
                where = f"{tables.RELATIONSHIPS.path}, row {numbers[relationship.pk]}"
                raise Unreadable(f"{where}, is not as its history says.")
            if not Kind(relationship.kind).fits(len(relationship.participations.all())):
                where = f"{tables.RELATIONSHIPS.path}, row {numbers[relationship.pk]}"
                raise Unreadable(f"{where}, has too many or too few people for its kind.")

    def _count_active(self) -> None:
        """Set the counters of the clients, which no archive has."""
        active = self.therapist.participations.filter(relationship__status="active")
        counted: dict[int, int] = {}
        for client, person in active.values_list("client", "client__person_id"):
            for record in {client, person}:
                counted[record] = counted.get(record, 0) + 1
        by_number: dict[int, list[int]] = {}
        for record, number in counted.items():
            by_number.setdefault(number, []).append(record)
        for number, records in by_number.items():
            for some in batches(records):
                Client.objects.filter(pk__in=some).update(active_relationships=number)


def is_as_told(relationship: Relationship, events: list[Event]) -> bool:
    """Whether a relationship is what its history makes of it."""
    kinds = Event.Kind
    is_active: bool | None = None  # before it has begun
    last_note = ""
    after = {kinds.STARTED: True, kinds.RESTARTED: True, kinds.END_UNDONE: True, kinds.ENDED: False}
    for event in events:
        kind = kinds(event.kind)
        if kind in after:
            before = None if kind == kinds.STARTED else not after[kind]
            if is_active is not before:
                return False
            is_active = after[kind]
        elif is_active is not False and kind in (kinds.CORRECTED, kinds.END_DATED):
            return False
        if kind in (kinds.ENDED, kinds.CORRECTED):
            last_note = event.note
    if is_active is None or relationship.started_at != events[0].at:
        return False
    last = episodes(events)[-1]
    told = (relationship.ended_at, relationship.end_reason, relationship.end_note)
    return told == (last.ended_at, last.reason, "" if is_active else last_note)


TAKEN: dict[str, Callable[[Arrival, Table], int]] = {
    ACCOUNTS.name: Arrival._accounts,
    PRACTICE.name: Arrival._practice,
    CLIENTS.name: Arrival._clients,
    INVITATIONS.name: Arrival._invitations,
    HISTORY.name: Arrival._history,
}
