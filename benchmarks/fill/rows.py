"""The rows that are loaded: a tuple for each, and which columns it has."""

from datetime import datetime
from typing import NamedTuple


class UserRow(NamedTuple):
    """A row of `accounts.User`."""

    id: int
    email: str
    password: str
    time_zone: str
    created_at: datetime
    email_verified_at: datetime


class ClientRow(NamedTuple):
    """A row of `clients.Client`."""

    id: int
    therapist_id: int
    public_id: str
    name: str
    email: str
    phone: str
    time_zone: str
    account_id: int | None
    added_at: datetime
    sort_name: str
    search_text: str
    active_relationships: int


class RelationshipRow(NamedTuple):
    """A row of `relationships.Relationship`."""

    id: int
    therapist_id: int
    public_id: str
    kind: str
    status: str
    started_at: datetime
    end_reason: str
    end_note: str
    ended_at: datetime | None
    ended_by_id: int | None


class ParticipationRow(NamedTuple):
    """A row of `relationships.Participation`."""

    id: int
    therapist_id: int
    relationship_id: int
    client_id: int


class EventRow(NamedTuple):
    """A row of `relationships.Event`; `pk` is what its seal calls the id."""

    pk: int
    therapist_id: int
    relationship_id: int
    kind: str
    at: datetime
    by_id: int
    reason: str
    note: str
    client_id: int | None = None
    goes_on_as: str = ""


class SessionRow(NamedTuple):
    """A row of `diary.Session`."""

    id: int
    therapist_id: int
    public_id: str
    relationship_id: int
    starts_at: datetime
    ends_at: datetime
    state: str
    booked_at: datetime
    booked_by_id: int
    cancelled_at: datetime | None
    cancelled_by_id: int | None
    cancelled_for_client: bool


class EntryRow(NamedTuple):
    """A row of `audit.Entry` before it is sealed and has a place."""

    chain: int
    therapist_id: int
    at: datetime
    by: int
    role: str
    verb: str
    about: str
    outcome: str
    request_id: str
    event: int
    digest: str
    through: None
    writer: str
    writer_number: int


class ChainedRow(NamedTuple):
    """What is added to an entry by its seal and by its place."""

    id: int
    seal: str
    number: int
    mac: str
