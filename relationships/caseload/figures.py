"""The caseload of the last twelve months: how many, how it changed, why work ended.

Private to the therapist. Worked out from events, never from the present status, and small numbers
are shown as they are: one's own eyes only.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median

from django.db.models import Min, Q
from django.utils import timezone

from practice.accounts.models import Therapist
from relationships.models.choices import GROUPS, EndReason
from relationships.models.history import Episode, episodes, sessions_in

MONTHS = 12
SESSIONS_PER_EPISODE = ((0, 0), (1, 1), (2, 5), (6, 12), (13, 20), (21, None))


@dataclass(frozen=True)
class Work:
    """One relationship as the caseload sees it."""

    clients: frozenset[int]
    episodes: list[Episode]
    sessions: list[datetime]


@dataclass(frozen=True)
class Point:
    """The number of active clients at the end of a month, or now."""

    at: datetime
    clients: int


class Caseload:
    """Everything the page shows, as of an instant."""

    def __init__(self, therapist: Therapist, now: datetime) -> None:
        self.now = now
        self.since = _a_year_before(now)
        self._work = _work(therapist, self.since)
        self._first = therapist.relationships.aggregate(at=Min("started_at"))["at"] or now

    def _during(self, when: Callable[[Episode], datetime | None]) -> list[Episode]:
        every = [e for work in self._work for e in work.episodes]
        return [e for e in every if (at := when(e)) and self.since <= at <= self.now]

    @cached_property
    def months(self) -> list[Point]:
        """Active clients at each month's end since there were any, and now."""
        ends = [_month_start(self.now, back=n) for n in range(MONTHS - 1, -1, -1)]
        moments = [*(end - timedelta(microseconds=1) for end in ends), self.now]
        return [Point(at, self._active_at(at)) for at in moments if at >= self._first]

    def _active_at(self, moment: datetime) -> int:
        active: set[int] = set()
        for work in self._work:
            if any(episode.covers(moment) for episode in work.episodes):
                active |= work.clients
        return len(active)

    @property
    def active_now(self) -> int:
        return self._active_at(self.now)

    @property
    def started(self) -> int:
        return sum(not e.is_restart for e in self._during(lambda e: e.started_at))

    @property
    def restarted(self) -> int:
        return sum(e.is_restart for e in self._during(lambda e: e.started_at))

    @cached_property
    def ended(self) -> list[Episode]:
        return self._during(lambda e: e.ended_at)

    @cached_property
    def reasons(self) -> list[tuple[str, int, list[tuple[str, int]]]]:
        """Return (group, number, [(reason, number), …]) of the endings, as far as there are any."""
        counted = Counter(episode.reason for episode in self.ended)
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
        return sorted(
            number
            for work in self._work
            for e, number in zip(
                work.episodes, sessions_in(work.episodes, work.sessions), strict=True
            )
            if e.ended_at and self.since <= e.ended_at <= self.now
        )

    @property
    def median_sessions(self) -> float | int | None:
        middle = median(self.sessions_per_episode) if self.sessions_per_episode else None
        return int(middle) if middle is not None and middle == int(middle) else middle

    @property
    def sessions_spread(self) -> list[tuple[str, int]]:
        """Return (so many sessions, number of episodes)."""
        rows = []
        for least, most in SESSIONS_PER_EPISODE:
            inside = sum(
                least <= n <= (n if most is None else most) for n in self.sessions_per_episode
            )
            several = f"{least} or more" if most is None else f"{least} to {most}"
            label = str(least) if least == most else several
            rows.append((f"{label} session{'' if most == 1 else 's'}", inside))
        return rows


def _work(therapist: Therapist, since: datetime) -> list[Work]:
    """Return the relationships that were active at any time since then, by three queries."""
    recent = therapist.relationships.filter(Q(ended_at=None) | Q(ended_at__gte=since))
    within = {"relationship__in": recent.values("pk")}
    events: dict[int, list] = {}
    for event in therapist.events.filter(**within).order_by("pk"):
        events.setdefault(event.relationship_id, []).append(event)
    clients: dict[int, set[int]] = {}
    parts = therapist.participations.filter(**within)
    for relationship, person in parts.values_list("relationship", "client__person_id"):
        clients.setdefault(relationship, set()).add(person)
    sessions: dict[int, list[datetime]] = {}
    held = therapist.sessions.attended().filter(**within).values_list("relationship", "starts_at")
    for relationship, starts_at in held:
        sessions.setdefault(relationship, []).append(starts_at)
    return [
        Work(frozenset(clients.get(which, ())), episodes(lines), sessions.get(which, []))
        for which, lines in events.items()
    ]


def _a_year_before(now: datetime) -> datetime:
    """Return the first instant of this day a year ago, in the reader's zone."""
    local = timezone.localtime(now)
    day = min(local.day, 28) if local.month == 2 else local.day
    return timezone.make_aware(datetime(local.year - 1, local.month, day))  # noqa: DTZ001


def _month_start(now: datetime, *, back: int) -> datetime:
    """Return the first instant of a month, so many months back, in the reader's zone."""
    local = timezone.localtime(now)
    year, month = divmod(local.year * 12 + local.month - 1 - back, 12)
    return timezone.make_aware(datetime(year, month + 1, 1))  # noqa: DTZ001 - made aware here
