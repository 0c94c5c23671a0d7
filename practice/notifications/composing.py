"""A message as it is handed to the mail server."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, SafeMIMEText
from django.template.loader import render_to_string

from practice.diary.calendar import title
from practice.notifications.invitations import NAME, invitation, method_of
from practice.notifications.letters import Letter, Line, Reading, letter, line_of
from practice.notifications.links import sender, whole
from practice.notifications.models import Message, Told
from practice.notifications.stopping import path_to_stop

MOST_REFERENCES = 10
WITHOUT_INVITATION = (Message.Kind.REMINDER, Message.Kind.SUMMARY)


def compose(message: Message, told: Sequence[Told]) -> EmailMultiAlternatives:
    """Return a message ready to be sent; its lines are read with their sessions (`for_messages`).

    Raises:
        ValueError: a header would hold a line break, or the address is none.
    """
    was_at = _known_before(message, told)
    lines = [line_of(one.session, one.kind, was_at.get(one.session_id)) for one in told]
    reader = reading(message, lines)
    words = letter(message.kind, lines, reader)
    mail = EmailMultiAlternatives(
        words.title,
        render_to_string("notifications/message.txt", {"letter": words}),
        from_header(),
        [message.address],
        headers=_headers(message, told, reader.stop_link),
        reply_to=_reply_to(message, lines),
    )
    mail.attach_alternative(as_html(words), "text/html")
    if message.kind not in WITHOUT_INVITATION:
        _invite(mail, message, lines)
    return mail


def _known_before(message: Message, told: Sequence[Told]) -> dict[int, datetime]:
    """Return when moved sessions were to start, as far as the receiver knows, by their numbers."""
    moved = {line.session_id: line.session for line in told if line.kind == Message.Kind.MOVED}
    if not moved:
        return {}
    lines = Told.objects.filter(session__in=moved, message__client__person_id=message.person_id)
    lines = lines.filter(message__pk__lt=message.pk).exclude(kind=Message.Kind.REMINDER)
    known = {pk: one.moved_from for pk, one in moved.items() if one.moved_from}
    for line in lines.select_related("message").order_by("pk"):
        if line.message.may_have_arrived:
            known[line.session_id] = line.starts_at
    return known


def from_header() -> str:
    """Return who a message is from: the service, whoever the therapist is."""
    return formataddr((settings.SERVICE_NAME, sender()))


def as_html(words: Letter) -> str:
    return render_to_string("notifications/message.html", {"letter": words})


def reading(message: Message, lines: Sequence[Line]) -> Reading:
    """Return who reads a message."""
    client, therapist = message.client, lines[0].session.therapist
    if client is None:
        return Reading(therapist.time_zone, therapist.first_name, True, True)
    is_reminder = message.kind == Message.Kind.REMINDER
    return Reading(
        zone=client.zone,
        first_name=client.first_name,
        is_therapist=False,
        can_sign_in=client.can_sign_in,
        stop_link=whole(path_to_stop(client)) if is_reminder else "",
    )


def _headers(message: Message, told: Sequence[Told], stop_link: str) -> dict[str, str]:
    headers = {"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"}
    before = Message.objects.filter(
        therapist=message.therapist_id,
        client__person_id=message.person_id,
        told__session=told[0].session_id,
        state=Message.State.SENT,
        pk__lt=message.pk,
    ).order_by("pk")
    ids = list(before.values_list("message_id", flat=True))
    if ids:  # the first, to which all belong, and the latest
        headers["References"] = " ".join([ids[0], *ids[1:][-MOST_REFERENCES:]])
        headers["In-Reply-To"] = ids[-1]
    if stop_link:
        headers["List-Unsubscribe"] = f"<{stop_link}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _reply_to(message: Message, lines: Sequence[Line]) -> list[str]:
    """Return where an answer goes: to the therapist, where they have said how they are reached."""
    contact = getattr(lines[0].session.therapist, "contact", None)  # there may be none
    is_reached = contact and contact.email and not message.is_to_therapist
    return [contact.email] if contact and is_reached else []


def summary(message: Message, line: Line) -> str:
    """Return what the receiver's calendar shows of a session, as far as they have chosen."""
    client = message.client
    names = client and any(record.calendar_names_therapist for record in client.records)
    return title(line.session, for_therapist=client is None, names_therapist=bool(names))


def _invite(mail: EmailMultiAlternatives, message: Message, lines: Sequence[Line]) -> None:
    """Add the invitation: the last alternative of a message about one session (RFC 6047).

    About several it is one attached file each: no calendar takes two events of one invitation.
    """
    for number, line in enumerate(lines, 1):
        part = invitation(
            line.session, summary(message, line), receiver=message.address, stamp=message.stamp
        )
        method = method_of(line.session)
        if len(lines) == 1:
            kind = f'text/calendar; method={method}; name="{NAME}"'
            mail.attach_alternative(part.decode(), kind)
        else:
            attached = SafeMIMEText(part.decode(), "calendar", "utf-8")
            attached.set_param("method", method)
            name = NAME.replace(".", f"-{number}.")
            attached.add_header("Content-Disposition", "attachment", filename=name)
            mail.attach(attached)
