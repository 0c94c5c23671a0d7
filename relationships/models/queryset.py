"""Relationships, as the domain speaks of them: how they stand, whose they are, what is shown."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Subquery

from clients.models import Client, ClientQuerySet, person_ids
from relationships.models.choices import EndReason, Kind
from relationships.models.history import Event

if TYPE_CHECKING:
    from relationships.models.relationship import Relationship

PEOPLE = "participations__client__merged_into"  # what `Relationship.people` reads


class RelationshipQuerySet(models.QuerySet):
    """Relationships, as the domain speaks of them."""

    def active(self) -> Self:
        return self.filter(status=self.model.Status.ACTIVE)

    def ended(self) -> Self:
        return self.filter(status=self.model.Status.ENDED)

    def with_last_event(self) -> Self:
        """The same, each with the number of the last line of its history, `last_event`."""
        lines = Event.objects.filter(relationship=OuterRef("pk")).order_by("-pk")
        return self.annotate(last_event=Subquery(lines.values("pk")[:1]))

    def as_read(self, relationship: "Relationship") -> Self:
        """Of these the one that was read, if it still has the same ending, or none since.

        An active one is read by `with_last_event`, and its people are locked.
        """
        same = self.filter(pk=relationship.pk)
        if relationship.is_ended:
            return same.filter(ended_at=relationship.ended_at)
        return same.with_last_event().filter(last_event=relationship.last_event)

    def of_people(self, clients: Iterable[Client]) -> Self:
        """Those in which these people take part, with whichever of their records."""
        work = self.model.objects.filter(participations__client__person_id__in=person_ids(clients))
        # Two of the people may take part in the same work, which is found once.
        return self.filter(pk__in=work.values("pk"))

    def with_people(self) -> Self:
        """The same with what `Relationship.people` reads, in a constant number of queries."""
        return self.prefetch_related(PEOPLE)

    def shown_to(self, clients: Iterable[Client]) -> Self:
        """Those of one account's records, without reasons and notes.

        `is_quiet`: this, or their own individual work, ended by a death (`docs/domain.md` 2.5).
        """
        died = self.model.objects.filter(end_reason=EndReason.DIED, kind=Kind.INDIVIDUAL)
        beside = Client.objects.filter(relationships=OuterRef(OuterRef("pk"))).values("person_id")
        theirs = died.filter(clients__person_id__in=person_ids(clients)).filter(
            clients__person_id__in=beside
        )
        shown = self.of_people(clients).defer("end_reason", "end_note")
        return shown.annotate(is_quiet=Q(end_reason=EndReason.DIED) | Exists(theirs))

    def in_order(self) -> Self:
        """Active ones first, then the ended ones, the last ended first."""
        return self.order_by("status", F("ended_at").desc(nulls_first=True), "started_at", "pk")


def records_in(relationships: Iterable["Relationship"]) -> ClientQuerySet:
    """Return the records whose counters move with this work.

    Those that take part, and those that stand for the same people.
    """
    part = Client.objects.filter(relationships__in=relationships).order_by()
    return Client.objects.filter(pk__in=part.values("pk").union(part.values("person_id")))
