"""What happens to sessions of the demo: a series, a move, a cancelling, one that was not held."""

from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from practice.accounts.models import Therapist
from practice.diary.models import News, Session
from relationships.models import Kind, Relationship

SERIES = UUID("5e1e5000-0000-4000-8000-000000000001")
A_WEEK = timedelta(weeks=1)
MOST = 12


def happen(therapist: Therapist, now: datetime) -> None:
    """Let them happen to a therapist's sessions, which are there already."""
    maya = therapist.relationships.get(kind=Kind.INDIVIDUAL, clients__name="Maya Lindqvist")
    _move(maya, now)
    others = therapist.sessions.exclude(relationship=maya)
    weekly = _make_series(therapist, maya, now)
    others = others.exclude(relationship=weekly) if weekly else others
    by = therapist.user
    cancelled = others.booked().filter(starts_at__gt=now + timedelta(hours=1)).earliest("starts_at")
    Session.objects.filter(pk=cancelled.pk).update(
        state=Session.State.CANCELLED,
        cancelled_at=max(cancelled.booked_at, now - timedelta(hours=2)),
        cancelled_by=by,
        cancelled_for_client=True,
        revision=1,
        sequence=1,
    )
    held = others.attended().filter(ends_at__lt=now, relationship__kind=Kind.INDIVIDUAL)
    missing = held.latest("starts_at")
    Session.objects.filter(pk=missing.pk).update(state=Session.State.NOT_HELD)


def _move(relationship: Relationship, now: datetime) -> None:
    """Let a client have moved their next session by a day, which is new to the therapist."""
    client = relationship.people[0].account or relationship.therapist.user
    session = relationship.sessions.booked().filter(starts_at__gt=now).earliest("starts_at")
    at = max(session.booked_at, now - timedelta(hours=3))
    Session.objects.filter(pk=session.pk).update(
        moved_at=at,
        moved_by=client,
        moved_from=session.starts_at - timedelta(days=1),
        moved_for_client=True,
        revision=1,
        sequence=1,
    )
    News.objects.create(
        therapist=relationship.therapist, kind=News.Kind.MOVED, at=at, by=client, session=session
    )


def _make_series(therapist: Therapist, but: Relationship, now: datetime) -> Relationship | None:
    """Make one series of the last sessions of some weekly work, up to the last that is booked."""
    for relationship in therapist.relationships.active().exclude(pk=but.pk).in_order():
        latest = list(relationship.sessions.order_by("-starts_at")[:MOST])
        dates = [session.starts_at.date() for session in latest]
        is_weekly = all(later - earlier == A_WEEK for later, earlier in pairwise(dates))
        if len(latest) == MOST and is_weekly and latest[0].starts_at > now:
            relationship.sessions.filter(pk__in=[one.pk for one in latest]).update(series=SERIES)
            return relationship
    return None
