"""Sessions: one appointment of a relationship each.

What a session is and does stands in a module for each subject: its columns and how it is booked
(`base`), what can be read of it (`state`), then `moving`, `cancelling`, `series` and `attending`.
"""

from django.db import models
from django.db.models import F, Q

from practice.diary.models.attending import AttendedSession
from practice.diary.models.queryset import SessionState
from practice.diary.models.series import SessionInSeries


class Session(SessionInSeries, AttendedSession):
    """One appointment; ending its relationship never changes it (`docs/domain.md` 2.3)."""

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["relationship", "key"], name="a_form_books_once"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(state__in=SessionState.values), name="known_session_state"
            ),
            models.CheckConstraint(
                condition=Q(
                    state="cancelled", cancelled_at__isnull=False, cancelled_by__isnull=False
                )
                | (~Q(state="cancelled") & Q(cancelled_at__isnull=True, cancelled_by__isnull=True)),
                name="cancelled_means_moment_and_person",
            ),
            models.CheckConstraint(
                condition=Q(moved_at__isnull=True, moved_by__isnull=True, moved_from__isnull=True)
                | Q(moved_at__isnull=False, moved_by__isnull=False, moved_from__isnull=False),
                name="moved_means_moment_person_and_time_before",
            ),
            models.CheckConstraint(
                condition=Q(number_missed=0) | Q(state__in=["booked", "attended"]),
                name="some_missed_what_others_may_have_attended",
            ),
        ]
        indexes = [
            models.Index(  # which work has had a session lately, without a look at the rows
                fields=["therapist", "starts_at", "ends_at", "state", "relationship"],
                name="session_diary",
            ),
            models.Index(  # the next and the last one of some work, without a look at the rows
                fields=["relationship", "starts_at", "ends_at", "state", "therapist"],
                name="session_of_relationship",
            ),
            models.Index(  # few: those to come, and those of which nobody has said who came
                fields=["therapist", "starts_at", "ends_at", "relationship"],
                condition=Q(state="booked"),
                name="session_booked",
            ),
            models.Index(  # few: those of which somebody has yet to be told
                fields=["therapist", "tell_at"],
                condition=Q(tell_at__isnull=False),
                name="session_to_tell",
            ),
            # For the figures of the last 60 days.
            models.Index(fields=["therapist", "booked_at"], name="session_booked_at"),
            models.Index(
                fields=["therapist", "last_own_move"],
                condition=Q(last_own_move__isnull=False),
                name="session_moved_unasked",
            ),
            models.Index(
                fields=["therapist", "cancelled_at"],
                condition=Q(cancelled_at__isnull=False),
                name="session_cancelled",
            ),
        ]
