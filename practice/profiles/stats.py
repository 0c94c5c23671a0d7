"""Figures of a therapist, and badges, as of an instant: pure functions (`docs/domain.md` 5).

A visit is made from sessions and bookings over clients, and from nothing else: no figure may know a
relationship's status, reason, times or events. What is worked out here is what the figures are;
`sums.py` has the database work out the same, and tests compare the two.

Badges are awarded, never bought; each has one sentence that says why. Speedy Response compares
answers to booking requests. Bookings here need no answer, so it is not applicable and never shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median

from practice.diary.models import Session

GRACE = timedelta(days=14)
LATELY = timedelta(days=60)
LEAST_COUNTED = 5
FEWEST_THERAPISTS = 5


@dataclass(frozen=True)
class Visit:
    """One client's part in one session of a therapist; `state` is what became of it for them."""

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
        return self.state == Session.State.ATTENDED and max(self.starts_at, self.booked_at) <= now


@dataclass(frozen=True)
class Tally:
    """How one client enters the retention rate, and why."""

    client: int
    first_booking: datetime
    attended: int
    is_counted: bool
    why: str

    @property
    def has_returned(self) -> bool:
        return self.is_counted and self.attended >= 2


@dataclass(frozen=True)
class Stats:
    """A therapist's numbers: what a profile shows, and what badges are made of."""

    sessions_held: int = 0
    clients: int = 0
    since: datetime | None = None
    counted: int = 0
    returned: int = 0
    visits_of_returned: int = 0  # how often they came, all of them together
    bookings_lately: int = 0
    is_smooth: bool = False

    @property
    def out_of_ten(self) -> int | None:
        """Clients out of ten who return, half rounded up; None below five counted clients."""
        return out_of_ten(self.returned, self.counted)


def out_of_ten(returned: int, counted: int) -> int | None:
    """Return N of "N out of 10", in integers, half up; None while fewer than five count."""
    if counted < LEAST_COUNTED:
        return None
    return (20 * returned + counted) // (2 * counted)


def tallies(visits: Iterable[Visit], now: datetime) -> list[Tally]:
    """Return how each client counts, in the order of their first bookings."""
    of_client: dict[int, list[Visit]] = {}
    for visit in visits:
        if visit.booked_at <= now:
            of_client.setdefault(visit.client, []).append(visit)
    return [_tally(client, theirs, now) for client, theirs in of_client.items()]


def _tally(client: int, visits: list[Visit], now: datetime) -> Tally:
    first = min(visit.booked_at for visit in visits)
    attended = [visit for visit in visits if visit.is_attended(now)]
    if not attended:
        return Tally(client, first, 0, is_counted=False, why="No session attended yet")
    if now < first + GRACE:
        why = "First booked less than 14 days ago"
        return Tally(client, first, len(attended), is_counted=False, why=why)
    if len(attended) == 1 and attended[0].complimentary:
        why = "The only session attended was complimentary"
        return Tally(client, first, 1, is_counted=False, why=why)
    why = "Returned for a second session" if len(attended) > 1 else "Attended one session"
    return Tally(client, first, len(attended), is_counted=True, why=why)


def stats(visits: Iterable[Visit], now: datetime) -> Stats:
    """Return the numbers of one therapist, whose visits these are."""
    visits = list(visits)
    held = [visit for visit in visits if visit.is_attended(now)]
    counted = [tally for tally in tallies(visits, now) if tally.is_counted]
    returned = [tally for tally in counted if tally.has_returned]
    return Stats(
        sessions_held=len({visit.session for visit in held}),
        clients=len({visit.client for visit in held}),
        since=min((visit.starts_at for visit in held), default=None),
        counted=len(counted),
        returned=len(returned),
        visits_of_returned=sum(tally.attended for tally in returned),
        bookings_lately=len({v.session for v in visits if _is_lately(v.booked_at, now)}),
        is_smooth=_is_smooth(visits, now),
    )


def _is_smooth(visits: list[Visit], now: datetime) -> bool:
    disturbed = any(
        _is_lately(visit.moved_by_therapist_at, now)
        or _is_lately(visit.cancelled_by_therapist_at, now)
        for visit in visits
    )
    return not disturbed and any(
        visit.is_attended(now) and _is_lately(visit.starts_at, now) for visit in visits
    )


def _is_lately(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - LATELY < at <= now


# Badges.


@dataclass(frozen=True)
class Badge:
    """A badge that has been earned."""

    key: str
    name: str
    why: str


@dataclass(frozen=True)
class Installation:
    """What a therapist is compared with: everybody who has figures here."""

    therapists: int = 0
    mean_attended: Fraction = Fraction(0)
    median_bookings: float = 0

    @property
    def is_comparable(self) -> bool:
        return self.therapists >= FEWEST_THERAPISTS


def installation(everybody: Iterable[Stats]) -> Installation:
    """Return what these therapists are like together; one who held no session has no figures."""
    figures = [one for one in everybody if one.sessions_held]
    if not figures:
        return Installation()
    visits = sum(one.visits_of_returned for one in figures)
    returned = sum(one.returned for one in figures)
    return Installation(
        therapists=len(figures),
        mean_attended=mean(visits, returned),
        median_bookings=median(one.bookings_lately for one in figures),
    )


def badges(own: Stats, everybody: Installation) -> list[Badge]:
    """Return what the therapist whose numbers these are has earned."""
    rules = {
        _SMOOTH: own.is_smooth,
        _AGAIN: everybody.is_comparable and _see_you_again(own, everybody),
        _DEMAND: everybody.is_comparable and own.bookings_lately > everybody.median_bookings,
    }
    return [badge for badge, is_earned in rules.items() if is_earned]


_SMOOTH = Badge(
    "smooth", "Smooth Schedule", "Has not moved or cancelled a session in the last 60 days"
)
_AGAIN = Badge(
    "again", "See You Again", "Most clients return, and for more sessions than is usual here"
)
_DEMAND = Badge("demand", "In Demand", "Booked more often than is usual here in the last 60 days")


def _see_you_again(own: Stats, everybody: Installation) -> bool:
    most_return = 2 * own.returned > own.counted
    return most_return and mean(own.visits_of_returned, own.returned) > everybody.mean_attended


def mean(total: int, number: int) -> Fraction:
    """Return the exact mean of so many numbers with this total; 0 of none."""
    return Fraction(total, number) if number else Fraction(0)
