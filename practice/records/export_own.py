"""What a client may know of what is held about them, as plain data.

Made from the values that their own pages show (`practice/diary/shown_to_clients.py`), and from what
the audit has of their account's signing in and out, so that a reason, a private note or another
person's full name has no way into it. The keys are described in `docs/export.md`.
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone

from clients.models import Client
from practice.accounts.models import User
from practice.audit.models import Entry, Verb
from practice.diary.models import CalendarFeed, Session
from practice.diary.shown_to_clients import (
    Card,
    Change,
    SessionDetails,
    cards,
    details_of_all,
    with_details,
)
from practice.notifications.models import Message
from practice.records import shapes
from relationships.models import Kind

FORMAT, VERSION = "stillwater-my-data", 2


def own_data(user: User, records: Iterable[Client], now: datetime) -> dict:
    """Return what an account may see, at all its therapists, as of an instant."""
    sessions = with_details(Session.objects.of_clients(records)).order_by("starts_at", "pk")
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_at": now,
        "time_zone": timezone.get_current_timezone_name(),
        "account": {
            "email": user.email,
            "name": user.name,
            "phone": user.phone,
            "time_zone": user.time_zone,
            "created_at": user.created_at,
            "last_signed_in_at": user.last_login,
            "calendar_address_made_at": _calendar_address(user),
        },
        "sign_ins": [
            {"at": entry.at, "what": shapes.choice(Verb(entry.verb))} for entry in _sign_ins(user)
        ],
        "records": [_record(client) for client in _all_records(records)],
        "relationships": [_relationship(card) for card in cards(records)],
        "messages": [
            shapes.message(message)
            for message in Message.objects.filter(client__in=Client.objects.of_people(records))
            .prefetch_related("told__session")
            .order_by("created_at", "pk")
        ],
        "sessions": [_session(session) for session in details_of_all(sessions, user)],
    }


def _calendar_address(user: User) -> datetime | None:
    """Return when the address was made at which a calendar of their own reads their sessions."""
    feeds = user.calendar_feeds.filter(side=CalendarFeed.Side.SESSIONS)
    return feeds.values_list("made_at", flat=True).first()


def _all_records(records: Iterable[Client]) -> Iterable[Client]:
    """Return every record of the people whose these are, also one with another account."""
    return Client.objects.of_people(records).select_related("therapist").order_by("pk")


def _sign_ins(user: User) -> Iterable[Entry]:
    """Return when an account signed in and out, the oldest first; of who failed nothing is kept.

    The same entries as `row_security.sql` shows to the account.
    """
    verbs = (Verb.SIGNED_IN, Verb.SIGNED_OUT, Verb.SIGN_IN_FAILED)
    entries = Entry.objects.filter(chain=0, about=f"account:{user.pk}", verb__in=verbs)
    return entries.order_by("pk")


def _record(client: Client) -> dict:
    return {"therapist": client.therapist.name, **shapes.person(client)}


def _relationship(card: Card) -> dict:
    """Return a card; of work that ended because somebody died nothing is said of the ending."""
    return {
        "id": card.public_id,
        "therapist": card.therapist,
        "kind": shapes.labelled(Kind, card.kind),
        "for": card.for_whom,
        "with": card.others,
        "ended_at": None if card.is_quiet else card.ended_at,
        "left_at": card.left_at,
    }


def _session(session: SessionDetails) -> dict:
    return {
        "therapist": session.therapist,
        "kind": shapes.labelled(Kind, session.kind),
        "for": session.for_whom,
        "with": session.others,
        **shapes.session(
            session,
            booked=_when_and_by_whom(session.booked),
            moved=_when_and_by_whom(session.moved),
            cancelled=_when_and_by_whom(session.cancelled),
        ),
    }


def _when_and_by_whom(change: Change | None) -> tuple[datetime | None, str | None]:
    return (change.at, change.by) if change else (None, None)
