"""Messages as they would be, of an appointment that is made up."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.utils import timezone

from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from practice.notifications.composing import as_html, from_header
from practice.notifications.letters import Letter, Line, Reading, letter
from practice.notifications.models import Message

Kind = Message.Kind
SHOWN = [Kind.BOOKED, Kind.MOVED, Kind.CANCELLED, Kind.REMINDER]
CLIENT = "Maya"


def preview(kind: str, therapist: Therapist, *, name: str, zone: str, to_therapist: bool) -> Letter:
    """Return what somebody called so, in that zone, gets about a session with this therapist."""
    there = ZoneInfo(therapist.time_zone)
    day = timezone.localtime(timezone.now(), there).date() + timedelta(days=7)
    starts_at = datetime(day.year, day.month, day.day, 18, tzinfo=there)
    session = Session(
        therapist=therapist, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=50)
    )
    reader = Reading(zone, name, is_therapist=to_therapist, can_sign_in=True)
    was_at = starts_at - timedelta(days=1) if kind == Kind.MOVED else None
    return letter(kind, [Line(session, kind, CLIENT, was_at)], reader)


def send_test(words: Letter, to: User) -> None:
    """Send a preview to whoever looks at it.

    Raises:
        OSError: the mail server did not take it.
    """
    words = replace(words, title=f"Test: {words.title}")
    mail = EmailMultiAlternatives(
        words.title,
        render_to_string("notifications/message.txt", {"letter": words}),
        from_header(),
        [to.email],
        headers={"Auto-Submitted": "auto-generated"},
        connection=get_connection(settings.MESSAGE_BACKEND),
    )
    mail.attach_alternative(as_html(words), "text/html")
    mail.send()
