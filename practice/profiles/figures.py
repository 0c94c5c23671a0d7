"""The figures of a therapist, read from the database; a test reads the SQL.

What they are made from is in `visits`, how they are worked out in `stats.py` and `badges.py`.
"""

from dataclasses import dataclass, fields
from datetime import UTC, datetime

from django.core.cache import cache
from django.db.models import QuerySet

from practice.accounts.models import Therapist
from practice.profiles.badges import Badge, Installation, badges, installation
from practice.profiles.models import ClientVisit
from practice.profiles.stats import Stats, Visit, stats


@dataclass(frozen=True)
class Figures:
    """What a profile shows."""

    stats: Stats
    badges: list[Badge]


def visits(rows: QuerySet[ClientVisit]) -> list[Visit]:
    """Return the visits that these rows are, by one query, in the order of their bookings."""
    columns = [field.name for field in fields(Visit)]
    in_order = rows.order_by("booked_at", "session", "part")
    return [Visit(*row) for row in in_order.values_list(*columns)]


def visits_of(therapist: Therapist) -> list[Visit]:
    """Return all visits to a therapist."""
    return visits(ClientVisit.objects.filter(therapist=therapist))


def figures(therapist: Therapist, now: datetime) -> Figures:
    """Return a therapist's figures and badges as of an instant."""
    own = visits_of(therapist)
    return Figures(stats(own, now), badges(own, installation_on(now), now))


def installation_on(now: datetime) -> Installation:
    """Return what therapists are compared with: as of midnight (UTC), worked out once a day.

    So a profile costs the same however many practices share the database.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    key = f"installation-{midnight:%Y%m%d}"
    known: Installation | None = cache.get(key)
    if known is None:
        known = installation(_everybody(), midnight)
        cache.set(key, known, 86400)
    return known


def _everybody() -> list[Visit]:
    return visits(ClientVisit.objects.all())
