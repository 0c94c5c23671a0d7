"""Clients, as the domain speaks of them: with which records, found by what, in which order."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q, QuerySet

from practice.text.person_names import matches

if TYPE_CHECKING:
    from clients.models.client import Client


class ClientQuerySet(models.QuerySet):
    """Clients, as the domain speaks of them."""

    def not_erased(self) -> Self:
        """All but those who have been erased and live on as a nameless part of others' work."""
        return self.filter(erased_at=None)

    def people(self) -> Self:
        """One record for each person: neither erased nor merged into another."""
        return self.not_erased().filter(merged_into=None)

    def of_people(self, clients: "Iterable[Client]") -> Self:
        """Every record of the people whose records these are, whichever of them is given."""
        return self.filter(person_id__in=person_ids(clients))

    def active(self) -> Self:
        """Clients with at least one active relationship."""
        return self.filter(active_relationships__gt=0)

    def inactive(self) -> Self:
        """Clients whose relationships have all ended."""
        return self.filter(active_relationships=0)

    def search(self, text: str) -> Self:
        """People of whom every word of `text` begins a word of a record's names."""
        return self.filter(self.of_any_record(matches(text)))

    def same_person_as(self, name: str, email: str = "") -> Self:
        """People with this name or e-mail address: probably the same person."""
        same = Q(sort_name=self.model._meta.get_field("sort_name").made_of(name))
        if email:
            same |= Q(email__iexact=email.strip())
        return self.filter(self.of_any_record(same))

    def in_name_order(self) -> Self:
        return self.order_by("sort_name", "pk")

    def locked(self) -> Self:
        """The same, locked until the end of the transaction when they are read.

        In one order, whoever locks several: two who do so never wait for each other for ever.
        """
        return self.select_for_update(of=("self",), no_key=True).order_by("pk")

    def of_any_record(self, condition: Q) -> Q:
        """Return the condition that it holds for a record, or for one that is merged into it."""
        if not condition:
            return condition
        merged = self.model.objects.exclude(merged_into=None).filter(condition)
        return condition | Q(pk__in=merged.values("merged_into"))


def person_ids(clients: "Iterable[Client]") -> "QuerySet | set[int]":
    """Return what `Client.person_id` is for these records: a subquery, if they are one."""
    if isinstance(clients, QuerySet):
        return clients.order_by().values("person_id")
    return {client.person_id for client in clients}
