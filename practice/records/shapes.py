"""The shapes of what is taken out: a choice, a person, a session, each the same in every export.

A therapist's export of one client, a client's own data and the archive of a practice are made of
these. What one of them has besides, it adds itself. The keys are described in `docs/export.md`.
"""

import json
from datetime import date, datetime
from typing import Protocol

from django.db.models import TextChoices
from django.utils import timezone

from clients.models import Reminders
from practice.diary.models.queryset import SessionState
from practice.notifications.models import Message


class Person(Protocol):
    """Whatever has the details of somebody."""

    name: str
    preferred_name: str
    email: str
    phone: str
    date_of_birth: date | None
    reminders: str
    calendar_names_therapist: bool
    time_zone: str
    added_at: datetime


class Appointment(Protocol):
    """Whatever has the times and the state of a session: the model, or what a client is shown."""

    @property
    def public_id(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def state(self) -> str: ...
    @property
    def complimentary(self) -> bool: ...
    @property
    def place(self) -> str: ...
    @property
    def moved_from(self) -> datetime | None: ...


def choice(chosen: TextChoices) -> dict:
    """Return what was chosen: a key, which stays, and a label, which may be worded anew."""
    return {"key": chosen.value, "label": chosen.label}


def labelled(choices: type[TextChoices], label: str) -> dict:
    """Return the same of what is known by its label."""
    return choice(next(one for one in choices if one.label == label))


def person(record: Person) -> dict:
    """Return the details of a record."""
    return {
        "name": record.name,
        "preferred_name": record.preferred_name,
        "email": record.email,
        "phone": record.phone,
        "date_of_birth": record.date_of_birth,
        "reminders": choice(Reminders(record.reminders)),
        "calendar_names_therapist": record.calendar_names_therapist,
        "time_zone": record.time_zone,
        "added_at": record.added_at,
    }


def session(appointment: Appointment, **changes: tuple[datetime | None, str | None]) -> dict:
    """Return a session, and when and by whom it was booked, moved and cancelled (`changes`)."""
    shape = {
        "id": appointment.public_id,
        "starts_at": appointment.starts_at,
        "ends_at": appointment.ends_at,
        "state": choice(SessionState(appointment.state)),
        "complimentary": appointment.complimentary,
        "place": appointment.place,
    }
    for change, (at, by) in changes.items():
        shape |= {f"{change}_at": at, f"{change}_by": by}
    return shape | {"moved_from": appointment.moved_from}


def as_json(data: dict) -> bytes:
    """Return what is taken out as a JSON file.

    ASCII only: whatever a name holds, no program that opens the file takes it for something else.
    """
    return (json.dumps(data, default=_iso, indent=2) + "\n").encode()


def _iso(moment: datetime | date) -> str:
    """Return a moment in the reader's zone, with its offset, or a day, as ISO 8601 has them."""
    at = timezone.localtime(moment) if isinstance(moment, datetime) else moment
    return at.isoformat()


def message(sent: Message) -> dict:
    """Return a message to a client, and what it told of which sessions."""
    return {
        "kind": choice(Message.Kind(sent.kind)),
        "address": sent.address,
        "created_at": sent.created_at,
        "state": choice(Message.State(sent.state)),
        "sent_at": sent.sent_at,
        "error": sent.error,
        "about": [
            {
                "session": line.session.public_id,
                "kind": choice(Message.Kind(line.kind)),
                "starts_at": line.starts_at,
                "ends_at": line.ends_at,
                "place": line.place,
                "is_cancelled": line.is_cancelled,
                "hours_before": line.hours_before,
            }
            for line in sent.told.all()
        ],
    }
