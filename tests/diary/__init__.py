"""Sessions and working hours for tests, one call each, and a moment at which the clock stands."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.booking.models import BookingRules, TimeOff, WeeklyHours
from practice.diary.models import Session
from relationships.models import Relationship
from tests.factories import UserFactory, reads_in
from tests.pressing import Browser

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIFTY = 50 * MINUTE
NOBODYS = "zzzzzzzzzz"

# Thursday 20 November 2025, 10am in London. Tests of pages stop the clock here.
NOW = datetime(2025, 11, 20, 10, tzinfo=UTC)


def at(reading: str, zone: str = "Europe/London") -> datetime:
    """Return the instant at which a clock of that zone reads so: `at("2025-11-26 16:00")`."""
    return datetime.fromisoformat(reading).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


# Wednesday of the week after `NOW`, at 4pm.
WEDNESDAY = at("2025-11-26 16:00")


def book(
    relationship: Relationship,
    starts_at: datetime = WEDNESDAY,
    *,
    length: timedelta = FIFTY,
    by: User | None = None,
    key: UUID | None = None,
    complimentary: bool = False,
    allowed: Callable[[], bool] = lambda: True,
) -> Session:
    """Book a session, by the therapist unless somebody else is named."""
    return Session.book(
        relationship,
        starts_at=starts_at,
        length=length,
        by=by or relationship.therapist.user,
        key=key,
        complimentary=complimentary,
        allowed=allowed,
    )


def works(
    therapist: Therapist, *spans: str, days: range = range(5), zone: str = "", **rules: int
) -> Therapist:
    """Give a therapist hours, "09:00-17:00" on weekdays unless told otherwise, and rules."""
    if zone:
        reads_in(therapist.user, zone)
    for day in days:
        for span in spans or ["09:00-17:00"]:
            starts, ends = map(time.fromisoformat, span.split("-"))
            WeeklyHours.objects.create(therapist=therapist, weekday=day, starts=starts, ends=ends)
    if rules:
        BookingRules.objects.create(therapist=therapist, **rules)
    return therapist


def off(therapist: Therapist, first: str, last: str, reason: str = "") -> TimeOff:
    """Give a therapist days off."""
    return TimeOff.objects.create(
        therapist=therapist, first_day=first, last_day=last, reason=reason
    )


def browser_for(client: Client, zone: str = "") -> Browser:
    """Return a signed-in browser of a client, who gets an account if they have none."""
    if client.account is None:
        client.account = UserFactory(time_zone=client.time_zone)
        client.save()
    if zone:
        reads_in(client.account, zone)
    browser = Browser()
    browser.force_login(client.account)
    return browser


def row_of(session: Session) -> dict[str, object]:
    """Return every column of a session as the database has it now."""
    return Session.objects.filter(pk=session.pk).values().get()


def sessions_as_stored() -> list[tuple]:
    """Return every column of every session, as the database has them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM diary_session ORDER BY id")
        return cursor.fetchall()
