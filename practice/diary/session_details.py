"""A session as somebody who takes part in it reads it: frozen facts, no model instance.

That is all a client gets to see; nothing private has a way to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from practice.accounts.models import Therapist, User
from practice.database import current_account
from practice.diary.models import Session
from practice.text.person_names import in_words


@dataclass(frozen=True)
class MySession:
    """One session, as the person reading sees it."""

    public_id: str
    starts_at: datetime
    ends_at: datetime
    state: str
    state_label: str
    is_upcoming: bool
    is_short_notice: bool
    therapist: str
    therapist_time_zone: str
    kind: str
    others: str
    relationship_ended_at: datetime | None
    booked_at: datetime
    booked_by: str
    moved_at: datetime | None
    moved_by: str
    moved_for_client: bool
    cancelled_at: datetime | None
    cancelled_by: str
    cancelled_for_client: bool
    complimentary: bool
    fee: int | None


def fee_of(therapist: Therapist, kind: str) -> int | None:
    """Return the fee of a session in whole pounds, if the therapist's profile names one."""
    return getattr(getattr(therapist, "profile", None), f"fee_{kind}", None)


def describe_all(sessions: Iterable[Session], reader: User) -> list[MySession]:
    """Return the facts of several sessions, read from the database here and now."""
    with current_account.purpose("names"):
        return [describe(session, reader) for session in sessions]


def describe(session: Session, reader: User, *, is_quiet: bool = False) -> MySession:
    """Return the facts of a session for somebody who takes part in it.

    With `is_quiet`, because a client died, nothing is said of an ending (`docs/domain.md` 2.5).
    """
    tie, people = session.relationship, session.relationship.people
    if reader.pk != session.therapist.user_id:
        people = [person for person in people if not person.is_erased]

    def who(account_id: int | None) -> str:
        if account_id == reader.pk:
            return "you"
        if account_id == session.therapist.user_id:
            return session.therapist.first_name
        return next((p.first_name for p in people if p.account_id == account_id), "")

    return MySession(
        public_id=session.public_id,
        starts_at=session.starts_at,
        ends_at=session.ends_at,
        state=session.state,
        state_label=session.get_state_display(),
        is_upcoming=session.is_upcoming,
        is_short_notice=session.is_short_notice,
        therapist=session.therapist.name,
        therapist_time_zone=session.therapist.time_zone,
        kind=tie.get_kind_display(),
        others=in_words(p.first_name for p in people if p.account_id != reader.pk),
        relationship_ended_at=None if is_quiet else tie.ended_at,
        booked_at=session.booked_at,
        booked_by=who(session.booked_by_id),
        moved_at=session.moved_at,
        moved_by=who(session.moved_by_id) if session.moved_by_id else "",
        moved_for_client=session.moved_for_client,
        cancelled_at=session.cancelled_at,
        cancelled_for_client=session.cancelled_for_client
        and session.cancelled_by_id == session.therapist.user_id,
        cancelled_by=who(session.cancelled_by_id) if session.cancelled_by_id else "",
        complimentary=session.complimentary,
        fee=fee_of(session.therapist, tie.kind),
    )
