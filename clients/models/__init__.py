"""The people a therapist works with, and how they are invited."""

from clients.models.client import ERASED, AccountInUse, Client, KeepRule
from clients.models.invitation import Invitation
from clients.models.queryset import ClientQuerySet, person_ids

__all__ = [
    "ERASED",
    "AccountInUse",
    "Client",
    "ClientQuerySet",
    "Invitation",
    "KeepRule",
    "person_ids",
]
