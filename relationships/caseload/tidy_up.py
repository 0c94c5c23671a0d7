"""A tidy caseload: the app suggests, the therapist decides (`docs/domain.md` 2.10, 2.11)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from relationships.models import Event, Participation, Relationship, RelationshipQuerySet
from relationships.models.choices import EndReason

ASK_AGAIN_AFTER = timedelta(weeks=4)


def needing_attention(therapist: Therapist, now: datetime, today: date) -> RelationshipQuerySet:
    """Return a therapist's active relationships to look at (`docs/domain.md` 2.10, 2.11).

    Those with nothing booked and no session held for the therapist's number of weeks, and those
    whose planned last day has come; unless they are on a break or were put off.
    """
    since = now - timedelta(weeks=therapist.tidy_up_weeks)
    held = therapist.sessions.held(now).filter(ends_at__gt=since)
    begun = therapist.events.filter(
        at__gt=since, kind__in=[Event.Kind.STARTED, Event.Kind.RESTARTED, Event.Kind.END_UNDONE]
    )
    lately = (
        Q(pk__in=therapist.sessions.upcoming(now).values("relationship"))
        | Q(pk__in=held.values("relationship"))
        | Q(pk__in=begun.values("relationship"))
    )
    put_off = Q(on_break_until__gt=today) | Q(ask_again_on__gt=today)
    active = therapist.relationships.active()
    return active.filter(~put_off, ~lately | Q(planned_end__lte=today))


def not_yet(relationship: Relationship, today: date, by: User) -> bool:
    """Put the question off for four weeks; answer whether the relationship is still active."""
    return _note(relationship, by, ask_again_on=today + ASK_AGAIN_AFTER)


def take_a_break(relationship: Relationship, until: date, by: User) -> bool:
    """Note a break until a day; answer whether the relationship is still active."""
    return _note(relationship, by, on_break_until=until)


def plan_end(relationship: Relationship, day: date | None, by: User) -> bool:
    """Note the day of the last session, or none; answer whether it is still active."""
    return _note(relationship, by, planned_end=day)


def end(relationship: Relationship, reason: EndReason, by: User) -> bool:
    """End a relationship of the list; answer whether it was still active."""
    try:
        relationship.end(by=by, reason=reason)
    except Relationship.AlreadyDone:
        return False
    return True


def lock_people(relationships: Iterable[Relationship]) -> None:
    """Lock everybody who takes part, before several relationships are changed at once.

    Of two lists that are sent at once one waits, and neither for ever.
    """
    parts = Participation.objects.filter(relationship__in=relationships)
    list(Client.objects.filter(pk__in=parts.values("client")).locked())


@transaction.atomic
def _note(relationship: Relationship, by: User, **note: date | None) -> bool:
    is_active = bool(Relationship.objects.active().filter(pk=relationship.pk).update(**note))
    if is_active:
        therapist = relationship.therapist_id
        Entry.record(Verb.PLANS_NOTED, by=by, therapist=therapist, about=relationship)
    return is_active
