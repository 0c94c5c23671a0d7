"""What happened in a relationship, line by line; the episodes that makes; the record of an erasure.

An episode is a stretch of work from a start or restart to an end. An ending that was undone did not
happen; a corrected reason is the last that was given.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Verb
from practice.database.compiled import CompiledQuery, Given
from relationships.models.choices import EndReason
from relationships.models.choices import Kind as WorkKind

NOTE_LENGTH = 2000


class Event(models.Model):
    """One line of a relationship's history. Never changed, never deleted.

    `at` is when it happened; of `END_DATED`, when the ending that it corrects did, and of
    `START_DATED`, when the work began.

    The database sees to it (`migrations/0001_rules.*.sql`). The one exception is the erasure of a
    person: see `Erasure`.
    """

    class Kind(models.TextChoices):
        STARTED = "started", "Relationship started"
        ENDED = "ended", "Relationship ended"
        RESTARTED = "restarted", "Relationship restarted"
        END_UNDONE = "end_undone", "Ending undone"
        CORRECTED = "corrected", "Reason corrected"
        END_DATED = "end_dated", "Moment of the ending corrected"
        START_DATED = "start_dated", "Start corrected"
        JOINED = "joined", "Joined"
        LEFT = "left", "Left"

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="events")
    relationship = models.ForeignKey("Relationship", models.PROTECT, related_name="events")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=EndReason.choices, blank=True)
    # Who joined or left, and as which kind the work goes on if that is another.
    client = models.ForeignKey(Client, models.PROTECT, null=True, blank=True, related_name="+")
    goes_on_as = models.CharField(max_length=12, choices=WorkKind.choices, blank=True)
    note = models.TextField(max_length=NOTE_LENGTH, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["ended", "corrected", "end_dated"], reason__in=EndReason.values
                )
                | Q(
                    kind__in=[
                        *("started", "restarted", "end_undone", "start_dated"),
                        *("joined", "left"),
                    ],
                    reason="",
                    note="",
                ),
                name="event_has_a_reason_when_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["joined", "left"], client__isnull=False)
                | ~Q(kind__in=["joined", "left"]) & Q(client__isnull=True, goes_on_as=""),
                name="somebody_joins_or_leaves",
            ),
        ]
        indexes = [
            models.Index(
                fields=["relationship", "id"],
                include=["kind", "at", "reason", "therapist"],  # of which episodes are made
                name="event_history",
            ),
            models.Index(  # which work was begun lately; only an end has a reason
                fields=["therapist", "at", "relationship", "kind", "reason"],
                condition=Q(reason=""),
                name="event_begun",
            ),
        ]

    def __str__(self) -> str:
        who = f"{self.client.person.name} " if self.client else ""
        return f"{who}{self.get_kind_display().lower() if who else self.get_kind_display()}"


VERBS = {
    Event.Kind.STARTED: Verb.RELATIONSHIP_STARTED,
    Event.Kind.ENDED: Verb.RELATIONSHIP_ENDED,
    Event.Kind.RESTARTED: Verb.RELATIONSHIP_RESTARTED,
    Event.Kind.END_UNDONE: Verb.ENDING_UNDONE,
    Event.Kind.CORRECTED: Verb.REASON_CORRECTED,
    Event.Kind.END_DATED: Verb.ENDING_DATED,
    Event.Kind.START_DATED: Verb.START_DATED,
    Event.Kind.JOINED: Verb.SOMEBODY_JOINED,
    Event.Kind.LEFT: Verb.SOMEBODY_LEFT,
}


def _history(given: Given) -> models.QuerySet[Event]:
    lines = Event.objects.filter(relationship__pk=given("relationship")).order_by("-pk")
    return lines.select_related("by", "client__merged_into")


HISTORY = CompiledQuery(_history)


def history_of(relationship: Any) -> list[Event]:
    """Return the lines about some work, the latest first, with who did it and whom it is about."""
    lines: list[Event] = HISTORY.instances(relationship=relationship.pk)
    for line in lines:
        line.relationship = relationship
    return lines


class Erasure(models.Model):
    """An erasure record: this work was erased, or its notes were blanked. Never changed or deleted.

    The database lets go of a history only when such a row names it, and takes such a row only for
    work that has ended (`migrations/0001_rules.*.sql`). It holds numbers and no names.
    """

    class What(models.TextChoices):
        RELATIONSHIP = "relationship", "Relationship erased"
        NOTES = "notes", "Private notes blanked"

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="erasures")
    relationship = models.BigIntegerField()  # no key: the row it names is gone
    public_id = models.CharField(max_length=10)
    what = models.CharField(max_length=12, choices=What.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(what__in=["relationship", "notes"]), name="known_erasure"
            )
        ]
        indexes = [models.Index(fields=["relationship", "what"], name="erasure_of_relationship")]

    def __str__(self) -> str:
        return self.get_what_display()


@dataclass(frozen=True)
class Episode:
    """One stretch of work; `ended_at` and `reason` are empty while it goes on."""

    started_at: datetime
    ended_at: datetime | None = None
    reason: str = ""
    is_restart: bool = False

    def covers(self, moment: datetime) -> bool:
        """Whether the work was going on at that moment."""
        return self.started_at <= moment and (self.ended_at is None or moment < self.ended_at)


class Line(NamedTuple):
    """An event, as far as episodes are made of it."""

    kind: str
    at: datetime
    reason: str


def episodes(events: Iterable[Event | Line]) -> list[Episode]:
    """Return the episodes of one relationship, whose events these are, oldest first."""
    found: list[Episode] = []
    for event in events:
        if event.kind == Event.Kind.STARTED:
            found.append(Episode(event.at))
        elif event.kind == Event.Kind.RESTARTED:
            begun = max(event.at, found[-1].ended_at or event.at)  # a clock may be set back
            found.append(Episode(begun, is_restart=True))
        elif event.kind == Event.Kind.ENDED:
            ended = max(event.at, found[-1].started_at)
            found[-1] = replace(found[-1], ended_at=ended, reason=event.reason)
        elif event.kind == Event.Kind.END_UNDONE:
            found[-1] = replace(found[-1], ended_at=None, reason="")
        elif event.kind == Event.Kind.CORRECTED:
            found[-1] = replace(found[-1], reason=event.reason)
        elif event.kind == Event.Kind.END_DATED:
            found[-1] = replace(found[-1], ended_at=max(event.at, found[-1].started_at))
        elif event.kind == Event.Kind.START_DATED:
            found[0] = replace(found[0], started_at=event.at)
    return found


def sessions_in(stretches: list[Episode], held: Iterable[datetime]) -> list[int]:
    """Return the number of sessions held in each episode.

    A session recorded from before the first start belongs to the first; a follow-up between an end
    and a restart belongs to none.
    """
    numbers = [0] * len(stretches)
    for at in held:
        which = max(sum(episode.started_at <= at for episode in stretches) - 1, 0)
        if at < (stretches[which].ended_at or at + timedelta(1)):
            numbers[which] += 1
    return numbers
