"""What a message says, in its receiver's zone: the same for its text and for its HTML.

Whatever can be read without opening it (subject, sender, what a list of messages shows of its
beginning) has day and time and no more: that somebody is in therapy is nobody else's business.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.booking.models import rules_of
from practice.diary.models import Session
from practice.notifications.links import whole
from practice.notifications.models import Message
from practice.text.places import link_of
from practice.text.spoken import clock_in, in_words, soon, span, weekday, zone_name

Kind = Message.Kind
FIRST = {
    Kind.BOOKED: "",
    Kind.MOVED: "This appointment has been moved. The time is now:",
    Kind.CANCELLED: "This appointment has been cancelled:",
    Kind.PUT_BACK: "This appointment takes place after all:",
    Kind.PLACE: "Where this appointment takes place has changed:",
    Kind.REMINDER: "A reminder of your appointment:",
}
DONE = {
    Kind.BOOKED: "Booked",
    Kind.MOVED: "Moved",
    Kind.CANCELLED: "Cancelled",
    Kind.PUT_BACK: "Takes place after all",
    Kind.PLACE: "Place changed",
    Kind.REMINDER: "",
}


@dataclass(frozen=True)
class Line:
    """One appointment in a message: `kind` is what became of it, `people` those who come.

    `was_at` is when it was to start, as far as its receiver knows.
    """

    session: Session
    kind: str
    people: str = ""
    was_at: datetime | None = None


@dataclass
class Letter:
    """What a message says. `title` is its subject, `preheader` what lists show after that."""

    title: str
    preheader: str
    greeting: str
    opening: str = ""
    appointments: list[dict[str, str]] = field(default_factory=list)
    link: str = ""
    link_words: str = ""
    closing: list[str] = field(default_factory=list)
    footnotes: list[str] = field(default_factory=list)
    settings_link: str = ""
    stop_link: str = ""


@dataclass(frozen=True)
class Reading:
    """Who reads a letter, and in which zone. `first_name` is how they are greeted.

    `can_sign_in` says that the pages of appointments open for them.
    """

    zone: str
    first_name: str
    is_therapist: bool
    can_sign_in: bool
    stop_link: str = ""


def line_of(session: Session, kind: str, was_at: datetime | None = None) -> Line:
    """Return the line of a session that is read with its people."""
    people = session.people
    return Line(session, kind, in_words(p.first_name for p in people if not p.is_erased), was_at)


def letter(kind: str, lines: Sequence[Line], reader: Reading) -> Letter:
    """Return the letter about these appointments; there is at least one."""
    with timezone.override(ZoneInfo(reader.zone)):
        return _letter(kind, lines, reader)


def _letter(kind: str, lines: Sequence[Line], reader: Reading) -> Letter:
    first, is_one = lines[0].session, len(lines) == 1
    says_each = len({line.kind for line in lines}) > 1 or kind == Kind.SUMMARY
    made = Letter(
        title=subject(kind, lines),
        preheader=f"{span(first.starts_at, first.ends_at)}, {zone_name(reader.zone)}",
        greeting=f"Hello {reader.first_name}" if reader.first_name else "Hello",
        opening=_opening(kind, lines, reader, says_each),
        appointments=[_appointment(line, reader, says_each) for line in lines],
        footnotes=[_why(first.therapist, kind, reader)],
        stop_link=reader.stop_link,
    )
    if reader.can_sign_in:
        path = reverse("session", args=[first.public_id]) if is_one else reverse("home")
        made.link = whole(path)
        made.link_words = "Open the appointment" if is_one else "Open your appointments"
        made.settings_link = whole(reverse("messages" if reader.is_therapist else "my_messages"))
    made.closing = list(filter(None, [_until(lines, reader)]))
    return made


def subject(kind: str, lines: Sequence[Line]) -> str:
    """Return the subject, in the active zone."""
    first, number = lines[0].session, len(lines)
    when = soon(first.starts_at)
    if kind == Kind.SUMMARY:
        return f"{number} changes to your appointments" if number > 1 else "A change of appointment"
    if number > 1:
        return {
            Kind.BOOKED: f"{number} appointments from {when}",
            Kind.CANCELLED: f"{number} appointments cancelled, from {when}",
            Kind.REMINDER: f"Reminder: {number} appointments from {when}",
        }.get(Kind(kind), f"Changes to {number} appointments, from {when}")
    return {
        Kind.MOVED: f"Appointment moved to {when}",
        Kind.CANCELLED: f"Appointment cancelled: {when}",
        Kind.PUT_BACK: f"Appointment takes place after all: {when}",
        Kind.PLACE: f"Appointment on {when}: where it takes place",
        Kind.REMINDER: f"Reminder: appointment on {when}",
    }.get(Kind(kind), f"Appointment on {when}")


def _opening(kind: str, lines: Sequence[Line], reader: Reading, says_each: bool) -> str:
    """Return the sentence above the appointments, if there is any."""
    first = Kind(lines[0].kind)
    if len(lines) == 1:
        is_new = reader.is_therapist and first == Kind.BOOKED
        return "This appointment has been booked:" if is_new else FIRST.get(first, "")
    if says_each:
        return "These appointments have changed:"
    return {
        Kind.BOOKED: f"These {len(lines)} appointments have been booked:",
        Kind.CANCELLED: f"These {len(lines)} appointments have been cancelled:",
        Kind.REMINDER: "A reminder of your appointments:",
    }.get(first, "These appointments have changed:")


def _appointment(line: Line, reader: Reading, says_each: bool) -> dict[str, str]:
    """Return what stands of an appointment: its day, its time, and what else there is to know."""
    session = line.session
    whom = line.people if reader.is_therapist else session.therapist.name
    link = link_of(session.place)
    return {
        "kind": DONE[Kind(line.kind)] if says_each else "",
        "day": weekday(session.starts_at),
        "time": span(session.starts_at, session.ends_at),
        "zone": _zones(session.starts_at, reader.zone, session.therapist.time_zone),
        "was": f"It was to be {soon(line.was_at)}." if line.was_at else "",
        "whom": f"With {whom}",
        "place": "" if line.kind == Kind.CANCELLED or link else session.place,
        "place_link": "" if line.kind == Kind.CANCELLED else link,
    }


def _zones(at: datetime, zone: str, other: str) -> str:
    """Return the reader's zone, with the therapist's time where clocks differ there then."""
    here, there = (at.astimezone(ZoneInfo(name)).utcoffset() for name in (zone, other))
    said = zone_name(zone)
    return said if here == there else f"{said} ({clock_in(at, other)})"


def _until(lines: Sequence[Line], reader: Reading) -> str:
    """Say until when a client can move it; how to reach the therapist where they cannot sign in."""
    first = lines[0].session
    if reader.is_therapist or all(line.kind == Kind.CANCELLED for line in lines):
        return ""
    if not reader.can_sign_in:
        return f"To move or cancel, write or call {first.therapist.name}."
    if len(lines) > 1:
        return "You can move or cancel each of them there."
    latest = first.starts_at - timedelta(hours=rules_of(first.therapist).notice_hours)
    if latest <= timezone.now():
        return "You can cancel it there until it begins."
    return f"You can move it there until {soon(latest)}, and cancel it until it begins."


def _why(therapist: Therapist, kind: str, reader: Reading) -> str:
    """Say why somebody gets this, and where a reply goes."""
    if reader.is_therapist:
        return f"You get this because a client booked or changed it on {settings.SERVICE_NAME}."
    contact = getattr(therapist, "contact", None)  # there may be none
    reply = f"A reply goes to {therapist.name}. " if contact and contact.email else ""
    because = "you have" if kind == Kind.REMINDER else "of"
    return f"{reply}You get this because {because} an appointment on {settings.SERVICE_NAME}."
