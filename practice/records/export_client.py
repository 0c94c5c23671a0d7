"""Everything that is held about one client, for their therapist, as plain data.

The keys are described in `docs/export.md` and stay as they are. The archive is about one person: of
others who take part it has first names only.
"""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any, TypeVar

from django.db.models import QuerySet

from clients.models import Client, Invitation, KeepRule
from practice.accounts.models import Therapist
from practice.diary.models import Session
from practice.diary.models.queryset import SessionState
from practice.imports.models import ImportedNote
from practice.notifications.models import Message
from practice.records import shapes
from practice.records.retention import retention_periods
from practice.text.spoken import in_words
from relationships.models import Participation, Relationship
from relationships.models.choices import CODES, EndReason, Kind
from relationships.models.history import Episode, Event, episodes

T = TypeVar("T")
FORMAT, VERSION = "stillwater-client", 1


def export_client(client: Client, now: datetime) -> dict:
    """Return everything that is held about a client, as of an instant."""
    return export_clients(client.therapist, [client], now)[0]


def export_clients(therapist: Therapist, clients: list[Client], now: datetime) -> list[dict]:
    """Return the same of several people of one therapist, by a constant number of statements."""
    records = [record.pk for client in clients for record in client.records]
    work = _relationships_of(therapist, clients)
    invited = _by_record(Invitation.objects.order_by("created_at", "pk"), records)
    noted = _by_record(ImportedNote.objects.order_by("pk"), records)
    messages = Message.objects.order_by("created_at", "pk").prefetch_related("told__session")
    sent = _by_record(messages, records)
    return [
        {
            "format": FORMAT,
            "version": VERSION,
            "made_at": now,
            "therapist": {"name": therapist.name, "time_zone": therapist.time_zone},
            "client": _details(client, kept.until),
            "merged_records": [
                _record(record) | {"merged_at": record.merged_at} for record in client.records[1:]
            ],
            "invitations": [_invitation(one) for one in _of_all(client, invited)],
            "imported_notes": [note.text for note in _of_all(client, noted)],
            "messages": [shapes.message(message) for message in _of_all(client, sent)],
            "relationships": [_RelationshipExport(one, client).data() for one in work[client.pk]],
        }
        for client, kept in zip(clients, retention_periods(clients, now), strict=True)
    ]


def _relationships_of(therapist: Therapist, clients: list[Client]) -> dict[int, list[Relationship]]:
    """Return in which work each person takes part, or has, by their number, in order."""
    work = (
        therapist.relationships.of_people(clients)
        .order_by("started_at", "pk")
        .with_people()
        .prefetch_related(
            "participations__client__merged_records",
            "participations__client__merged_into__merged_records",
            "events__client__merged_into",
            "sessions__attendances",
        )
    )
    of_person: dict[int, list[Relationship]] = {client.pk: [] for client in clients}
    for relationship in work:
        relationship.therapist = therapist
        for person in {one.pk for one in relationship.everybody} & of_person.keys():
            of_person[person].append(relationship)
    return of_person


def _by_record(rows: QuerySet[Any], records: list[int]) -> dict[int, list[Any]]:
    """Return the rows of some records, in order, by the number of the record."""
    found: dict[int, list[Any]] = {record: [] for record in records}
    for row in rows.filter(client__in=records):
        found[row.client_id].append(row)
    return found


def _of_all(client: Client, of_record: dict[int, list[T]]) -> list[T]:
    """Return what there is of a person, of one of their records after the other."""
    return [row for record in client.records for row in of_record[record.pk]]


def _details(client: Client, keep_until: date) -> dict:
    return _record(client) | {
        "is_active": client.is_active,
        "can_sign_in": client.can_sign_in,
        "keep_until": keep_until,
    }


def _record(client: Client) -> dict:
    return {
        "id": client.public_id,
        **shapes.person(client),
        "do_not_contact": client.do_not_contact,
        "keep_rule": shapes.choice(KeepRule(client.keep_rule)),
        "own_name": client.account.name if client.account else "",
        "own_phone": client.account.phone if client.account else "",
    }


def _invitation(invitation: Invitation) -> dict:
    return {
        "email": invitation.email,
        "created_at": invitation.created_at,
        "accepted_at": invitation.accepted_at,
    }


class _RelationshipExport:
    """One relationship, as the archive about one of its clients tells it."""

    def __init__(self, relationship: Relationship, client: Client) -> None:
        self.relationship, self.client = relationship, client
        self.others = [person for person in relationship.everybody if person.pk != client.pk]

    def data(self) -> dict:
        relationship = self.relationship
        events = sorted(relationship.events.all(), key=lambda event: event.pk)
        return {
            "id": relationship.public_id,
            "kind": shapes.choice(Kind(relationship.kind)),
            "with": in_words(person.first_name for person in self.others),
            "status": relationship.status,
            "started_at": relationship.started_at,
            "ended_at": relationship.ended_at,
            "ended_by": self._who(relationship.ended_by_id),
            "is_end_estimated": relationship.is_end_estimated,
            "end_reason": reason_of(relationship.end_reason),
            "end_note": relationship.end_note,
            "is_closed": relationship.is_closed,
            "place": relationship.place,
            "planned_end": relationship.planned_end,
            "on_break_until": relationship.on_break_until,
            "ask_again_on": relationship.ask_again_on,
            "episodes": [_episode(episode) for episode in episodes(events)],
            "history": [self._event(event) for event in events],
            "stays": [
                {"joined_at": part.joined_at, "left_at": part.left_at} for part in self._parts
            ],
            "sessions": [
                self._session(session)
                for session in sorted(relationship.sessions.all(), key=lambda one: one.starts_at)
                if any(part.covers(session.starts_at) for part in self._parts)
            ],
        }

    @property
    def _parts(self) -> list[Participation]:
        """When the client took part: one row, unless they left and joined again."""
        parts = self.relationship.participations.all()
        return [part for part in parts if part.client.person_id == self.client.pk]

    def _name(self, person: Client | None) -> str | None:
        """Return who joined or left: this client, or another's first name."""
        if person is None:
            return None
        return "client" if person.person_id == self.client.pk else person.person.first_name

    def _who(self, account_id: int | None) -> str | None:
        """Return who did something: the therapist, this client, or another's first name."""
        if account_id is None:
            return None
        if account_id == self.relationship.therapist.user_id:
            return "therapist"
        if account_id in self.client.accounts:
            return "client"
        names = (p.first_name for p in self.others if account_id in p.accounts)
        return next(names, "another account")

    def _event(self, event: Event) -> dict:
        return {
            "kind": shapes.choice(Event.Kind(event.kind)),
            "at": event.at,
            "by": self._who(event.by_id),
            "reason": reason_of(event.reason),
            "who": self._name(event.client),
            "goes_on_as": event.goes_on_as,
            "note": event.note,
        }

    def _session(self, session: Session) -> dict:
        shape = shapes.session(
            session,
            booked=(session.booked_at, self._who(session.booked_by_id)),
            moved=(session.moved_at, self._who(session.moved_by_id)),
            cancelled=(session.cancelled_at, self._who(session.cancelled_by_id)),
        )
        state = SessionState(session.state_for([self.client]))  # whether others came is theirs
        return shape | {
            "state": shapes.choice(state),
            "in_figures": session.in_figures,
            "series": str(session.series) if session.series else None,
            "moved_for_client": session.moved_for_client,
            "last_moved_by_therapist_at": session.last_own_move,
            "cancelled_for_client": session.cancelled_for_client,
        }


def reason_of(key: str) -> dict | None:
    """Return a reason with its label and what it is called elsewhere; None without one."""
    if not key:
        return None
    reason = EndReason(key)
    return shapes.choice(reason) | asdict(CODES[reason])


def _episode(episode: Episode) -> dict:
    return {
        "started_at": episode.started_at,
        "ended_at": episode.ended_at,
        "reason": reason_of(episode.reason),
    }
