"""What a caseload comes to: pure functions over work that has been read."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from relationships.models.history import Episode, sessions_in

Stay = tuple[int, datetime | None, datetime | None]  # a person, when they joined, when they left


class Work(NamedTuple):
    """One relationship as the caseload sees it; sessions only of one that has ended once."""

    clients: set[int]
    episodes: list[Episode]
    sessions: list[datetime]
    others: list[Stay]  # who joined it, or left


@dataclass(frozen=True)
class Turnover:
    """What began and what ended in some time: endings by reason, and by sessions attended."""

    started: int
    restarted: int
    reasons: Counter[str]
    sessions: Counter[int]

    @classmethod
    def of(cls, works: Iterable[Work], is_within: Callable[[datetime], bool]) -> Self:
        """Count what some work began and ended at moments that are within the time."""
        begun: Counter[bool] = Counter()  # whether it was taken up again
        reasons: Counter[str] = Counter()
        sessions: Counter[int] = Counter()
        for work in works:
            begun.update(e.is_restart for e in work.episodes if is_within(e.started_at))
            if any(e.ended_at and is_within(e.ended_at) for e in work.episodes):
                numbers = sessions_in(work.episodes, work.sessions)
                for episode, number in zip(work.episodes, numbers, strict=True):
                    if episode.ended_at and is_within(episode.ended_at):
                        reasons[episode.reason] += 1
                        sessions[number] += 1
        return cls(begun[False], begun[True], reasons, sessions)

    def __add__(self, other: Self) -> Self:
        return type(self)(
            self.started + other.started,
            self.restarted + other.restarted,
            self.reasons + other.reasons,
            self.sessions + other.sessions,
        )


@dataclass(frozen=True)
class Counted:
    """A caseload as of an instant: who was active, and what a year has brought.

    `active` says how many clients were at each of some moments, in order; `first` is when the first
    work of all began; `turnover` is that from `since` to the instant.
    """

    since: datetime
    active: dict[datetime, int]
    first: datetime | None
    turnover: Turnover

    @property
    def stored(self) -> dict[str, Any]:
        """The same as JSON can say it; `restored` reads it."""
        turnover = self.turnover
        return {
            "since": _stored(self.since),
            "active": [[_stored(moment), number] for moment, number in self.active.items()],
            "first": self.first and _stored(self.first),
            "begun": [turnover.started, turnover.restarted],
            "reasons": turnover.reasons,
            "sessions": [*turnover.sessions.items()],
        }

    @classmethod
    def restored(cls, stored: dict[str, Any]) -> Self:
        active = {datetime.fromisoformat(moment): number for moment, number in stored["active"]}
        started, restarted = stored["begun"]
        reasons, sessions = Counter(stored["reasons"]), Counter(dict(stored["sessions"]))
        return cls(
            datetime.fromisoformat(stored["since"]),
            active,
            datetime.fromisoformat(stored["first"]) if stored["first"] else None,
            Turnover(started, restarted, reasons, sessions),
        )


def _stored(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()


def active_at(works: Iterable[Work], moments: Sequence[datetime]) -> dict[datetime, int]:
    """Return how many clients were active at each of some moments, which are in order."""
    active: list[set[int]] = [set() for _ in moments]
    for work in works:
        for episode in work.episodes:
            first = bisect_left(moments, episode.started_at)
            ended = episode.ended_at
            for number in range(first, bisect_left(moments, ended) if ended else len(moments)):
                active[number] |= work.clients
            for person, joined_at, left_at in work.others:
                since = max(episode.started_at, joined_at or episode.started_at)
                until = min(filter(None, [ended, left_at]), default=None)
                after = bisect_left(moments, until) if until else len(moments)
                for number in range(bisect_left(moments, since), after):
                    active[number].add(person)
    return {moment: len(clients) for moment, clients in zip(moments, active, strict=True)}
