"""An installation that tells people by mail, and what it sends."""

from datetime import timedelta
from email.message import EmailMessage

from django.core import mail
from icalendar import Calendar, Event

from practice.notifications.worker import send_everything
from tests.diary import HOUR

GRACE = timedelta(minutes=3)
LATER = GRACE + timedelta(seconds=1)


def delivered(clock) -> list[EmailMessage]:
    """Return what is sent after the grace, as it goes out, the clients' messages first."""
    clock.shift(LATER)
    mail.outbox.clear()
    send_everything()
    sent = [letter.message() for letter in mail.outbox]
    return sorted(sent, key=lambda letter: "alice" in letter["To"])


def event_of(letter: EmailMessage) -> tuple[str, Event]:
    """Return the method and the event of a message's invitation."""
    last = letter.get_payload()[-1]
    assert last.get_content_type() == "text/calendar"
    calendar = Calendar.from_ical(last.get_payload(decode=True))
    (event,) = calendar.walk("VEVENT")
    assert last.get_param("method") == calendar["METHOD"]
    return calendar["METHOD"], event


__all__ = ["GRACE", "HOUR", "LATER", "delivered", "event_of"]
