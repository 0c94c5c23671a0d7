"""Sessions: one appointment of a relationship each.

What a session is and does stands in a module for each subject: its columns and how it is booked
(`base`), what can be read of it (`state`), then `moving`, `cancelling`, `series` and `attending`.
"""

from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, CompiledQuery, Given
from practice.diary.models.attending import AttendedSession
from practice.diary.models.queryset import SessionQuerySet, SessionState
from practice.diary.models.series import SessionInSeries
from relationships.models import Relationship


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


def _of_work(given: Given) -> SessionQuerySet:
    return Session.objects.filter(relationship__pk=given("relationship"))


UPCOMING = CompiledQuery(lambda given: _of_work(given).upcoming(given("now", MOMENT)))
ATTENDED = CompiledQuery(lambda given: _of_work(given).attended().values_list("starts_at"))


def upcoming_of(relationship: Relationship) -> list[Session]:
    """Return what is booked of some work and has not ended, the next first."""
    sessions: list[Session] = UPCOMING.instances(relationship=relationship.pk, now=timezone.now())
    for session in sessions:
        session.relationship = relationship
    return sessions


def when_attended(relationship: Relationship) -> list[datetime]:
    """Return when the sessions of some work began that took place."""
    return [at for (at,) in ATTENDED.rows(relationship=relationship.pk)]


def _of_people(given: Given) -> SessionQuerySet:
    own = Session.objects.filter(therapist=given("therapist"))
    return own.of_person_ids(given("people")).upcoming(given("now", MOMENT))[:1]


NEXT = CompiledQuery(_of_people)


def next_session_of(person: Client) -> Session | None:
    """Return the next session of a person with their therapist, with whichever record."""
    found = NEXT.instances(
        therapist=person.therapist_id, people=[person.person_id], now=timezone.now()
    )
    return found[0] if found else None


WAITING = CompiledQuery(lambda given: Session.objects.number_waiting(given))


def number_needing_attention(therapist: Therapist, now: datetime, today: date) -> int:
    """Count what `needing_attention` is."""
    since = now - timedelta(weeks=therapist.tidy_up_weeks)
    counted = WAITING.rows(therapist=therapist.pk, since=since, today=today)
    return counted[0][0] if counted else 0
