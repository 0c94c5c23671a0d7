"""The figures of a therapist, read from the database; a test reads the SQL.

What they are made from is in `visits`, how they are worked out in `stats.py` and `badges.py`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.core.cache import cache

from practice.accounts.models import Therapist
from practice.database import current_account
from practice.diary.models import Session, SessionQuerySet
from practice.profiles.badges import Badge, Installation, badges, installation
from practice.profiles.stats import Stats, Visit, stats


@dataclass(frozen=True)
class Figures:
    """What a profile shows."""

    stats: Stats
    badges: list[Badge]


def visits(sessions: SessionQuerySet) -> list[Visit]:
    """Return the visits of these sessions, by one query."""
    columns = sessions.order_by("booked_at", "pk", "relationship__participations").values_list(
        "therapist",
        "relationship__participations__client",
        "pk",
        "starts_at",
        "state",
        "complimentary",
        "booked_at",
        "last_own_move",
        "cancelled_at",
        "cancelled_for_client",
    )
    return [
        Visit(*first, moved, None if for_client else cancelled)
        for *first, moved, cancelled, for_client in columns
    ]


def visits_of(therapist: Therapist) -> list[Visit]:
    """Return all visits to a therapist."""
    with current_account.purpose("figures"):
        return visits(Session.objects.filter(therapist=therapist))


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
    return cache.get_or_set(key, lambda: installation(_everybody(), midnight), 86400)


def _everybody() -> list[Visit]:
    with current_account.purpose("figures"):
        return visits(Session.objects.all())
