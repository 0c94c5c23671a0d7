"""Who is told about a session: those who take part in it, and who may be written to."""

from collections.abc import Iterable
from dataclasses import dataclass

from clients.models import Client
from practice.accounts.models import Therapist
from practice.diary.models import Session
from relationships.models import Kind, Relationship, RelationshipQuerySet
from relationships.models.choices import EndReason


@dataclass(frozen=True)
class Receiver:
    """Somebody who is told: a client, or, without one, the therapist."""

    address: str
    zone: str
    client: Client | None = None

    @property
    def client_id(self) -> int | None:
        return self.client.pk if self.client else None


def therapist_as_receiver(therapist: Therapist) -> Receiver | None:
    """Return a therapist who is told; None where nobody can sign in to the account any more."""
    if not therapist.user.is_active:
        return None
    return Receiver(therapist.user.email, therapist.time_zone)


def clients_as_receivers(sessions: Iterable[Session]) -> dict[int, list[Receiver]]:
    """Return which clients are told, by session; a session is read by `for_messages`.

    Nobody who was erased, who is marked *Do not contact*, or who died (`docs/domain.md` 4); and of
    several with one address, such as children, the first.
    """
    sessions = list(sessions)
    died = _people_who_died(session.therapist_id for session in sessions)
    return {session.pk: _receivers(session.relationship, died) for session in sessions}


def with_receivers(work: RelationshipQuerySet) -> RelationshipQuerySet:
    """Return the same relationships with all that `receivers_of` reads."""
    client = "participations__client"
    records = ("merged_records__account", "merged_into__merged_records__account")
    accounts = (f"{client}__account", f"{client}__merged_into__account")
    read = work.select_related("therapist").with_people().prefetch_related(*accounts)
    return read.prefetch_related(*(f"{client}__{path}" for path in records))


def receivers_of(relationship: Relationship) -> list[Receiver]:
    """Return which clients of a relationship are told of its sessions."""
    return _receivers(relationship, _people_who_died([relationship.therapist_id]))


def _receivers(relationship: Relationship, died: set[int]) -> list[Receiver]:
    found: dict[str, Receiver] = {}
    if relationship.end_reason != EndReason.DIED:
        for person in relationship.people:
            address = address_of(person)
            may = person.may_be_written_to and person.pk not in died
            if address and may:
                found.setdefault(address.lower(), Receiver(address, person.zone, person))
    return list(found.values())


def address_of(person: Client) -> str:
    """Return where somebody reads their mail: the address of their account, if they have one."""
    accounts = [record.account for record in person.records if record.account]
    known = [account.email for account in accounts if account.is_active]
    noted = [record.email for record in person.records if record.email]
    return next(iter([*known, *noted]), "")


def _people_who_died(therapists: Iterable[int]) -> set[int]:
    work = Relationship.objects.filter(
        therapist__in=set(therapists), end_reason=EndReason.DIED, kind=Kind.INDIVIDUAL
    )
    people: Iterable[int] = work.values_list("clients__person_id", flat=True)
    return set(people)
