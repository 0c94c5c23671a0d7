"""Who takes part in a relationship, and beginning one with them."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from relationships.models.choices import Kind
from relationships.models.history import Event
from relationships.models.relationship import Relationship


class Participation(models.Model):
    """One client's part in a relationship. Client and relationship share the therapist.

    From the start of the work unless they joined it, and until they left it. Whoever joins again
    has a row for each time.
    """

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="participations")
    relationship = models.ForeignKey(Relationship, models.PROTECT, related_name="participations")
    client = models.ForeignKey(Client, models.PROTECT, related_name="participations")
    joined_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["relationship", "client"],
                condition=Q(left_at=None),
                name="client_once_in_a_relationship",
            ),
            models.CheckConstraint(
                condition=Q(left_at=None) | Q(joined_at=None) | Q(left_at__gte=F("joined_at")),
                name="leaves_after_joining",
            ),
        ]
        indexes = [
            models.Index(fields=["relationship", "client"], name="participation_of_client"),
        ]

    def __str__(self) -> str:
        return f"{self.client} in {self.relationship}"

    def covers(self, moment: datetime) -> bool:
        """Whether they took part at that moment."""
        has_joined = self.joined_at is None or self.joined_at <= moment
        return has_joined and (self.left_at is None or moment < self.left_at)


def takes_part_at(moment: Any, path: str = "") -> Q:
    """Return the condition that a participation, to which `path` leads, covers a moment."""
    has_joined = Q(**{f"{path}joined_at": None}) | Q(**{f"{path}joined_at__lte": moment})
    is_there = Q(**{f"{path}left_at": None}) | Q(**{f"{path}left_at__gt": moment})
    return has_joined & is_there


class WrongNumberOfPeople(ValueError):
    """So many people do not make a relationship of this kind."""


@transaction.atomic
def start_relationship(
    *,
    therapist: Therapist,
    kind: Kind,
    clients: Collection[Client],
    by: User,
    at: datetime | None = None,
    **columns: object,
) -> Relationship:
    """Begin work with one or more clients of a therapist, now or at an earlier moment.

    Raises:
        WrongNumberOfPeople: an Individual takes one, Couples two, others two up.
        Client.DoesNotExist: one of them has been erased a moment ago.
        Client.Merged: the record of one of them has been merged into another a moment ago.
    """
    if not Kind(kind).fits(len(clients)):
        raise WrongNumberOfPeople
    known = Client.objects.not_erased().filter(pk__in=[client.pk for client in clients])
    locked = list(known.locked())
    if len(locked) < len(set(clients)):
        raise Client.DoesNotExist
    for client in locked:
        if client.merged_into_id:
            raise Client.Merged(client)
    relationship = Relationship.objects.create(
        therapist=therapist, kind=kind, started_at=at or timezone.now(), **columns
    )
    Participation.objects.bulk_create(
        Participation(therapist=therapist, relationship=relationship, client=client)
        for client in clients
    )
    relationship.count_on_clients(+1)
    relationship.record(Event.Kind.STARTED, at=relationship.started_at, by=by)
    return relationship
