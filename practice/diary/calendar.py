"""A session as a calendar file (RFC 5545), by the icalendar library."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from django.utils import timezone
from icalendar import Calendar, Event

from practice.diary.models import VACANT, Session
from practice.text.places import link_of
from practice.text.spoken import initials


def as_calendar(session: Session, summary: str) -> bytes:
    """Return a file that adds the session to a calendar, or, once cancelled, says so there.

    It has no METHOD: somebody takes it along and nobody invites them, so calendars ask no question.
    It is stamped with this moment, so that it is a later word than any file from before.
    """
    calendar, event = new_calendar(), as_event(session, summary)
    del event["dtstamp"]
    event.add("dtstamp", timezone.now())
    calendar.add_component(event)
    return calendar.to_ical()


def title(session: Session, *, for_therapist: bool, names_therapist: bool = False) -> str:
    """Return what a calendar shows of a session: initials, or, to a client who chose so, a name.

    Others may see a calendar, and nothing of therapy stands in it.
    """
    if for_therapist:
        people = session.people
        return f"Appointment ({', '.join(initials(person.name) for person in people)})"
    return f"Appointment with {session.therapist.name}" if names_therapist else "Appointment"


def calendar_of_all(sessions: Iterable[Session]) -> Iterator[bytes]:
    """Yield one calendar of all these sessions that stand, part by part: a therapist's own.

    What they are called says the kind of work, and nobody's name: others may see a calendar.
    """
    before, _, after = new_calendar().to_ical().partition(b"END:VCALENDAR")
    yield before
    for session in sessions:
        if session.state not in VACANT:
            yield as_event(session, session.relationship.get_kind_display()).to_ical()
    yield b"END:VCALENDAR" + after


def new_calendar() -> Calendar:
    """Return an object of RFC 5545 without an event."""
    calendar = Calendar()
    calendar.add("prodid", "-//Stillwater//Sessions//EN")
    calendar.add("version", "2.0")
    return calendar


def as_event(session: Session, summary: str) -> Event:
    """Return the event of a session, the same wherever a calendar gets it from.

    The UID stays for the life of the session, and each change has a higher SEQUENCE, so that a
    calendar which has it already brings it up to date. Times are instants in UTC: a calendar shows
    them in its owner's zone, and no definition of a zone can be misread.
    """
    event = Event()
    event.add("uid", f"{session.public_id}@stillwater")
    event.add("sequence", session.sequence)
    event.add("summary", summary)
    event.add("dtstart", session.starts_at.astimezone(UTC))
    event.add("dtend", session.ends_at.astimezone(UTC))
    event.add("dtstamp", last_change(session))
    event.add("status", "CANCELLED" if session.state in VACANT else "CONFIRMED")
    event.add("class", "PRIVATE")
    if session.place:
        event.add("location", session.place)
    if link_of(session.place):
        event.add("url", link_of(session.place))
    return event


def last_change(session: Session) -> datetime:
    """Return when it was booked, moved or cancelled last."""
    changes = (session.booked_at, session.moved_at, session.cancelled_at)
    return max(change for change in changes if change)
