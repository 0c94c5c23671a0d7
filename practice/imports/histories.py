"""The history of work that is brought in: its lines, each sealed in the audit as always."""

from typing import Any

from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, name_of
from practice.imports.plan import PlannedWork
from relationships.models import Event, Relationship
from relationships.models.history import VERBS, episodes

AT_ONCE = 500  # rows


def write_history(
    works: list[tuple[PlannedWork, Relationship]], therapist: Therapist, by: User
) -> None:
    """Write the lines of the history, and the entries of the audit that hold their seals."""
    lines = [(relationship, line) for work, relationship in works for line in work.history]
    events = [
        Event(
            therapist=therapist,
            relationship=relationship,
            kind=line.kind,
            at=line.at,
            by=by,
            reason=line.reason,
            note=line.note,
        )
        for relationship, line in lines
    ]
    Event.objects.bulk_create(events, batch_size=AT_ONCE)
    Entry.record_many(
        [
            (VERBS[Event.Kind(event.kind)], name_of(relationship), event)
            for event, (relationship, _) in zip(events, lines, strict=True)
        ],
        by=by,
        therapist=therapist,
    )


def last_stretch(work: PlannedWork) -> Any:
    """Return the last stretch of work."""
    return episodes(work.history)[-1]  # type: ignore[arg-type]  # lines are alike
