"""The numbers of `stats.py` and `badges.py`, worked out by the database.

What all sessions of a therapist add up to is settled every night (`settling.py`). As of an instant
only those clients are looked at whose part in it is not settled then: who was changed since, who
booked first less than 14 days before. Nothing is settled of a new therapist; then it is everybody.

Two statements, for one therapist as for everybody, over views that have nothing of a relationship;
what comes back is a few rows of numbers, however many sessions there are. A test reads the SQL, and
others compare the numbers with those of the pure functions, as does `check_figures`.
"""

from datetime import datetime
from statistics import median

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from practice.accounts.models import Therapist
from practice.diary.models import Session
from practice.profiles.badges import Installation, mean
from practice.profiles.models import NUMBERS, Booking, ClientVisit
from practice.profiles.stats import GRACE, LATELY, Stats


def stats_of(therapist: Therapist, now: datetime) -> Stats:
    """Return a therapist's numbers as of an instant."""
    return stats_and_number_who_booked(therapist, now)[0]


def stats_and_number_who_booked(therapist: Therapist, now: datetime) -> tuple[Stats, int]:
    """Return a therapist's numbers, and how many clients have booked, as of an instant."""
    visits = ClientVisit.objects.filter(therapist=therapist)
    rows = _settled(therapist, now)
    first, numbers = rows[0], dict.fromkeys(NUMBERS, 0)
    if first["numbers__booked"] is not None:
        unsettled = [row for row in rows if row["unsettled__client"]]
        for name in NUMBERS:
            not_yet = sum(row[f"unsettled__{name}"] for row in unsettled)
            numbers[name] = first[f"numbers__{name}"] - not_yet
        unsettled = [row["unsettled__client"] for row in unsettled]
        visits = ClientVisit.objects.filter(client__in=unsettled)
    sums = numbers_of_clients(visits, now).aggregate(**_SUMS)
    for name in NUMBERS:
        numbers[name] += sums[f"all_{name}"]
    booked, disturbed = numbers.pop("booked"), first["moved"] or first["cancelled"]
    return Stats(
        **numbers,
        since=first["since"],
        bookings_lately=first["bookings_lately"] or 0,
        is_smooth=first["held_lately"] and not disturbed,
    ), booked


def _settled(therapist: Therapist, now: datetime) -> list[dict]:
    """Return what is settled, which of its clients are not as of an instant, and the last weeks.

    By one statement: what is settled meanwhile is settled in both or in neither. A row for each
    client who is not settled, and at least one.
    """
    bookings = Booking.objects.filter(therapist=therapist)
    booked = bookings.filter(_lately("booked_at", now)).order_by().values("therapist")
    held = bookings.filter(_attended(now))
    rows = Therapist.objects.filter(pk=therapist.pk).annotate(
        unsettled=FilteredRelation(
            "numbers_of_clients", condition=Q(numbers_of_clients__settled_at__gt=now)
        ),
        since=Subquery(held.order_by("starts_at").values("starts_at")[:1]),
        bookings_lately=Subquery(booked.annotate(n=Count("pk")).values("n")),
        held_lately=Exists(held.filter(_lately("starts_at", now))),
        moved=Exists(bookings.filter(_lately("moved_by_therapist_at", now))),
        cancelled=Exists(bookings.filter(_lately("cancelled_at", now), cancelled_for_client=False)),
    )
    lately = ("since", "bookings_lately", "held_lately", "moved", "cancelled")
    settled = [f"numbers__{name}" for name in NUMBERS]
    unsettled = [f"unsettled__{name}" for name in ("client", *NUMBERS)]
    return list(rows.values(*lately, *settled, *unsettled))


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
    clients = _of_each(everybody, now).aggregate(
        visits=Sum("visits_of_returned", default=0), people=Sum("returned", default=0)
    )
    return Installation(
        therapists=len(numbers),
        mean_attended=mean(clients["visits"], clients["people"]),
        median_bookings=median(numbers),
    )


def numbers_of_clients(visits: QuerySet[ClientVisit], now: datetime) -> QuerySet:
    """Each client's part in every one of the `NUMBERS`, as of an instant.

    A session of several people is that of whoever comes first among them.
    """
    before = ClientVisit.objects.filter(session=OuterRef("session"), part__lt=OuterRef("part"))
    once = visits.annotate(is_first=~Exists(before))
    held = Count("part", filter=_attended(now) & Q(is_first=True))
    return _of_each(once, now).annotate(sessions_held=held)


def _of_each(visits: QuerySet[ClientVisit], now: datetime) -> QuerySet:
    """Each client's first booking, how often they came and for nothing, and what comes of it."""
    counts = _is_counted(now)
    return (
        visits.filter(booked_at__lte=now)
        .values("client")
        .annotate(
            first_booking=Min("booked_at"),
            attended=Count("part", filter=_attended(now)),
            free=Count("part", filter=_attended(now) & Q(complimentary=True)),
            booked=Value(1),
            clients=_one_if(Q(attended__gte=1)),
            counted=_one_if(counts),
            returned=_one_if(counts & Q(attended__gte=2)),
            visits_of_returned=Case(
                When(counts & Q(attended__gte=2), then=F("attended")), default=0
            ),
        )
    )


_SUMS = {f"all_{name}": Sum(name, default=0) for name in NUMBERS}


def _one_if(condition: Q) -> Case:
    return Case(When(condition, then=1), default=0)


def _is_counted(now: datetime) -> Q:
    is_old_enough = Q(attended__gte=1, first_booking__lte=now - GRACE)
    return is_old_enough & ~Q(attended=1, free=1)


def _attended(now: datetime) -> Q:
    return Q(state=Session.State.ATTENDED, starts_at__lte=now, booked_at__lte=now)


def _lately(moment: str, now: datetime) -> Q:
    return Q(**{f"{moment}__gt": now - LATELY, f"{moment}__lte": now})
