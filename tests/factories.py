"""Test data: fictional people and their work, one call each."""

from datetime import UTC, datetime

import factory
from factory.django import DjangoModelFactory

from clients.models import Client
from practice.accounts.models import Therapist, User
from relationships.models import Kind, Relationship, start_relationship

PASSWORD = "a quiet harbour at dusk"


class UserFactory(DjangoModelFactory):
    """An account that can sign in with `PASSWORD`, of whoever reads the mail of its address."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@mail.example")
    password = factory.django.Password(PASSWORD)
    email_verified_at = datetime(2025, 1, 2, tzinfo=UTC)
    time_zone = "Europe/London"


def reads_in(account: User, zone: str) -> None:
    """Have the owner of an account read times, and a therapist work, in another zone."""
    account.time_zone = zone
    account.save(update_fields=["time_zone"])


class TherapistFactory(DjangoModelFactory):
    """A therapist in London."""

    class Meta:
        model = Therapist

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Therapist Number {n}")
    slug = factory.Sequence(lambda n: f"therapist-{n}")


class ClientFactory(DjangoModelFactory):
    """A client without an account and, as yet, without a relationship."""

    class Meta:
        model = Client

    therapist = factory.SubFactory(TherapistFactory)
    name = factory.Sequence(lambda n: f"Person{n} Example")
    time_zone = "Europe/London"


def start(*clients: Client, kind: Kind | None = None, **values: object) -> Relationship:
    """Start a relationship with these clients: Individual with one, Couples with two."""
    kind = kind or {1: Kind.INDIVIDUAL, 2: Kind.COUPLES}.get(len(clients), Kind.FAMILY)
    therapist = clients[0].therapist
    values = {"therapist": therapist, "by": therapist.user} | values
    return start_relationship(kind=kind, clients=clients, **values)


def row_of(relationship: Relationship) -> dict[str, object]:
    """Return what the database says of a relationship's state now."""
    row = Relationship.objects.get(pk=relationship.pk)
    return {
        "status": row.status,
        "reason": row.end_reason,
        "note": row.end_note,
        "ended_at": row.ended_at,
        "ended_by": row.ended_by,
    }


ACTIVE = {"status": "active", "reason": "", "note": "", "ended_at": None, "ended_by": None}


def history_of(relationship: Relationship) -> list[str]:
    """Return the kinds of a relationship's events, the oldest first."""
    return list(relationship.events.order_by("pk").values_list("kind", flat=True))


def counters_of(*clients: Client) -> list[int]:
    """Return each client's counter of active relationships, as the database has it now."""
    counters = dict(Client.objects.values_list("pk", "active_relationships"))
    return [counters[client.pk] for client in clients]


def true_counters_of(*clients: Client) -> list[int]:
    """Return the truth that the counters must tell, counted from the relationships."""
    present = {"left_at": None, "relationship__status": "active"}
    return [client.participations.filter(**present).count() for client in clients]
