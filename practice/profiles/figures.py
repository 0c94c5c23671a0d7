"""The figures of a therapist, read from the database; a test reads the SQL.

What they are is in `stats.py` and `badges.py`, as pure functions over visits. The database works
them out (`sums.py`), and what all therapists are compared with is worked out once a day
(`installation.py`).
"""

from dataclasses import dataclass, fields
from datetime import datetime

from django.db.models import QuerySet

from practice.accounts.models import Therapist
from practice.profiles.badges import Badge, badges
from practice.profiles.installation import usual_here
from practice.profiles.models import ClientVisit
from practice.profiles.stats import Stats, Visit
from practice.profiles.sums import stats_of


@dataclass(frozen=True)
class Figures:
    """What a profile shows."""

    stats: Stats
    badges: list[Badge]


def figures(therapist: Therapist, now: datetime) -> Figures:
    """Return a therapist's figures and badges as of an instant."""
    own = stats_of(therapist, now)
    return Figures(own, badges(own, usual_here(now)))


def visits(rows: QuerySet[ClientVisit]) -> list[Visit]:
    """Return the visits that these rows are, by one query, in the order of their bookings."""
    columns = [field.name for field in fields(Visit)]
    in_order = rows.order_by("booked_at", "session", "part")
    return [Visit(*row) for row in in_order.values_list(*columns)]


def visits_of(therapist: Therapist) -> list[Visit]:
    """Return all visits to a therapist."""
    return visits(ClientVisit.objects.filter(therapist=therapist))
