"""Messages as they would be, of an appointment that is made up."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from practice.notifications.composing import WITHOUT_INVITATION, as_html, from_header
from practice.notifications.letters import Letter, Line, Reading, letter
from practice.notifications.links import whole
from practice.notifications.models import Message

Kind = Message.Kind
CLIENT, ELSEWHERE = "Maya", "Room 2"


class Shown(NamedTuple):
    """A message that is shown: what it is called, its kind, and that of each of its lines."""

    label: str
    kind: Kind
    lines: list[Kind]

    @property
    def files(self) -> str:
        """Which calendar files come with it, as `composing.py` names them."""
        if self.kind in WITHOUT_INVITATION:
            return ""
        number = len(self.lines)
        return "invitation.ics" if number == 1 else f"invitation-1.ics to invitation-{number}.ics"


def _about_one(*kinds: Kind) -> dict[str, Shown]:
    return {kind.value: Shown(kind.label, kind, [kind]) for kind in kinds}


TO_CLIENTS = {
    **_about_one(Kind.BOOKED),
    "series": Shown("A series", Kind.BOOKED, [Kind.BOOKED] * 3),
    **_about_one(Kind.MOVED, Kind.CANCELLED, Kind.PUT_BACK, Kind.PLACE, Kind.REMINDER),
}
CHANGES = [Kind.BOOKED, Kind.MOVED, Kind.CANCELLED]
TO_THERAPISTS = {
    **_about_one(Kind.BOOKED, Kind.MOVED, Kind.CANCELLED, Kind.PUT_BACK, Kind.PLACE),
    Kind.SUMMARY.value: Shown(Kind.SUMMARY.label, Kind.SUMMARY, CHANGES),
}


def preview(
    shown: Shown, therapist: Therapist, *, name: str, zone: str, to_therapist: bool
) -> Letter:
    """Return what somebody called so, in that zone, gets about sessions with this therapist."""
    there = ZoneInfo(therapist.time_zone)
    today = timezone.localtime(timezone.now(), there).date()
    lines = []
    for number, kind in enumerate(shown.lines, 1):
        day = today + timedelta(weeks=number)
        starts_at = datetime(day.year, day.month, day.day, 18, tzinfo=there)
        session = Session(
            therapist=therapist,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=50),
            place=ELSEWHERE if kind == Kind.PLACE else "",
        )
        was_at = starts_at - timedelta(days=1) if kind == Kind.MOVED else None
        lines.append(Line(session, kind, CLIENT, was_at))
    reader = Reading(zone, name, is_therapist=to_therapist, can_sign_in=True)
    return letter(shown.kind, lines, reader)


def send_test(words: Letter, to: User, page: str) -> None:
    """Send a preview to whoever looks at it on a page; its links open, though there is no session.

    Raises:
        OSError: the mail server did not take it.
    """
    words = replace(
        words,
        title=f"Test: {words.title}",
        link=whole(reverse("home")),
        settings_link=whole(reverse(page)),
    )
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
