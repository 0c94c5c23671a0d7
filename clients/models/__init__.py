"""The people a therapist works with, and how they are invited."""

from clients.models.client import (
    ERASED,
    AccountInUse,
    Client,
    ClientQuerySet,
    KeepRule,
    Reminders,
    person_ids,
    person_or_404,
)
from clients.models.invitation import Invitation

__all__ = [
    "ERASED",
    "AccountInUse",
    "Client",
    "ClientQuerySet",
    "Invitation",
    "KeepRule",
    "Reminders",
    "person_ids",
    "person_or_404",
]
