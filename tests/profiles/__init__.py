"""Sessions that count, one call each, as the database or the pure functions have them."""

from datetime import UTC, datetime, timedelta
from itertools import count

from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from practice.profiles.stats import Installation, Visit, installation, stats
from relationships.models import Relationship
from tests.factories import ClientFactory, TherapistFactory, start

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Thursday 20 November 2025, 10am in London.
NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)
LONG_AGO = NOW - 400 * DAY

_numbers = count(1)


def visit(
    client: int = 1,
    *,
    days: float = 100,
    booked: float | None = None,
    state: str = "attended",
    therapist: int = 1,
    **values: object,
) -> Visit:
    """A client's part in a session so many days ago, booked (unless told) a day before it."""
    booked = days + 1 if booked is None else booked
    return Visit(
        **{
            "therapist": therapist,
            "client": client,
            "session": next(_numbers),
            "starts_at": NOW - timedelta(days=days),
            "state": state,
            "complimentary": False,
            "booked_at": NOW - timedelta(days=booked),
            "moved_by_therapist_at": None,
            "cancelled_by_therapist_at": None,
        }
        | values
    )


def came(client: int, times: int, **values: object) -> list[Visit]:
    """A client who came so many times, a day apart, the first time 100 days ago."""
    return [visit(client, days=100 - n, booked=101, **values) for n in range(times)]


def together(everybody: list[Visit], now: datetime) -> Installation:
    """What all the therapists are like together, whose visits these are."""
    of_therapist: dict[int, list[Visit]] = {}
    for one in everybody:
        of_therapist.setdefault(one.therapist, []).append(one)
    return installation(stats(visits, now) for visits in of_therapist.values())


def session(
    relationship: Relationship,
    starts_at: datetime,
    state: str = "attended",
    *,
    booked_at: datetime | None = None,
    by: User | None = None,
    **values: object,
) -> Session:
    """A session of a relationship as it stands in the database."""
    by = by or relationship.therapist.user
    if state == "cancelled":
        values = {"cancelled_at": starts_at - 5 * DAY, "cancelled_by": by} | values
    return Session.objects.create(
        therapist_id=relationship.therapist_id,
        relationship=relationship,
        starts_at=starts_at,
        ends_at=starts_at + 50 * MINUTE,
        state=state,
        booked_at=booked_at or starts_at - 7 * DAY,
        booked_by=by,
        **values,
    )


def practice_of(therapist: Therapist, *times: int, started: datetime = LONG_AGO, ago: int = 100):
    """Clients who came so many times each, `ago` days ago and after; return their relationships."""
    relationships = []
    for number, visits in enumerate(times):
        relationship = start(ClientFactory(therapist=therapist), at=started)
        for nth in range(visits):
            session(relationship, NOW - ago * DAY + nth * DAY + number * HOUR)
        relationships.append(relationship)
    return relationships


def colleagues(number: int, *times: int, ago: int = 100) -> list[Therapist]:
    """So many other therapists, each with clients who came so many times."""
    others = TherapistFactory.create_batch(number)
    for therapist in others:
        practice_of(therapist, *times, ago=ago)
    return others
