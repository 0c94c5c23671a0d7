"""The people a therapist works with, and how they are invited."""

from clients.models.client import (
    ERASED,
    AccountInUse,
    Client,
    ClientQuerySet,
    KeepRule,
    known_by,
    person_ids,
)
from clients.models.invitation import Invitation

__all__ = [
    "ERASED",
    "AccountInUse",
    "Client",
    "ClientQuerySet",
    "Invitation",
    "KeepRule",
    "known_by",
    "person_ids",
]
