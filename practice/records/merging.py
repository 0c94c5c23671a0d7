"""Two records of one person: merging them, and separating them again at any later time.

Nothing moves. One record stays and stands for the person, the other is merged into it: it keeps its
relationships, sessions, history, account and details, and whatever asks of the person asks for all
of their records (`Client.person_id`). So separating is the inverse of merging, however much has
happened in between. Source: `docs/domain.md` 2.14.
"""

from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import User
from practice.audit.models import Entry, Verb
from relationships.models import Relationship


class Obstacle(models.TextChoices):
    """Why two records cannot be merged, and what a therapist reads of it."""

    SAME = "same", "This is the same record."
    TOGETHER = (
        "together",
        "They take part in the same work together, so they are recorded as two people. If that "
        "work was set up in error, the records cannot be merged while it is here.",
    )
    STANDS_FOR_OTHERS = (
        "stands_for_others",
        "Another record is merged into the one that would not stay. Let that one stay, or separate "
        "its records first.",
    )


class NotMerged(Exception):
    """The two records cannot be merged; `obstacle` says why. Nothing was done."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle)
        self.obstacle = obstacle


class NotTogether(Exception):
    """The record is not merged, or no longer: nothing was separated."""


def obstacle(record: Client, into: Client) -> Obstacle | None:
    """Return what stands in the way of merging `record` into `into`, if anything does."""
    if record == into:
        return Obstacle.SAME
    work = Relationship.objects.of_people([into])
    if work.filter(pk__in=Relationship.objects.of_people([record]).values("pk")).exists():
        return Obstacle.TOGETHER
    return Obstacle.STANDS_FOR_OTHERS if record.merged_records.exists() else None


@transaction.atomic
def merge(record: Client, *, into: Client, by: User) -> None:
    """Let `into` stand for the person of both records, from now on until they are separated.

    Raises:
        Client.DoesNotExist: one of them has been erased a moment ago.
        Client.Merged: one of them has been merged a moment ago.
        NotMerged: they are not two records of one person.
    """
    record, into = _lock(record, into)
    if reason := obstacle(record, into):
        raise NotMerged(reason)
    clients = Client.objects
    clients.filter(pk=record.pk).update(merged_into=into, merged_at=timezone.now(), merged_by=by)
    active = F("active_relationships") + record.active_relationships
    clients.filter(pk=into.pk).update(active_relationships=active)
    _write_down(Verb.RECORDS_MERGED, record, into, by)


@transaction.atomic
def separate(record: Client, *, by: User) -> Client:
    """Let a merged record stand for a person of its own again; return whose it was until then.

    Raises:
        Client.DoesNotExist: it has been erased a moment ago.
        NotTogether: it is not merged, or has been separated a moment ago.
    """
    clients = Client.objects.not_erased()
    shown = clients.get(pk=record.pk)
    both = clients.filter(pk__in=[shown.pk, shown.merged_into_id])
    locked = {client.pk: client for client in both.locked()}
    if shown.pk not in locked:
        raise Client.DoesNotExist
    record, into = locked[shown.pk], locked.get(shown.merged_into_id)
    if into is None or record.merged_into_id != into.pk:
        raise NotTogether
    alone = dict.fromkeys(("merged_into", "merged_at", "merged_by"))
    Client.objects.filter(pk=record.pk).update(**alone)
    active = F("active_relationships") - record.active_relationships
    Client.objects.filter(pk=into.pk).update(active_relationships=active)
    _write_down(Verb.RECORDS_SEPARATED, record, into, by)
    return into


def _lock(*records: Client) -> list[Client]:
    """Lock records and return them as they are now, in the same order."""
    people = Client.objects.not_erased().filter(pk__in=[record.pk for record in records])
    locked = {client.pk: client for client in people.locked()}
    if missing := [record for record in records if record.pk not in locked]:
        raise Client.DoesNotExist(missing)
    for client in locked.values():
        if client.merged_into_id:
            raise Client.Merged(client)
    return [locked[record.pk] for record in records]


def _write_down(verb: Verb, record: Client, into: Client, by: User) -> None:
    """Record it about both."""
    for about in (record, into):
        Entry.record(verb, by=by, therapist=record.therapist_id, about=about)
