"""A session as a calendar file (RFC 5545), by the icalendar library."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.utils import timezone
from icalendar import Calendar, Event

from practice.booking.openings import instants
from practice.diary.models import Session


def as_calendar(session: Session, summary: str) -> bytes:
    """Return a file that adds the session to a calendar, or, once cancelled, takes it away again.

    The UID stays the same for the life of the session, and each move or cancelling has a higher
    SEQUENCE, so that a calendar which has it already brings it up to date. Times carry the zone of
    the reader, whose definition is part of the file, or UTC where a local time would be ambiguous.
    """
    zone = _zone_of(session)
    is_cancelled = session.state == Session.State.CANCELLED
    event = Event()
    event.add("uid", f"{session.public_id}@stillwater")
    event.add("sequence", session.revision)
    event.add("summary", summary)
    event.add("dtstart", session.starts_at.astimezone(zone))
    event.add("dtend", session.ends_at.astimezone(zone))
    event.add("dtstamp", _last_change(session))
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    calendar = Calendar()
    calendar.add("prodid", "-//Stillwater//Sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    calendar.add_component(event)
    calendar.add_missing_timezones()
    return calendar.to_ical()


def _zone_of(session: Session) -> tzinfo:
    """Return the reader's zone, or UTC in an hour that its clock shows twice."""
    zone = ZoneInfo(timezone.get_current_timezone_name())
    twice = any(
        len(instants(at.astimezone(zone).replace(tzinfo=None, fold=0), zone)) > 1
        for at in (session.starts_at, session.ends_at)
    )
    return UTC if twice else zone


def _last_change(session: Session) -> datetime:
    changes = (session.booked_at, session.moved_at, session.cancelled_at)
    return max(change for change in changes if change)
