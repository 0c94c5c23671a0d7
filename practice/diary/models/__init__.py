"""Sessions: one appointment of a relationship each."""

from practice.diary.models.queryset import SessionQuerySet, TakenTime, needing_attention
from practice.diary.models.session import Session

__all__ = ["Session", "SessionQuerySet", "TakenTime", "needing_attention"]
