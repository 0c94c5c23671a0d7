"""Which of its series a session is, and the others."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from practice.diary.models import VACANT, Session
from practice.diary.series import reading_of

EVERY = {7: "weekly", 14: "fortnightly", 28: "every four weeks"}


@dataclass(frozen=True)
class Series:
    """What was booked as one series, in order, and which of those that still stand a session is.

    `number` is None where it does not stand itself. `every` says in words how often they come,
    from how most of them follow each other; empty where that is no rhythm.
    """

    sessions: list[Session]
    standing: list[Session]
    number: int | None
    every: str

    @classmethod
    def of(cls, session: Session) -> Self | None:
        """Return the series of a session; None where it was booked alone."""
        if not session.series:
            return None
        same = Session.objects.filter(relationship=session.relationship_id, series=session.series)
        sessions = list(same.order_by("starts_at"))
        standing = [one for one in sessions if one.state not in VACANT]
        number = standing.index(session) + 1 if session in standing else None
        gaps = Counter((b.date() - a.date()).days for a, b in pairwise(map(reading_of, sessions)))
        most = gaps.most_common(1)[0][0] if gaps else 0
        return cls(sessions, standing, number, EVERY.get(most, ""))

    @property
    def last(self) -> Session | None:
        return self.standing[-1] if self.standing else None
