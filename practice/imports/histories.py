"""The history of work that is brought in: its lines, each sealed in the audit as always."""

from collections.abc import Iterator

from practice.accounts.models import User
from practice.audit.models import Verb, name_of
from practice.imports.plan import PlannedWork
from relationships.models import Event, Relationship
from relationships.models.history import VERBS

AuditLine = tuple[Verb, str, Event]


def history_of(
    work: PlannedWork,
    relationship: Relationship,
    ids: Iterator[int],
    clients: list[int],
    by: User,
) -> list[Event]:
    """Return the lines of the history of some work, as rows with these ids.

    `clients` are the ids of the people of the plan.
    """
    return [
        Event(
            id=next(ids),
            therapist_id=relationship.therapist_id,
            relationship_id=relationship.pk,
            kind=line.kind,
            at=line.at,
            by=by,
            reason=line.reason,
            note=line.note,
            client_id=clients[work.places[line.number]] if line.number else None,
            goes_on_as=line.goes_on_as,
        )
        for line in work.history
    ]


def audit_lines(relationship: Relationship, history: list[Event]) -> list[AuditLine]:
    """Return what the audit is told of a history, so that it holds the seal of each line."""
    about = name_of(relationship)
    return [(VERBS[Event.Kind(event.kind)], about, event) for event in history]
