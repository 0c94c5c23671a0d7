"""What has arrived, looked at as a whole: whether work is what its history says, and counters."""

from clients.models import Client
from practice.accounts.models import Therapist
from practice.archive.reading import Unreadable
from practice.archive.rows import batches
from practice.archive.tables import RELATIONSHIPS
from relationships.models import Kind, Relationship
from relationships.models.history import Event, episodes


def check_work(therapist: Therapist) -> None:
    """Look at every relationship of a practice in which there is nothing but what has arrived.

    Raises:
        Unreadable: one is not as its history says, or has not its people; the text says which.
    """
    work = therapist.relationships.prefetch_related("events", "participations").order_by("pk")
    for number, relationship in enumerate(work.iterator(chunk_size=500), start=1):
        where = f"{RELATIONSHIPS.path}, row {number}"
        events = sorted(relationship.events.all(), key=lambda event: event.pk)
        if not is_as_told(relationship, events):
            raise Unreadable(f"{where}, is not as its history says.")
        if not Kind(relationship.kind).fits(
            sum(part.left_at is None for part in relationship.participations.all())
        ):
            raise Unreadable(f"{where}, has too many or too few people for its kind.")


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
    if is_active is None:
        return False
    stretches = episodes(events)
    first, last = stretches[0], stretches[-1]
    told = (relationship.started_at, relationship.ended_at, relationship.end_reason)
    is_same = told == (first.started_at, last.ended_at, last.reason)
    return is_same and relationship.end_note == ("" if is_active else last_note)


def count_active(therapist: Therapist) -> None:
    """Set the counters of the clients, which no archive has."""
    active = therapist.participations.filter(relationship__status="active", left_at=None)
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
