"""A therapist's work with clients, and its history."""

from relationships.models.event import NOTE_LENGTH, VERBS, Erasure, Event
from relationships.models.reasons import EndReason
from relationships.models.relationship import (
    Kind,
    Participation,
    Relationship,
    RelationshipQuerySet,
)

__all__ = [
    "NOTE_LENGTH",
    "VERBS",
    "EndReason",
    "Erasure",
    "Event",
    "Kind",
    "Participation",
    "Relationship",
    "RelationshipQuerySet",
]
