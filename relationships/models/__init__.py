"""A therapist's work with clients, and its history."""

from relationships.models.choices import EndReason, Kind
from relationships.models.history import Erasure, Event
from relationships.models.participation import (
    Participation,
    WrongNumberOfPeople,
    start_relationship,
    takes_part_at,
)
from relationships.models.relationship import (
    Relationship,
    RelationshipQuerySet,
    lock_people,
    read_people,
    records_in,
)

__all__ = [
    "EndReason",
    "Erasure",
    "Event",
    "Kind",
    "Participation",
    "Relationship",
    "RelationshipQuerySet",
    "WrongNumberOfPeople",
    "lock_people",
    "read_people",
    "records_in",
    "start_relationship",
    "takes_part_at",
]
