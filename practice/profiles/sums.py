"""The numbers of `stats.py`, worked out by the database.

What all sessions of a therapist add up to is settled every night (`settling.py`). As of an instant
only those clients are looked at whose part in it is not settled then: who was changed since, who
booked first less than 14 days before. Nothing is settled of a new therapist; then it is everybody.

Two statements, for one therapist as for everybody, over views that have nothing of a relationship;
what comes back is a few rows of numbers, however many sessions there are. A test reads the SQL, and
others compare the numbers with those of the pure functions, as does `check_figures`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from statistics import median
from typing import Any

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
from practice.database.compiled import MOMENT, CompiledQuery
from practice.diary.models import Session
from practice.profiles.models import NUMBERS, Booking, ClientVisit
from practice.profiles.stats import GRACE, LATELY, Installation, Stats, mean


def stats_of(therapist: Therapist, now: datetime) -> Stats:
    """Return a therapist's numbers as of an instant."""
    return stats_and_number_who_booked(therapist, now)[0]


def stats_and_number_who_booked(therapist: Therapist, now: datetime) -> tuple[Stats, int]:
    """Return a therapist's numbers, and how many clients have booked, as of an instant."""
    rows = SETTLED.rows(therapist=therapist.pk, now=now)
    (since, bookings_lately, held_lately, *disturbed), settled = rows[0][:5], rows[0][5:11]
    if settled[0] is None:  # nothing is, yet
        of_each = numbers_of_clients(ClientVisit.objects.filter(therapist=therapist), now)
        sums = _sums(of_each.values_list(*NUMBERS))
    else:
        unsettled = {row[11]: row[12:] for row in rows if row[11]}
        anew = UNSETTLED.rows(clients=_padded([*unsettled]), now=now) if unsettled else []
        not_yet = _sums(unsettled.values())
        sums = [a - b + c for a, b, c in zip(settled, not_yet, _sums(anew), strict=True)]
    numbers = dict(zip(NUMBERS, sums, strict=True))
    booked = numbers.pop("booked")
    is_smooth = held_lately and not any(disturbed)
    own = Stats(**numbers, since=since, bookings_lately=bookings_lately or 0, is_smooth=is_smooth)
    return own, booked


def _sums(rows: Iterable[Sequence[int]]) -> list[int]:
    """Return the sum of each of the `NUMBERS` over some clients."""
    return [sum(column) for column in zip([0] * len(NUMBERS), *rows, strict=True)]


def _padded(clients: list[int]) -> list[int]:
    """Return the clients and as many times nobody that few lengths come, each a statement."""
    return [*clients, *[0] * ((1 << (len(clients) - 1).bit_length()) - len(clients))]


def _settled(therapist: Any, now: Any) -> QuerySet:
    """What is settled, which of its clients are not as of an instant, and the last weeks.

    By one statement: what is settled meanwhile is settled in both or in neither. A row for each
    client who is not settled, and at least one.
    """
    bookings = Booking.objects.filter(therapist=therapist)
    booked = bookings.filter(_lately("booked_at", now)).order_by().values("therapist")
    held = bookings.filter(_attended(now))
    cancelled = bookings.filter(_lately("cancelled_at", now), cancelled_for_client=False)
    rows = Therapist.objects.filter(pk=therapist).annotate(
        unsettled=FilteredRelation(
            "numbers_of_clients", condition=Q(numbers_of_clients__settled_at__gt=now)
        ),
        since=Subquery(held.order_by("starts_at").values("starts_at")[:1]),
        bookings_lately=Subquery(booked.annotate(n=Count("pk")).values("n")),
        held_lately=Exists(held.filter(_lately("starts_at", now))),
        moved=Exists(bookings.filter(_lately("moved_by_therapist_at", now))),
        cancelled=Exists(cancelled),
    )
    settled = [f"numbers__{name}" for name in NUMBERS]
    unsettled = [f"unsettled__{name}" for name in ("client", *NUMBERS)]
    return rows.values_list(*LATELY_DONE, *settled, *unsettled)


LATELY_DONE = ("since", "bookings_lately", "held_lately", "moved", "cancelled")
# What pages ask: compiled once.
SETTLED = CompiledQuery(lambda given: _settled(given("therapist"), given("now", MOMENT)))
UNSETTLED = CompiledQuery(
    lambda given: numbers_of_clients(
        ClientVisit.objects.filter(client__in=given("clients")), given("now", MOMENT)
    ).values_list(*NUMBERS)
)


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

    A session of several people is that of the first among those who came.
    """
    before = ClientVisit.objects.filter(
        session=OuterRef("session"), part__lt=OuterRef("part"), state=Session.State.ATTENDED
    )
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


def _one_if(condition: Q) -> Case:
    return Case(When(condition, then=1), default=0)


def _is_counted(now: datetime) -> Q:
    is_old_enough = Q(attended__gte=1, first_booking__lte=now - GRACE)
    return is_old_enough & ~Q(attended=1, free=1)


def _attended(now: datetime) -> Q:
    return Q(state=Session.State.ATTENDED, starts_at__lte=now, booked_at__lte=now)


def _lately(moment: str, now: datetime) -> Q:
    return Q(**{f"{moment}__gt": now - LATELY, f"{moment}__lte": now})
