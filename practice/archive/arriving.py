"""An archive arrives in a new installation: all of it, or nothing.

Rows keep their order and, where they are free, the numbers of their addresses; histories keep their
moments, and get their entries in the audit of this installation, under its seal. Nobody is written
to. What is looked at afterwards (`checking.py`) is what the database cannot: that work is as its
history says.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import ERASED, Therapist, User
from practice.archive import tables
from practice.archive.checking import check_work, count_active
from practice.archive.reading import Archive, Unreadable
from practice.archive.rows import Rows, batches, place
from practice.archive.tables import (
    ACCOUNTS,
    CLIENTS,
    HISTORY,
    IMPORTED_ROWS,
    INVITATIONS,
    MESSAGES,
    NUMBER,
    PRACTICE,
    Table,
)
from practice.audit.models import Entry, Verb
from practice.database.public_ids import new_public_id
from practice.notifications.models import Message, MessageSettings
from relationships.models import Relationship
from relationships.models.history import VERBS, Event

CLOSED = "The archive has what a practice cannot have ({}). Nothing was moved in."

Progress = Callable[[str, int], None]


@dataclass
class Arrival:
    """An archive on its way into the practice of a therapist, who has nothing there yet."""

    archive: Archive
    therapist: Therapist
    by: User | None  # None for a command
    reminds: bool = False  # whether clients are reminded of sessions that have come with it
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
                check_work(self.therapist)
                count_active(self.therapist)
                since = {"reminds_from": None if self.reminds else timezone.now()}
                MessageSettings.objects.update_or_create(since, therapist=self.therapist)
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
        rows = [*self.archive.rows(table)]
        if len(rows) != 1:
            raise Unreadable(f"{table.path} has to have one row.")
        told = self.rows.made(table, rows[0], user=self.therapist.user)
        for column in table.fields:
            value = getattr(told, column.attname)
            others = Therapist.objects.exclude(pk=self.therapist.pk)
            if not (column.unique and others.filter(**{column.name: value}).exists()):
                setattr(self.therapist, column.attname, value)
        self.therapist.save()
        return 1

    def _clients(self, table: Table) -> int:
        """Take all records first, and then which of them are merged or erased.

        One may be merged into a later one; whoever is erased has not even a folded name.
        """
        later: list[dict[str, str]] = []
        apart = dict.fromkeys(("merged_into", "merged_at", "merged_by", "erased_at"), "")

        def rows() -> Iterator[dict[str, str]]:
            for row in self.archive.rows(table):
                if row.get("merged_into") or row.get("erased_at"):
                    later.append(row)
                yield row | apart

        number = self.rows.save(table, rows())
        for row in later:
            told = self.rows.made(table, row)
            state = {
                "merged_into": told.merged_into_id,
                "merged_at": told.merged_at,
                "merged_by": told.merged_by_id,
                "erased_at": told.erased_at,
            }
            nameless = dict.fromkeys(("sort_name", "search_text"), "") if told.erased_at else {}
            Client.objects.filter(pk=self.rows.ids[Client][row[NUMBER]]).update(**state | nameless)
        # Of an account that was here before, its owner decides: by an invitation. So does whoever
        # owns the address of a new one, unless the operator vouches for the archive.
        own = self.therapist.clients.exclude(account=None)
        if self.by is None:
            own = own.exclude(account__in=self.made)
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

    def _imported_rows(self, table: Table) -> int:
        """Take where rows came from, of those that are there."""
        return self.rows.save(table, (row for row in self.archive.rows(table) if row.get("row")))

    def _messages(self, table: Table) -> int:
        """Take what was sent, which tells what people know; what waited for it is dropped."""
        for some in batches(self.archive.rows(table)):
            made = [self.rows.made(table, row) for row in some]
            told = [message.message_id for message in made]
            known = set(Message.objects.filter(message_id__in=told).values_list("message_id"))
            for message in made:
                if message.state == Message.State.WAITING:
                    message.state, message.next_attempt_at = Message.State.DROPPED, None
                if (message.message_id,) in known:
                    message.message_id = f"{new_public_id()}.{message.message_id}"[:200]
            Message.objects.bulk_create(made)
            ids = self.rows.ids.setdefault(Message, {})
            ids |= {row[NUMBER]: one.pk for row, one in zip(some, made, strict=True)}
        return len(self.rows.ids.get(Message, {}))


TAKEN: dict[str, Callable[[Arrival, Table], int]] = {
    ACCOUNTS.name: Arrival._accounts,
    PRACTICE.name: Arrival._practice,
    CLIENTS.name: Arrival._clients,
    INVITATIONS.name: Arrival._invitations,
    HISTORY.name: Arrival._history,
    MESSAGES.name: Arrival._messages,
    IMPORTED_ROWS.name: Arrival._imported_rows,
}
