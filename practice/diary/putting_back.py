"""Who may have a cancelled session back, and when that is offered."""

from datetime import timedelta

from django.utils import timezone

from practice.accounts.models import User
from practice.booking.models import is_free, rules_of
from practice.diary.models import Session
from practice.text.spoken import is_fresh

UNDO_WITHIN = timedelta(minutes=15)


def may_put_back(appointment: Session, account: User) -> bool:
    """Whether somebody may have it back as far as its therapist's booking rules say.

    A therapist may. A client may for a quarter of an hour, because a finger slips, and after that
    as long as they could book the time anew.
    """
    therapist, now = appointment.therapist, timezone.now()
    if account.pk == therapist.user_id:
        return True
    rules = rules_of(therapist)
    if appointment.booked_by_id == account.pk and rules.is_full_for(account):
        return False
    is_slip = is_fresh(appointment.cancelled_at or now, UNDO_WITHIN, now)
    return is_slip or is_free(therapist, appointment.starts_at, now, rules)


def offer(appointment: Session, account: User) -> dict[str, bool]:
    """Return what a page says of putting it back: that it can be, or that its time is taken."""
    is_there = appointment.can_be_put_back_by(account)
    is_taken = is_there and appointment.is_time_taken()
    can = is_there and not is_taken and may_put_back(appointment, account)
    return {"can_put_back": can, "is_time_taken": is_taken}
