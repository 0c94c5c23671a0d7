"""Badges: awarded, never bought; each with one sentence that says why (`docs/domain.md` 5).

Speedy Response compares answers to booking requests. Bookings here need no answer, so it is not
applicable and never shown.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from practice.profiles.stats import Stats

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
