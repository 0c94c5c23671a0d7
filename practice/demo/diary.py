"""The demo's sessions, working hours and days off."""

import random
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.models import BookingRules, TimeOff, WeeklyHours, free_times
from practice.database.public_ids import ALPHABET, LENGTH
from practice.diary.models import Session
from relationships.models import Relationship

LENGTH_OF_SESSION = timedelta(minutes=50)
WEEKS_BACK, WEEKS_AHEAD = 52, 4
MORNING, AFTERNOON = (time(9), time(13)), (time(14), time(18))
QUIET = (2, 9, 14)  # active, and not seen for a while
HOURS = {"Europe/London": [(d, s) for d in range(5) for s in (MORNING, AFTERNOON)]}
HOURS["Europe/Berlin"] = [(d, (time(10), time(16))) for d in range(5)]


def fill(
    therapist: Therapist, dice: random.Random, now: datetime, *, visits_each: int | None = None
) -> None:
    """Give a therapist hours, days off, a year of past sessions and the coming weeks.

    With `visits_each`, every client comes so many times and no more.
    """
    zone, spans = ZoneInfo(therapist.time_zone), HOURS[therapist.time_zone]
    _set_hours(therapist, timezone.localtime(now, zone).date())
    grid = [(day, hour) for day, (s, e) in spans for hour in range(s.hour, e.hour)]
    taken: set[datetime] = set()
    sessions: list[Session] = []
    dice.shuffle(grid)
    relationships = therapist.relationships.in_order().prefetch_related("participations__client")
    for number, relationship in enumerate(relationships):
        made = _sessions(relationship, dice, grid[number % len(grid)], now, zone, taken)
        if relationship.is_ended and number % 3 == 0:
            made = made[:1]  # somebody who came once
        elif number in QUIET and not relationship.people[0].account:
            made = [s for s in made if s.starts_at < now - timedelta(weeks=14)]
        sessions += made[:visits_each]
    Session.objects.bulk_create(sessions)


def _set_hours(therapist: Therapist, today: date) -> None:
    """Give a therapist hours, a week off in five weeks, and hours of single dates the week after.

    Raises:
        KeyError: the demo has no hours of their time zone.
    """
    WeeklyHours.objects.bulk_create(
        WeeklyHours(therapist=therapist, weekday=day, starts=starts, ends=ends)
        for day, (starts, ends) in HOURS[therapist.time_zone]
    )
    BookingRules.objects.create(therapist=therapist)
    week_off = today - timedelta(days=today.weekday()) + timedelta(weeks=5)
    TimeOff.objects.create(
        therapist=therapist,
        first_day=week_off,
        last_day=week_off + timedelta(days=4),
        reason="Training week",
    )
    monday = week_off - timedelta(weeks=4)
    for kind, day, hour, note in [
        ("blocked", 1, 16, "Supervision"),
        ("open", 3, 18, "Late clinic"),
    ]:
        therapist.dated_hours.create(
            kind=kind,
            day=monday + timedelta(days=day),
            starts=time(hour),
            ends=time(hour + 2),
            note=note,
        )


def _sessions(
    relationship: Relationship,
    dice: random.Random,
    slot: tuple[int, int],
    now: datetime,
    zone: ZoneInfo,
    taken: set[datetime],
) -> list[Session]:
    """Return the sessions of one relationship, always on the same day and hour."""
    today = timezone.localtime(now, zone).date()
    every = dice.choice([1, 2, 2])
    weekday, hour = slot
    first = today - timedelta(days=today.weekday()) + timedelta(days=weekday)
    sessions: list[Session] = []
    for week in range(-WEEKS_BACK, WEEKS_AHEAD + 1, every):
        starts_at = _at(first + timedelta(weeks=week), hour, zone)
        if starts_at in taken or starts_at < relationship.started_at:
            continue
        if starts_at > (relationship.ended_at or now + timedelta(weeks=WEEKS_AHEAD)):
            break
        taken.add(starts_at)
        sessions.append(_session(relationship, dice, starts_at, now, is_first=not sessions))
    return sessions


def _session(
    relationship: Relationship,
    dice: random.Random,
    starts_at: datetime,
    now: datetime,
    *,
    is_first: bool,
) -> Session:
    booked_at = max(starts_at - timedelta(days=dice.randint(5, 12)), relationship.started_at)
    account = relationship.people[0].account
    session = Session(
        therapist_id=relationship.therapist_id,
        public_id="".join(dice.choices(ALPHABET, k=LENGTH)),
        relationship=relationship,
        starts_at=starts_at,
        ends_at=starts_at + LENGTH_OF_SESSION,
        complimentary=is_first and dice.random() < 0.15,
        booked_at=min(booked_at, now),
        booked_by=(starts_at < now and account) or relationship.therapist.user,
    )
    is_recent = now - starts_at < timedelta(days=3)
    if session.ends_at <= now and not is_recent:
        _say_what_became_of(session, dice, now)
    return session


def _say_what_became_of(session: Session, dice: random.Random, now: datetime) -> None:
    """Have somebody come, stay away or cancel."""
    fate = dice.random()
    session.state = "attended" if fate < 0.9 else "missed" if fate < 0.95 else "cancelled"
    if session.state == "cancelled":
        session.cancelled_at = session.starts_at - timedelta(hours=dice.randint(3, 90))
        session.cancelled_at = max(session.cancelled_at, session.booked_at)
        session.cancelled_by = session.booked_by
        by_therapist = now - session.starts_at > timedelta(days=90) and dice.random() < 0.3
        session.cancelled_for_client = not by_therapist


def _at(day: date, hour: int, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), zone)


def book_follow_up(relationship: Relationship, now: datetime) -> None:
    """Let the client of an ended relationship book a session, some days ahead."""
    free = [at for at in free_times(relationship.therapist, now) if at > now + timedelta(days=7)]
    zone = ZoneInfo(relationship.therapist.time_zone)
    at_four = [at for at in free if at.astimezone(zone).hour == 16]
    Session.book(
        relationship,
        starts_at=(at_four or free)[0],
        length=LENGTH_OF_SESSION,
        by=relationship.people[0].account or relationship.therapist.user,
    )


def tell_who_came(relationship: Relationship) -> None:
    """Let the second of a couple have missed the last session that they attended, and some more."""
    for session in relationship.sessions.attended().order_by("-starts_at")[::4]:
        session.set_attendance_of([session.people[1]], attended=False)


def record_by_mistake(relationship: Relationship) -> None:
    """Let one of the last sessions have been recorded by mistake."""
    session = relationship.sessions.attended().order_by("-starts_at")[1]
    session.set_mistaken(by=relationship.therapist.user)
