"""The messages of the demo, read from their files as a mail program reads them."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

from icalendar import Calendar

from practice.notifications.files import folder

MOST = 50


@dataclass(frozen=True)
class Sent:
    """A message: who wrote to whom, what it says, and what it does to a calendar."""

    file: str
    sender: str
    to: str
    subject: str
    text: str
    events: list[str]


def letters_sent() -> list[Sent]:
    """Return the latest messages, the newest first."""
    files = sorted(folder().glob("*.eml"), reverse=True)[:MOST]
    return [_sent(file.name, file.read_bytes()) for file in files]


def _sent(name: str, content: bytes) -> Sent:
    message: EmailMessage = message_from_bytes(content, policy=policy.default)
    body = message.get_body(("plain",))
    parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
    return Sent(
        file=name,
        sender=parseaddr(message["From"])[0],
        to=message["To"],
        subject=message["Subject"],
        text=body.get_content() if body else "",
        events=[words for part in parts for words in _events(part.get_payload(decode=True))],
    )


def _events(file: object) -> list[str]:
    """Say what a calendar does with an invitation."""
    calendar = Calendar.from_ical(file if isinstance(file, bytes) else b"")
    said = []
    events: list[Any] = calendar.walk("VEVENT")
    for event in events:
        does = "takes out" if calendar["METHOD"] == "CANCEL" else "shows"
        said.append(f"{does} “{event['SUMMARY']}”, version {event['SEQUENCE']}")
    return said
