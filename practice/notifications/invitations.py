"""The calendar invitation of a message (RFC 5546, RFC 6047), by the icalendar library.

One event each, because Outlook takes one of a message; what the event is, `practice/diary/calendar`
says, as for every calendar.
"""

from datetime import datetime

from django.conf import settings
from icalendar import vBoolean, vCalAddress

from practice.diary.calendar import as_event, new_calendar
from practice.diary.models import Session
from practice.notifications.links import sender

NAME = "invitation.ics"


def invitation(session: Session, summary: str, *, receiver: str, stamp: datetime) -> bytes:
    """Return the object that puts a session into its receiver's calendar, or takes it out.

    The service organises, so that no answer is asked for and none goes to the therapist.
    """
    organiser = vCalAddress(f"mailto:{sender()}")
    organiser.params["CN"] = settings.SERVICE_NAME
    attendee = vCalAddress(f"mailto:{receiver}")
    attendee.params["PARTSTAT"] = "ACCEPTED"
    attendee.params["RSVP"] = vBoolean(False).to_ical().decode()
    event = as_event(session, summary)
    del event["dtstamp"]
    event.add("dtstamp", stamp)
    event.add("organizer", organiser)
    event.add("attendee", attendee)
    calendar = new_calendar()
    calendar.add("method", method_of(session))
    calendar.add_component(event)
    return calendar.to_ical()


def method_of(session: Session) -> str:
    return "REQUEST" if session.stands else "CANCEL"
