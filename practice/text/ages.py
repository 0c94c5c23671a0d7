"""How long ago something was; the one rule for clocks that are set back.

A moment that lies ahead of the clock has no age. Whatever holds only for a while after it (a
session, the undoing of an ending, an invitation) does not hold: how long it has held cannot be
known.
"""

from datetime import datetime, timedelta

from django.db.models import Q

LEEWAY = timedelta(minutes=1)  # by which the clocks of two machines may differ


def is_fresh(moment: datetime, within: timedelta, now: datetime) -> bool:
    """Whether a moment is less than `within` ago, and not ahead of the clock."""
    return -LEEWAY <= now - moment < within


def fresh(column: str, within: timedelta, now: datetime) -> Q:
    """Return the same as a condition on a column."""
    return Q((f"{column}__gt", now - within), (f"{column}__lte", now + LEEWAY))
