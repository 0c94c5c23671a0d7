"""The history of work that is brought in: its lines, each sealed in the audit as always."""

from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, name_of
from practice.imports.plan import PlannedWork
from relationships.models import Event, Relationship
from relationships.models.history import VERBS

AT_ONCE = 500  # rows


def write_history(
    works: list[tuple[PlannedWork, Relationship]],
    clients: list[int],
    therapist: Therapist,
    by: User,
) -> None:
    """Write the lines of the history, and the entries of the audit that hold their seals.

    `clients` are the ids of the people of the plan.
    """
    lines = [(relationship, work, line) for work, relationship in works for line in work.history]
    events = [
        Event(
            therapist=therapist,
            relationship=relationship,
            kind=line.kind,
            at=line.at,
            by=by,
            reason=line.reason,
            note=line.note,
            client_id=clients[work.places[line.number]] if line.number else None,
            goes_on_as=line.goes_on_as,
        )
        for relationship, work, line in lines
    ]
    Event.objects.bulk_create(events, batch_size=AT_ONCE)
    Entry.record_many(
        [
            (VERBS[Event.Kind(event.kind)], name_of(relationship), event)
            for event, (relationship, _, _) in zip(events, lines, strict=True)
        ],
        by=by,
        therapist=therapist,
    )
