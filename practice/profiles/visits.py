"""What figures are made from: sessions and bookings over clients, and nothing else.

No figure may know a relationship's status, reason, times or events; a test reads the SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from practice.diary.models import Session

ATTENDED = Session.State.ATTENDED


@dataclass(frozen=True)
class Visit:
    """One client's part in one session of a therapist."""

    therapist: int
    client: int
    session: int
    starts_at: datetime
    state: str
    complimentary: bool
    booked_at: datetime
    moved_by_therapist_at: datetime | None
    cancelled_by_therapist_at: datetime | None

    def is_attended(self, now: datetime) -> bool:
        """Whether it had been attended, and recorded, at that instant."""
        return self.state == ATTENDED and max(self.starts_at, self.booked_at) <= now


def visits(sessions: Iterable[Session]) -> list[Visit]:
    """Return the visits of a queryset of sessions, by one query."""
    columns = sessions.order_by("booked_at", "pk", "relationship__participations").values_list(
        "therapist",
        "relationship__participations__client",
        "pk",
        "starts_at",
        "state",
        "complimentary",
        "booked_at",
        "last_own_move",
        "cancelled_at",
        "cancelled_for_client",
    )
    return [
        Visit(*facts, moved, None if asked else cancelled)
        for *facts, moved, cancelled, asked in columns
    ]
