"""Sessions: one appointment of a relationship each."""

from practice.diary.models.queryset import SessionQuerySet
from practice.diary.models.session import Session

__all__ = ["Session", "SessionQuerySet"]
