"""Sessions: one appointment of a relationship each."""

from practice.diary.models.attendance import Attendance
from practice.diary.models.feed import CalendarFeed
from practice.diary.models.news import News, Unread
from practice.diary.models.queryset import (
    NOT_SHOWN,
    VACANT,
    SessionQuerySet,
    TakenTime,
    needing_attention,
    next_session_of,
    number_needing_attention,
    upcoming_of,
    when_attended,
)
from practice.diary.models.session import Session

__all__ = [
    "NOT_SHOWN",
    "VACANT",
    "Attendance",
    "CalendarFeed",
    "News",
    "Session",
    "SessionQuerySet",
    "TakenTime",
    "Unread",
    "needing_attention",
    "next_session_of",
    "number_needing_attention",
    "upcoming_of",
    "when_attended",
]
