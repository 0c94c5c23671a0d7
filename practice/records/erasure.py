"""Erasing a person: what is theirs alone goes, and what is others', too, loses their name."""

from dataclasses import dataclass
from typing import Self

from django.db import transaction

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.database import current_account
from practice.diary.models import Session, SessionQuerySet
from relationships.models import Relationship


class NotYet(Exception):
    """Work with the client is active, or a session is to come. Nothing was erased."""


@dataclass(frozen=True)
class Plan:
    """What erasing a client would mean."""

    client: Client
    active: list[Relationship]
    to_come: list[Session]
    alone: list[Relationship]
    shared: list[Relationship]

    @classmethod
    def of(cls, client: Client) -> Self:
        """Work it out; work that only erased people took part in counts as theirs alone."""
        ties = client.relationships.in_order().select_related("therapist")
        ties = list(ties.prefetch_related("participations__client"))
        others = {
            tie.pk: [p for p in tie.people if p.pk != client.pk and not p.is_erased] for tie in ties
        }
        return cls(
            client=client,
            active=[tie for tie in ties if not tie.is_ended],
            to_come=list(client.therapist.sessions.of_clients([client]).upcoming()),
            alone=[tie for tie in ties if not others[tie.pk]],
            shared=[tie for tie in ties if others[tie.pk]],
        )

    @property
    def is_possible(self) -> bool:
        return not self.active and not self.to_come

    @property
    def sessions(self) -> SessionQuerySet:
        """Sessions of the work that was theirs alone."""
        return self.client.therapist.sessions.filter(relationship__in=self.alone)

    @property
    def with_notes(self) -> list[Relationship]:
        """Shared work in whose history there are private notes, which may name the client."""
        noted = self.client.therapist.events.exclude(note="").filter(relationship__in=self.shared)
        ids = set(noted.values_list("relationship", flat=True))
        return [tie for tie in self.shared if tie.pk in ids]


@transaction.atomic
def erase(client: Client, *, by: User, blank_notes: bool = False) -> None:
    """Erase a client for good; with `blank_notes` the private notes of shared work go, too.

    Raises:
        NotYet: work is active, or a session is to come.
        Client.DoesNotExist: they have been erased a moment ago.
    """
    Entry.hold(client.therapist_id)
    # In the order in which booking, ending and starting lock them, so that nobody waits for ever.
    Therapist.objects.select_for_update(no_key=True).get(pk=client.therapist_id)
    list(client.relationships.order_by("pk").select_for_update(of=("self",)))
    Client.objects.known().select_for_update().get(pk=client.pk)
    plan = Plan.of(client)
    if not plan.is_possible:
        raise NotYet
    nameless = [p for tie in plan.alone for p in tie.people if p.is_erased]
    account = client.account
    _write_down(plan, by, blank_notes=blank_notes)
    client.invitations.all().delete()
    plan.sessions.delete()
    for tie in plan.alone:
        tie.erase(by=by)
    for tie in plan.shared:
        tie.close(by=by, blank_notes=blank_notes)
    if plan.shared:
        client.become_nameless()
    else:
        client.delete()
    for person in nameless:
        if not person.participations.exists():
            person.delete()
    if account:
        _close_unless_needed(account)


def _write_down(plan: Plan, by: User, *, blank_notes: bool) -> None:
    """Record in the audit whom and what this erases: numbers, no names."""
    gone = [f"relationship:{tie.public_id}" for tie in plan.alone]
    blanked = [f"relationship:{tie.public_id}" for tie in plan.shared if blank_notes]
    lines = [(f"client:{plan.client.public_id}", "done"), *((about, "done") for about in gone)]
    for about, outcome in [*lines, *((about, "notes blanked") for about in blanked)]:
        facts = {"therapist": plan.client.therapist_id, "about": about, "outcome": outcome}
        Entry.record(Verb.ERASED, by=by, **facts)


def _close_unless_needed(account: User) -> None:
    """Close an account that belongs to no client and no therapist any more."""
    with current_account.purpose("closing"):
        is_needed = account.clients.exists()
    if not is_needed and not hasattr(account, "therapist"):
        account.close()
