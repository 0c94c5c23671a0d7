"""The people a therapist works with, and how they are invited."""

from clients.models.client import ERASED, Client, ClientQuerySet, KeepRule
from clients.models.invitation import Invitation

__all__ = ["ERASED", "Client", "ClientQuerySet", "Invitation", "KeepRule"]
