"""The caseload of the last twelve months: how many, how it changed, why work ended.

Private to the therapist. Worked out from when work began and ended: from the events of what was
taken up again, and of all else from what its row says of its one stretch. Small numbers are shown
as they are: one's own eyes only.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from statistics import median

from practice.accounts.models import Therapist
from relationships.caseload import settling
from relationships.models.choices import GROUPS, EndReason

SESSIONS_PER_EPISODE = ((0, 0), (1, 1), (2, 5), (6, 12), (13, 20), (21, None))


@dataclass(frozen=True)
class Point:
    """The number of active clients at the end of a month, or now."""

    at: datetime
    clients: int


class Caseload:
    """Everything the page shows, as of an instant; from what is settled, where that still holds."""

    def __init__(self, therapist: Therapist, now: datetime) -> None:
        self.now = now
        settled = settling.read(therapist, now)
        self.is_settled = settled is not None
        self._counted = settled or settling.count(therapist, now)

    @cached_property
    def months(self) -> list[Point]:
        """Active clients at each month's end since there were any, and now."""
        first = self._counted.first or self.now
        return [Point(at, number) for at, number in self._counted.active.items() if at >= first]

    @property
    def active_now(self) -> int:
        return self._counted.active[self.now]

    @property
    def started(self) -> int:
        return self._counted.turnover.started

    @property
    def restarted(self) -> int:
        return self._counted.turnover.restarted

    @property
    def number_ended(self) -> int:
        return self._counted.turnover.reasons.total()

    @cached_property
    def reasons(self) -> list[tuple[str, int, list[tuple[str, int]]]]:
        """Return (group, number, [(reason, number), …]) of the endings, as far as there are any."""
        counted = self._counted.turnover.reasons
        groups = [
            (name, [(EndReason(r).label, counted[r]) for r in reasons if counted[r]])
            for name, reasons in GROUPS.items()
        ]
        return [(name, sum(n for _, n in rows), rows) for name, rows in groups if rows]

    @property
    def percent_unplanned(self) -> int | None:
        """Share of unplanned among planned and unplanned endings; None below five of them."""
        numbers = {name: number for name, number, _ in self.reasons}
        unplanned = numbers.get("Unplanned", 0)
        both = unplanned + numbers.get("Planned", 0)
        return (200 * unplanned + both) // (2 * both) if both >= 5 else None

    @cached_property
    def sessions_per_episode(self) -> list[int]:
        """Attended sessions of each episode that ended in these months, in order of size."""
        return sorted(self._counted.turnover.sessions.elements())

    @property
    def median_sessions(self) -> float | int | None:
        middle = median(self.sessions_per_episode) if self.sessions_per_episode else None
        return int(middle) if middle is not None and middle == int(middle) else middle

    @property
    def sessions_spread(self) -> list[tuple[str, int]]:
        """Return (so many sessions, number of episodes)."""
        rows = []
        for least, most in SESSIONS_PER_EPISODE:
            numbers = self._counted.turnover.sessions.items()
            inside = sum(
                n for size, n in numbers if least <= size <= (size if most is None else most)
            )
            several = f"{least} or more" if most is None else f"{least} to {most}"
            label = str(least) if least == most else several
            rows.append((f"{label} session{'' if most == 1 else 's'}", inside))
        return rows
