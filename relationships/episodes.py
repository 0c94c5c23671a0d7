"""Episodes: stretches of work from a start or restart to an end, worked out from the events.

An ending that was undone did not happen; a corrected reason is the last that was given.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from relationships.models.event import Event


@dataclass(frozen=True)
class Episode:
    """One stretch of work; `ended_at` and `reason` are empty while it goes on."""

    started_at: datetime
    ended_at: datetime | None = None
    reason: str = ""
    is_restart: bool = False

    def covers(self, moment: datetime) -> bool:
        """Whether the work was going on at that moment."""
        return self.started_at <= moment and (self.ended_at is None or moment < self.ended_at)


def episodes(events: Iterable[Event]) -> list[Episode]:
    """Return the episodes of one relationship, whose events these are, oldest first."""
    found: list[Episode] = []
    for event in events:
        if event.kind == Event.Kind.STARTED:
            found.append(Episode(event.at))
        elif event.kind == Event.Kind.RESTARTED:
            begun = max(event.at, found[-1].ended_at or event.at)  # a clock may be set back
            found.append(Episode(begun, is_restart=True))
        elif event.kind == Event.Kind.ENDED:
            ended = max(event.at, found[-1].started_at)
            found[-1] = replace(found[-1], ended_at=ended, reason=event.reason)
        elif event.kind == Event.Kind.END_UNDONE:
            found[-1] = replace(found[-1], ended_at=None, reason="")
        elif event.kind == Event.Kind.CORRECTED:
            found[-1] = replace(found[-1], reason=event.reason)
    return found


def sessions_in(stretches: list[Episode], held: Iterable[datetime]) -> list[int]:
    """Return the number of sessions held in each episode.

    A session recorded from before the first start belongs to the first; a follow-up between an end
    and a restart belongs to none.
    """
    numbers = [0] * len(stretches)
    for at in held:
        which = max(sum(episode.started_at <= at for episode in stretches) - 1, 0)
        if at < (stretches[which].ended_at or at + timedelta(1)):
            numbers[which] += 1
    return numbers
