"""A tidy caseload: the app suggests, the therapist decides (`docs/domain.md` 2.10, 2.11)."""

from datetime import date, timedelta

from django.db import transaction

from practice.accounts.models import User
from practice.audit.models import Entry, Verb
from relationships.models import Relationship
from relationships.models.reasons import EndReason

ASK_AGAIN_AFTER = timedelta(weeks=4)


def not_yet(tie: Relationship, today: date, by: User) -> bool:
    """Put the question off for four weeks; answer whether the relationship is still active."""
    return _note(tie, by, ask_again_on=today + ASK_AGAIN_AFTER)


def take_a_break(tie: Relationship, until: date, by: User) -> bool:
    """Note a break until a day; answer whether the relationship is still active."""
    return _note(tie, by, on_break_until=until)


def plan_end(tie: Relationship, day: date | None, by: User) -> bool:
    """Note the day of the last session, or none; answer whether it is still active."""
    return _note(tie, by, planned_end=day)


def end(tie: Relationship, reason: EndReason, by: User) -> bool:
    """End a relationship of the list; answer whether it was still active."""
    try:
        tie.end(by=by, reason=reason)
    except Relationship.AlreadyDone:
        return False
    return True


@transaction.atomic
def _note(tie: Relationship, by: User, **note: date | None) -> bool:
    Entry.hold(tie.therapist_id)
    is_active = bool(Relationship.objects.active().filter(pk=tie.pk).update(**note))
    if is_active:
        Entry.record(Verb.PLANS_NOTED, by=by, therapist=tie.therapist_id, about=tie)
    return is_active
