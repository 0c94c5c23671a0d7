"""The numbers of `stats.py` and `badges.py`, worked out by the database.

Two statements, for one therapist as for everybody, over the view of the visits alone; what comes
back is a row, or a number for each therapist, however many sessions there are. A test reads the
SQL, and others compare the numbers with those of the pure functions, as does `check_figures`.
"""

from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Sum

from practice.accounts.models import Therapist
from practice.diary.models import Session
from practice.profiles.badges import Installation, mean
from practice.profiles.models import ClientVisit
from practice.profiles.stats import GRACE, LATELY, Stats


def stats_of(therapist: Therapist, now: datetime) -> Stats:
    """Return a therapist's numbers as of an instant."""
    visits = ClientVisit.objects.filter(therapist=therapist)
    of_sessions = visits.aggregate(
        sessions_held=Count("session", distinct=True, filter=_attended(now)),
        since=Min("starts_at", filter=_attended(now)),
        bookings_lately=Count("session", distinct=True, filter=_lately("booked_at", now)),
        held_lately=Count("part", filter=_attended(now) & _lately("starts_at", now)),
        disturbed=Count(
            "part",
            filter=_lately("moved_by_therapist_at", now)
            | _lately("cancelled_by_therapist_at", now),
        ),
    )
    held_lately, disturbed = of_sessions.pop("held_lately"), of_sessions.pop("disturbed")
    is_smooth = bool(held_lately and not disturbed)
    return Stats(**_of_clients(visits, now), **of_sessions, is_smooth=is_smooth)


def installation_of(everybody: QuerySet[ClientVisit], now: datetime) -> Installation:
    """Return the figures of the whole installation, whose visits these are, as of an instant."""
    bookings = (
        everybody.values("therapist")
        .annotate(
            held=Count("part", filter=_attended(now)),
            bookings=Count("session", distinct=True, filter=_lately("booked_at", now)),
        )
        .filter(held__gt=0)
        .values_list("bookings", flat=True)
    )
    numbers = list(bookings)
    if not numbers:
        return Installation()
    clients = _of_clients(everybody, now)
    return Installation(
        therapists=len(numbers),
        mean_attended=mean(clients["visits_of_returned"], clients["returned"]),
        median_bookings=median(numbers),
    )


def _of_clients(visits: QuerySet[ClientVisit], now: datetime) -> dict[str, Any]:
    """Return the numbers that are made from a tally of each client."""
    counts = _is_counted(now)
    returned = counts & Q(attended__gte=2)
    return _tallies(visits, now).aggregate(
        clients=Count("client", filter=Q(attended__gte=1)),
        counted=Count("client", filter=counts),
        returned=Count("client", filter=returned),
        visits_of_returned=Sum("attended", filter=returned, default=0),
    )


def _tallies(visits: QuerySet[ClientVisit], now: datetime) -> QuerySet:
    """Each client's first booking, how often they came, and how often of these for nothing."""
    return (
        visits.filter(booked_at__lte=now)
        .values("client")
        .annotate(
            first_booking=Min("booked_at"),
            attended=Count("part", filter=_attended(now)),
            free=Count("part", filter=_attended(now) & Q(complimentary=True)),
        )
    )


def _is_counted(now: datetime) -> Q:
    is_old_enough = Q(attended__gte=1, first_booking__lte=now - GRACE)
    return is_old_enough & ~Q(attended=1, free=1)


def _attended(now: datetime) -> Q:
    return Q(state=Session.State.ATTENDED, starts_at__lte=now, booked_at__lte=now)


def _lately(moment: str, now: datetime) -> Q:
    return Q(**{f"{moment}__gt": now - LATELY, f"{moment}__lte": now})
