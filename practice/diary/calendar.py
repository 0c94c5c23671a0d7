"""A session as a calendar file (RFC 5545), by the icalendar library."""

from datetime import UTC, datetime
from email.utils import parseaddr

from django.conf import settings
from icalendar import Calendar, Event, vCalAddress

from practice.diary.models import VACANT, Session
from practice.text.places import link_of


def as_calendar(session: Session, summary: str) -> bytes:
    """Return a file that adds the session to a calendar, or, once cancelled, takes it away again.

    The UID stays the same for the life of the session, and each move or cancelling has a higher
    SEQUENCE, so that a calendar which has it already brings it up to date. Times are instants in
    UTC: a calendar shows them in its owner's zone, and no definition of a zone can be misread. The
    service organises, because a file with a METHOD has to say who does (RFC 5546, 3.2), and its
    address tells nothing about anybody.
    """
    is_cancelled = session.state in VACANT
    organiser = vCalAddress(f"mailto:{parseaddr(settings.DEFAULT_FROM_EMAIL)[1]}")
    organiser.params["CN"] = settings.SERVICE_NAME
    event = Event()
    event.add("uid", f"{session.public_id}@stillwater")
    event.add("sequence", session.revision)
    event.add("summary", summary)
    event.add("organizer", organiser)
    event.add("dtstart", session.starts_at.astimezone(UTC))
    event.add("dtend", session.ends_at.astimezone(UTC))
    event.add("dtstamp", _last_change(session))
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    if session.place:
        event.add("location", session.place)
    if link_of(session.place):
        event.add("url", link_of(session.place))
    calendar = Calendar()
    calendar.add("prodid", "-//Stillwater//Sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "CANCEL" if is_cancelled else "PUBLISH")
    calendar.add_component(event)
    return calendar.to_ical()


def _last_change(session: Session) -> datetime:
    changes = (session.booked_at, session.moved_at, session.cancelled_at)
    return max(change for change in changes if change)
