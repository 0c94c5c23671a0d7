"""The figures of a therapist, read from the database; a test reads the SQL.

What they are is in `stats.py` and `badges.py`, as pure functions over visits. The database works
them out (`sums.py`), and what all therapists are compared with is worked out once a day
(`installation.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from django.db.models import QuerySet

from clients.models import Client, ClientQuerySet
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


def visits_of(therapist: Therapist, people: Iterable[Client] | None = None) -> list[Visit]:
    """Return all visits to a therapist, or those of some people."""
    rows = ClientVisit.objects.filter(therapist=therapist)
    if people is not None:
        rows = rows.filter(client__in=[one.pk for one in people])
    return visits(rows)


def people_who_booked(therapist: Therapist, now: datetime) -> ClientQuerySet:
    """Return the people of whom there is a tally as of an instant."""
    booked = ClientVisit.objects.filter(therapist=therapist, booked_at__lte=now)
    return therapist.clients.filter(pk__in=booked.values("client"))
