"""Sessions: one appointment of a relationship each."""

from practice.diary.models.queryset import SessionQuerySet, needing_attention
from practice.diary.models.session import Session
from practice.diary.models.taken_time import TakenTime

__all__ = ["Session", "SessionQuerySet", "TakenTime", "needing_attention"]
