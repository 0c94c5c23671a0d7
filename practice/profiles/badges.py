"""Badges: awarded, never bought; each with one sentence that says why (`docs/domain.md` 5).

Speedy Response compares answers to booking requests. Bookings here need no answer, so it is not
applicable and never shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median

from practice.profiles.stats import Stats, Visit, stats, tallies

LATELY = timedelta(days=60)
FEWEST_THERAPISTS = 5


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


def installation(everybody: Iterable[Visit], now: datetime) -> Installation:
    """Return the figures of the whole installation; a therapist who held no session has none."""
    of_therapist: dict[int, list[Visit]] = {}
    for visit in everybody:
        of_therapist.setdefault(visit.therapist, []).append(visit)
    with_figures = [v for v in of_therapist.values() if stats(v, now).sessions_held]
    if not with_figures:
        return Installation()
    attended = [n for visits in with_figures for n in _attended_of_returning(visits, now)]
    return Installation(
        therapists=len(with_figures),
        mean_attended=_mean(attended),
        median_bookings=median(_bookings_lately(visits, now) for visits in with_figures),
    )


def badges(visits: Iterable[Visit], everybody: Installation, now: datetime) -> list[Badge]:
    """Return what the therapist whose visits these are has earned, as of an instant."""
    visits = list(visits)
    figures = stats(visits, now)
    rules = {
        _SMOOTH: _is_smooth(visits, now),
        _AGAIN: everybody.is_comparable and _see_you_again(visits, figures, everybody, now),
        _DEMAND: everybody.is_comparable
        and _bookings_lately(visits, now) > everybody.median_bookings,
    }
    return [badge for badge, is_earned in rules.items() if is_earned]


_SMOOTH = Badge(
    "smooth", "Smooth Schedule", "Has not moved or cancelled a session in the last 60 days"
)
_AGAIN = Badge(
    "again", "See You Again", "Most clients return, and for more sessions than is usual here"
)
_DEMAND = Badge("demand", "In Demand", "Booked more often than is usual here in the last 60 days")


def _is_lately(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - LATELY < at <= now


def _is_smooth(visits: list[Visit], now: datetime) -> bool:
    disturbed = any(
        _is_lately(visit.moved_by_therapist_at, now)
        or _is_lately(visit.cancelled_by_therapist_at, now)
        for visit in visits
    )
    return not disturbed and any(
        visit.is_attended(now) and _is_lately(visit.starts_at, now) for visit in visits
    )


def _see_you_again(
    visits: list[Visit], figures: Stats, everybody: Installation, now: datetime
) -> bool:
    most_return = 2 * figures.returned > figures.counted
    return most_return and _mean(_attended_of_returning(visits, now)) > everybody.mean_attended


def _attended_of_returning(visits: list[Visit], now: datetime) -> list[int]:
    return [tally.attended for tally in tallies(visits, now) if tally.has_returned]


def _bookings_lately(visits: list[Visit], now: datetime) -> int:
    return len({visit.session for visit in visits if _is_lately(visit.booked_at, now)})


def _mean(numbers: list[int]) -> Fraction:
    return Fraction(sum(numbers), len(numbers)) if numbers else Fraction(0)
