"""The caseload of the last twelve months: how many, how it changed, why work ended.

Private to the therapist. Worked out from when work began and ended: from the events of what was
taken up again, and of all else from what its row says of its one stretch. Small numbers are shown
as they are: one's own eyes only.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any, NamedTuple

from django.db.models import DateTimeField, Q, QuerySet, Value
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, CompiledQuery, Given
from practice.diary.models import Session
from relationships.models import Event, Participation, Relationship, RelationshipQuerySet
from relationships.models.choices import GROUPS, EndReason
from relationships.models.history import Episode, Line, episodes, sessions_in

MONTHS = 12
SESSIONS_PER_EPISODE = ((0, 0), (1, 1), (2, 5), (6, 12), (13, 20), (21, None))


Stay = tuple[int, datetime | None, datetime | None]  # a person, when they joined, when they left


class Work(NamedTuple):
    """One relationship as the caseload sees it; sessions only of one that has ended once."""

    clients: set[int]
    episodes: list[Episode]
    sessions: list[datetime]
    others: list[Stay]  # who joined it, or left


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
        self._work, first = _work(therapist, self.since)
        self._first = first or now

    def _during(self, when: Callable[[Episode], datetime | None]) -> list[Episode]:
        every = [e for work in self._work for e in work.episodes]
        return [e for e in every if (at := when(e)) and self.since <= at <= self.now]

    @cached_property
    def months(self) -> list[Point]:
        """Active clients at each month's end since there were any, and now."""
        ends = [_month_start(self.now, back=n) for n in range(MONTHS - 1, -1, -1)]
        moments = [*(end - timedelta(microseconds=1) for end in ends), self.now]
        numbers = zip(moments, self._active_at(moments), strict=True)
        return [Point(at, clients) for at, clients in numbers if at >= self._first]

    def _active_at(self, moments: list[datetime]) -> list[int]:
        """Return how many were active at each of some moments, which are in order."""
        active: list[set[int]] = [set() for _ in moments]
        for work in self._work:
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
        return [len(clients) for clients in active]

    @cached_property
    def active_now(self) -> int:
        [number] = self._active_at([self.now])
        return number

    @cached_property
    def _begun(self) -> list[Episode]:
        return self._during(lambda e: e.started_at)

    @property
    def started(self) -> int:
        return sum(not e.is_restart for e in self._begun)

    @property
    def restarted(self) -> int:
        return sum(e.is_restart for e in self._begun)

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


def _recent(given: Given) -> RelationshipQuerySet:
    """Those that were active at any time since a moment."""
    every = Relationship.objects.filter(therapist=given("therapist"))
    return every.filter(
        Q(status=Relationship.Status.ACTIVE)
        | Q(status=Relationship.Status.ENDED, ended_at__gte=given("since", MOMENT))
    )


def _restarted(given: Given) -> QuerySet:
    """Ask for the work that was ever taken up again: few, found by an index of their own."""
    begun = Event.objects.filter(therapist=given("therapist"), reason="")
    return begun.filter(kind=Event.Kind.RESTARTED).order_by().values("relationship")


def _lines(given: Given) -> QuerySet:
    lines = Event.objects.filter(relationship__in=_restarted(given)).order_by("pk")
    return lines.values_list("relationship", "kind", "at", "reason")


def _parts(given: Given) -> QuerySet:
    """Ask who takes part, by the number of their record: a look at each record costs the most."""
    parts = Participation.objects.filter(relationship__therapist=given("therapist"))
    recent = parts.filter(
        Q(relationship__status=Relationship.Status.ACTIVE)
        | Q(
            relationship__status=Relationship.Status.ENDED,
            relationship__ended_at__gte=given("since", MOMENT),
        )
    )
    of_work = ("started_at", "ended_at", "end_reason")
    columns = ("client", "joined_at", "left_at", *(f"relationship__{name}" for name in of_work))
    return recent.order_by().values_list("relationship", *columns)


def _sessions(given: Given) -> QuerySet:
    """Ask for the sessions of what has ended, or had before a restart: of no others they count."""
    counted = _recent(given).ended().values("pk").union(_restarted(given))
    own = Session.objects.filter(therapist=given("therapist"))
    held = own.filter(relationship__in=counted).attended()
    return held.values_list("relationship", "starts_at")


def _merged_and_begun(given: Given) -> QuerySet:
    """Ask which records are merged, into which, and when the first work of all began."""
    lines = Event.objects.filter(therapist=given("therapist"), reason="").order_by("at", "pk")
    begun = Event.objects.filter(pk__in=lines.values("pk")[:1])
    merged = Client.objects.filter(therapist=given("therapist"), merged_into__isnull=False)
    nobody, never = Value(0), Value(None, output_field=DateTimeField())
    return begun.values_list("at", nobody, nobody).union(
        merged.order_by().values_list(never, "pk", "merged_into"), all=True
    )


LINES, PARTS, SESSIONS = map(CompiledQuery, (_lines, _parts, _sessions))
MERGED_AND_BEGUN = CompiledQuery(_merged_and_begun)


def _work(therapist: Therapist, since: datetime) -> tuple[list[Work], datetime | None]:
    """Return the relationships that were active at any time since then, and when the first of all
    began, by four queries.
    """
    of: dict[str, Any] = {"therapist": therapist.pk, "since": since}
    events: dict[int, list[Line]] = {}
    for relationship, *line in LINES.rows(**of):
        events.setdefault(relationship, []).append(Line(*line))
    sessions: dict[int, list[datetime]] = {}
    for relationship, starts_at in SESSIONS.rows(**of):
        sessions.setdefault(relationship, []).append(starts_at)
    parts = PARTS.rows(**of)
    people: dict[int, int] = {}  # the number of whoever a merged record is of
    first = None
    for at, record, person in MERGED_AND_BEGUN.rows(therapist=therapist.pk):
        first = at or first
        people[record] = person
    found: dict[int, Work] = {}
    for which, record, joined_at, left_at, *stretch in parts:
        if which not in found:
            lines = events.get(which)
            stretches = episodes(lines) if lines else [Episode(*stretch)]
            found[which] = Work(set(), stretches, sessions.get(which, []), [])
        person = people.get(record, record)
        if joined_at or left_at:
            found[which].others.append((person, joined_at, left_at))
        else:
            found[which].clients.add(person)
    return list(found.values()), first


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
