"""Sessions, as the domain speaks of them: states, which are asked for, and who has had none.

What the pages that are opened all day ask of them is compiled, at the end.

Whoever wants a free time sees of a session no more than a `TakenTime`.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from django.apps import apps
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from clients.models import Client, person_ids
from practice.accounts.models import Therapist
from practice.database.compiled import DAY, MOMENT, CompiledQuery, Given
from relationships.models import (
    Event,
    Participation,
    Relationship,
    RelationshipQuerySet,
    takes_part_at,
)
from relationships.models.relationship import people_of

if TYPE_CHECKING:
    from practice.diary.models.session import Session

LONGEST = timedelta(hours=24)  # a rule of the database, too: migrations/0001_rules.*.sql


class SessionState(models.TextChoices):
    """What became of a session, as far as anybody has said so."""

    BOOKED = "booked", "Booked"
    ATTENDED = "attended", "Completed"
    MISSED = "missed", "Did not attend"
    CANCELLED = "cancelled", "Cancelled"
    NOT_HELD = "not_held", "Did not take place"
    MISTAKEN = "mistaken", "Recorded by mistake"


# What takes up no time: rules of the database say the same (migrations/0001_*.sql).
VACANT = [SessionState.CANCELLED, SessionState.NOT_HELD, SessionState.MISTAKEN]
# What is not in the diary: it did not take place, or was never meant.
NOT_SHOWN = [SessionState.NOT_HELD, SessionState.MISTAKEN]


class SessionQuerySet(models.QuerySet):
    """Sessions, as the domain speaks of them."""

    def standing(self) -> Self:
        """Sessions that take up their time, which those that are `VACANT` do not."""
        return self.exclude(state__in=VACANT)

    def booked(self) -> Self:
        return self.filter(state=SessionState.BOOKED)

    def ending_after(self, moment: datetime) -> Self:
        """Sessions that end after a moment, found by the index on when sessions start."""
        return self.filter(ends_at__gt=moment, starts_at__gt=moment - LONGEST)

    def upcoming(self, now: datetime | None = None) -> Self:
        """Booked sessions that have not ended, the next first."""
        return self.booked().ending_after(now or timezone.now()).order_by("starts_at")

    def held(self, now: datetime | None = None) -> Self:
        """Sessions that took place, the latest first: attended, or over and not yet answered.

        The first of them is the last session, wherever one is spoken of (`docs/domain.md` 3).
        """
        took_place = [SessionState.ATTENDED, SessionState.BOOKED]
        over = self.filter(state__in=took_place, ends_at__lte=now or timezone.now())
        return over.order_by("-starts_at")

    def past(self) -> Self:
        """Sessions that have ended, and those that do not stand, the latest first."""
        over = Q(ends_at__lte=timezone.now()) | Q(state__in=VACANT)
        return self.filter(over).order_by("-starts_at")

    def unanswered(self) -> Self:
        """Past sessions of which nobody has said whether the client came."""
        return self.booked().filter(ends_at__lte=timezone.now()).order_by("starts_at")

    def attended(self) -> Self:
        return self.filter(state=SessionState.ATTENDED)

    def of_clients(self, clients: Iterable[Client]) -> Self:
        """Sessions these people take part in, with whichever record, from joining to leaving."""
        return self.of_person_ids(person_ids(clients))

    def of_person_ids(self, people: Any) -> Self:
        """The same by the numbers of the people, or by places for them."""
        parts = Participation.objects.filter(client__person_id__in=people)
        then = parts.filter(
            takes_part_at(OuterRef("starts_at")), relationship=OuterRef("relationship")
        )
        return self.filter(Exists(then), relationship__in=parts.values("relationship"))

    def none_since(self, since: Any, therapist: Any, today: Any) -> RelationshipQuerySet:
        """Return the relationships that `needing_attention` is about, of a therapist's sessions.

        A session that stands and ends after then is to come, or was held; indexes alone answer it.
        """
        lasting = [SessionState.BOOKED, SessionState.ATTENDED]
        sessions = self.filter(state__in=lasting).ending_after(since)
        # Whatever has no reason began the work, or took it up again.
        events = Event.objects.filter(therapist=therapist, at__gt=since, reason="")
        lately = Q(pk__in=sessions.values("relationship")) | Q(pk__in=events.values("relationship"))
        put_off = Q(on_break_until__gt=today) | Q(ask_again_on__gt=today)
        active = Relationship.objects.filter(therapist=therapist).active()
        return active.filter(~put_off, ~lately | Q(planned_end__lte=today))

    def number_waiting(self, given: Given) -> models.QuerySet:
        """Ask how many need attention: of a `therapist`, with nothing `since` then, `today`."""
        therapist, since, today = given("therapist"), given("since", MOMENT), given("today", DAY)
        active = self.filter(therapist=therapist).none_since(since, therapist, today)
        return active.order_by().values("therapist").annotate(n=Count("pk")).values_list("n")

    def with_people(self) -> Self:
        """The same with what their lines show, in a constant number of queries."""
        lines = self.select_related("relationship", "therapist")
        return lines.prefetch_related(people_of("relationship__"))


class TakenTimeQuerySet(models.QuerySet):
    """Times that are taken."""

    def overlapping(self, starts_at: datetime | OuterRef, ends_at: datetime | OuterRef) -> Self:
        """Those that share any time with this one, which may be that of an outer query."""
        since = starts_at - LONGEST  # so that the index on when sessions start finds them
        return self.filter(starts_at__gt=since, starts_at__lt=ends_at, ends_at__gt=starts_at)


class TakenTime(models.Model):
    """The time of a session that stands, by its number: a view (`migrations/0001_views.sql`)."""

    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="taken_times")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    objects = TakenTimeQuerySet.as_manager()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"{self.starts_at} to {self.ends_at}"


def needing_attention(therapist: Therapist, now: datetime, today: date) -> RelationshipQuerySet:
    """Return a therapist's active relationships to look at (`docs/domain.md` 2.10, 2.11).

    Those with nothing booked and no session held for the therapist's number of weeks, and those
    whose planned last day has come; unless they are on a break or were put off.
    """
    since = now - timedelta(weeks=therapist.tidy_up_weeks)
    return therapist.sessions.all().none_since(since, therapist.pk, today)


def _sessions() -> SessionQuerySet:
    """Return all sessions; by name, because the model is made of this queryset."""
    every: SessionQuerySet = apps.get_model("diary.Session").objects.all()
    return every


def _of_work(given: Given) -> SessionQuerySet:
    return _sessions().filter(relationship__pk=given("relationship"))


UPCOMING = CompiledQuery(lambda given: _of_work(given).upcoming(given("now", MOMENT)))
ATTENDED = CompiledQuery(lambda given: _of_work(given).attended().values_list("starts_at"))


def upcoming_of(relationship: Relationship) -> "list[Session]":
    """Return what is booked of some work and has not ended, the next first."""
    sessions: list[Session] = UPCOMING.instances(relationship=relationship.pk, now=timezone.now())
    for session in sessions:
        session.relationship = relationship
    return sessions


def when_attended(relationship: Relationship) -> list[datetime]:
    """Return when the sessions of some work began that took place."""
    return [at for (at,) in ATTENDED.rows(relationship=relationship.pk)]


def _of_people(given: Given) -> SessionQuerySet:
    of_therapist = _sessions().filter(therapist=given("therapist"))
    return of_therapist.of_person_ids(given("people")).upcoming(given("now", MOMENT))[:1]


NEXT = CompiledQuery(_of_people)


def next_session_of(person: Client) -> "Session | None":
    """Return the next session of a person with their therapist, with whichever record."""
    found = NEXT.instances(
        therapist=person.therapist_id, people=[person.person_id], now=timezone.now()
    )
    return found[0] if found else None


WAITING = CompiledQuery(lambda given: _sessions().number_waiting(given))


def number_needing_attention(therapist: Therapist, now: datetime, today: date) -> int:
    """Count what `needing_attention` is."""
    since = now - timedelta(weeks=therapist.tidy_up_weeks)
    counted = WAITING.rows(therapist=therapist.pk, since=since, today=today)
    return counted[0][0] if counted else 0
