"""What pages say of messages: beforehand, who gets one, and afterwards, what was sent."""

from django import template
from django.conf import settings

from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from practice.notifications.models import Message, MessageSettings
from practice.notifications.receivers import receivers_of, with_receivers
from practice.text.spoken import in_words, some_in_words
from relationships.models import Relationship

register = template.Library()  # always loaded

MOST_SHOWN = 50  # messages about one session
SORRY = "will not get a message, so let them know."
SEES_IT = "gets no message, but sees it here."


def who_is_told(relationship: Relationship, reader: User, kind: str) -> str:
    """Say who gets a message of what the reader is about to do to a session of this work."""
    if reader.pk != relationship.therapist.user_id:
        name, is_told = relationship.therapist.first_name, _is_told(relationship.therapist, kind)
        otherwise = SORRY if kind == Message.Kind.CANCELLED else SEES_IT
        return f"{name} {'gets a message.' if is_told else otherwise}"
    (work,) = with_receivers(Relationship.objects.filter(pk=relationship.pk))
    people = [person for person in work.people if not person.is_erased]
    told = {receiver.client_id for receiver in receivers_of(work)} if _sends() else set()
    return told_and_not(
        [person.first_name for person in people if person.pk in told],
        [person.first_name for person in people if person.pk not in told],
    )


def told_and_not(told: list[str], others: list[str]) -> str:
    """Say who of these people gets a message; of who does not, everybody is named."""
    gets = "get a message." if len(told) > 1 else "gets a message."
    said = [f"{some_in_words(told)} {gets}"] if told else []
    return " ".join([*said, f"{in_words(others)} {SORRY}"] if others else said)


def _sends() -> bool:
    return bool(settings.SENDS_MESSAGES)


def _is_told(therapist: Therapist, kind: str) -> bool:
    return _sends() and therapist.user.is_active and MessageSettings.of(therapist).wants(kind)


def log_of(session: Session, reader: User) -> list[Message]:
    """Return what was sent about a session, the oldest first: to whom the reader may know.

    Of more than `MOST_SHOWN` the latest, and one before them.
    """
    sent = Message.objects.filter(told__session=session).exclude(state=Message.State.DROPPED)
    if reader.pk != session.therapist.user_id:
        sent = sent.filter(client__in=reader.clients.values("pk"))
    latest = sent.select_related("client").order_by("-created_at", "-pk")[: MOST_SHOWN + 1]
    return list(latest)[::-1]


@register.simple_tag(takes_context=True)
def told_of(context: template.Context, kind: str, session: str = "", relationship: str = "") -> str:
    """Say who gets a message: `{% told_of "cancelled" session=appointment.public_id %}`.

    By the public id of a session, or of the relationship that one is to be booked in; the page
    has shown it to its reader. Nothing of what is put back before its cancelling was told: then
    nobody gets a message of either.
    """
    work = Relationship.objects.select_related("therapist__user")
    if kind == Message.Kind.PUT_BACK:
        found = work.filter(sessions__public_id=session, sessions__tell_at=None)
    elif session:
        found = work.filter(sessions__public_id=session)
    else:
        found = work.filter(public_id=relationship)
    return "".join(who_is_told(one, context["request"].user, kind) for one in found[:1])


@register.inclusion_tag("notifications/_log.html", takes_context=True)
def sent_about(context: template.Context, session: str) -> dict[str, object]:
    """Show what was sent about a session: `{% sent_about appointment.public_id %}`."""
    reader = context["request"].user
    appointment = Session.objects.select_related("therapist").get(public_id=session)
    sent = log_of(appointment, reader)
    return {
        "messages": sent[-MOST_SHOWN:],
        "most_shown": MOST_SHOWN if len(sent) > MOST_SHOWN else 0,
        "waits": appointment.tell_at is not None,
        "is_therapist": reader.pk == appointment.therapist.user_id,
        "grace": settings.MESSAGE_GRACE,
        "failed": Message.State.FAILED,
        "sent": Message.State.SENT,
    }
