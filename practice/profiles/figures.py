"""The figures of a therapist, read from the database; a test reads the SQL.

What they are is in `stats.py`, as pure functions over visits. The database works
them out (`sums.py`).

What therapists are compared with are the figures of everybody here, as of midnight (UTC). They are
never worked out while somebody waits for a page. A page takes the latest there are; where those of
today are missing it has them worked out once it has been answered, by one process of the server.
`manage.py count_figures`, every night, makes that unnecessary. With them the numbers of each
therapist are settled (`settling.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import partial
from itertools import starmap

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet

from clients.models import Client
from practice.accounts.after_response import run_after_response
from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, CompiledQuery, Given
from practice.database.waiting import without_limit
from practice.profiles.models import ClientVisit
from practice.profiles.settling import settle_everybody
from practice.profiles.stats import Badge, Installation, Stats, Visit, badges
from practice.profiles.sums import installation_of, stats_and_number_who_booked

# As of which midnight, and the figures; never forgotten, only replaced. A cache that is full makes
# room in the order of its keys, and begins with the limits of sign-in ("allauth…").
LATEST = "installation"
BEGUN = "installation-begun-{:%Y%m%d}"
PEOPLE_A_PAGE = 25
AN_HOUR = 3600  # seconds, after which somebody else may try: whoever began may have been killed


@dataclass(frozen=True)
class Figures:
    """What a profile shows."""

    stats: Stats
    badges: list[Badge]
    number_who_booked: int  # clients, of whom the page that explains them has a line each


def figures(therapist: Therapist, now: datetime) -> Figures:
    """Return a therapist's figures and badges as of an instant."""
    own, number_who_booked = stats_and_number_who_booked(therapist, now)
    return Figures(own, badges(own, usual_here(now)), number_who_booked)


def usual_here(now: datetime) -> Installation:
    """Return the latest figures of the installation; where there are none yet, nobody's."""
    midnight = _midnight(now)
    as_of, latest = cache.get(LATEST, (None, Installation()))
    if as_of is None or as_of < midnight:
        run_after_response("counting figures", partial(_count_once, midnight))
    return latest


def count_installation(now: datetime) -> Installation:
    """Work out the figures of the installation as of the midnight before, and store them."""
    midnight = _midnight(now)
    with without_limit():
        counted = installation_of(everybody(), midnight)
    cache.set(LATEST, (midnight, counted), timeout=None)
    return counted


def everybody() -> QuerySet[ClientVisit]:
    """Return the visits of the whole installation."""
    return ClientVisit.objects.all()


def _count_once(midnight: datetime) -> None:
    """Work them out, unless another process has begun to, and settle the therapists' own."""
    if cache.add(BEGUN.format(midnight), True, AN_HOUR):
        count_installation(midnight)
        settle_everybody()


def _midnight(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def visits(rows: QuerySet[ClientVisit]) -> QuerySet:
    """Ask for the visits that these rows are, in the order of their bookings."""
    columns = [field.name for field in fields(Visit)]
    return rows.order_by("booked_at", "session", "part").values_list(*columns)


def visits_of(therapist: Therapist) -> list[Visit]:
    """Return all visits to a therapist."""
    return list(starmap(Visit, visits(ClientVisit.objects.filter(therapist=therapist))))


def visits_of_people(people: Sequence[Client]) -> list[Visit]:
    """Return the visits of the people on a page."""
    numbers = [one.pk for one in people]
    numbers += [0] * (PEOPLE_A_PAGE - len(numbers))  # so that one query serves all pages
    return list(starmap(Visit, VISITS.rows(clients=numbers)))


def people_who_booked(therapist: Therapist, now: datetime, limits: tuple[int, int]) -> list[Client]:
    """Return those of whom there is a tally as of an instant, from one number to before another."""
    first, after = limits
    if first == after:  # which would be no limit
        return []
    people: list[Client] = BOOKED.instances(limits=limits, therapist=therapist.pk, now=now)
    return people


def _booked(given: Given) -> QuerySet:
    # Asked of each client in turn: a page is found as soon as it is full.
    visits = ClientVisit.objects.filter(client=OuterRef("pk"))
    booked = visits.filter(booked_at__lte=given("now", MOMENT))
    people = Client.objects.filter(Exists(booked), therapist=given("therapist"))
    return people.in_name_order().only("public_id", "name", "sort_name", "erased_at", "therapist")


BOOKED = CompiledQuery(_booked)
VISITS = CompiledQuery(
    lambda given: visits(ClientVisit.objects.filter(client__in=given("clients")))
)
