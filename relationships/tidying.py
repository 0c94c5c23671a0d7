"""Keeping the caseload tidy: the app suggests, the therapist decides (`domain.md` 2.10, 2.11)."""

from datetime import date, timedelta

from practice.accounts.models import User
from relationships.models import Relationship
from relationships.reasons import EndReason

ASK_AGAIN_AFTER = timedelta(weeks=4)


def not_yet(tie: Relationship, today: date) -> bool:
    """Put the question off for four weeks; answer whether the relationship is still active."""
    return _note(tie, ask_again_on=today + ASK_AGAIN_AFTER)


def take_a_break(tie: Relationship, until: date) -> bool:
    """Note a break until a day; answer whether the relationship is still active."""
    return _note(tie, on_break_until=until)


def plan_end(tie: Relationship, day: date | None) -> bool:
    """Note the day of the last session, or none; answer whether it is still active."""
    return _note(tie, planned_end=day)


def end(tie: Relationship, reason: EndReason, by: User) -> bool:
    """End a relationship of the list; answer whether it was still active."""
    try:
        tie.end(by=by, reason=reason)
    except Relationship.AlreadyDone:
        return False
    return True


def _note(tie: Relationship, **note: date | None) -> bool:
    return bool(Relationship.objects.active().filter(pk=tie.pk).update(**note))
