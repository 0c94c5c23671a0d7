"""Messages about sessions: what is to be sent, what was, and what it told."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Count, Min, Q
from django.utils import timezone

from clients.models import Client, Reminders
from practice.accounts.models import Therapist
from practice.diary.models import Session

NEVER_WITHOUT = [Reminders.USUAL]  # what a therapist has to choose


class MessageSettings(models.Model):
    """Of which messages a therapist wants to know, and when their clients are reminded."""

    class Way(models.TextChoices):
        """How a therapist is told what their clients do."""

        AT_ONCE = "at_once", "At once"
        DAILY = "daily", "Once a day, at 6pm"
        NEVER = "never", "Never. I look at Today."

    therapist = models.OneToOneField(
        Therapist, models.CASCADE, related_name="message_settings", primary_key=True
    )
    reminders = models.CharField(
        max_length=5,
        choices=[choice for choice in Reminders.choices if choice[0] not in NEVER_WITHOUT],
        default=Reminders.DAY,
    )
    # When the practice came in an archive: nobody is reminded of what was booked before.
    reminds_from = models.DateTimeField(null=True, blank=True)
    way = models.CharField(max_length=7, choices=Way.choices, default=Way.AT_ONCE)
    tells_booked = models.BooleanField("Books", default=True)
    tells_moved = models.BooleanField("Moves", default=True)
    tells_cancelled = models.BooleanField("Cancels", default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(way__in=["at_once", "daily", "never"]), name="known_way_of_telling"
            ),
            models.CheckConstraint(
                condition=Q(reminders__in=["none", "2", "24", "48", "24,2", "48,2", "48,24"]),
                name="known_usual_reminders",
            ),
        ]

    def __str__(self) -> str:
        return f"Message settings of {self.therapist}"

    @classmethod
    def of(cls, therapist: Therapist) -> Self:
        """Return what a therapist has chosen, or the usual choice."""
        return cls.objects.filter(therapist=therapist).first() or cls(therapist=therapist)

    def wants(self, kind: str) -> bool:
        """Whether the therapist wants to be told of this."""
        wanted = {
            Message.Kind.BOOKED: self.tells_booked,
            Message.Kind.PUT_BACK: self.tells_booked,
            Message.Kind.MOVED: self.tells_moved,
            Message.Kind.PLACE: self.tells_moved,
            Message.Kind.CANCELLED: self.tells_cancelled,
        }
        return self.way != self.Way.NEVER and wanted[Message.Kind(kind)]


class MessageQuerySet(models.QuerySet):
    """Messages, as the sender speaks of them."""

    def waiting(self) -> Self:
        return self.filter(state=Message.State.WAITING)

    def untouched(self) -> Self:
        """Waiting ones that surely have not reached anybody."""
        return self.waiting().filter(in_doubt=False)


class Message(models.Model):
    """One message about sessions to one receiver: to a client, or, without one, to the therapist.

    It is written before it is sent. While it is being handed to the mail server it is `in_doubt`:
    should the server be killed then, nobody knows whether it has arrived, and it is sent again,
    with the same Message-ID. What ends in doubt may have arrived.
    """

    class Kind(models.TextChoices):
        """What it is about, as its line in the log of a session says."""

        BOOKED = "booked", "Booked"
        MOVED = "moved", "Moved"
        CANCELLED = "cancelled", "Cancelled"
        PUT_BACK = "put_back", "Put back"
        PLACE = "place", "Place changed"
        CHANGES = "changes", "Several changes"
        SUMMARY = "summary", "Changes of a day"
        REMINDER = "reminder", "Reminder"

    class State(models.TextChoices):
        """What became of it. The mail server may still fail to deliver what it has taken."""

        WAITING = "waiting", "Waiting to be sent"
        SENT = "sent", "Handed to the mail server"
        FAILED = "failed", "Could not be delivered"
        DROPPED = "dropped", "No longer needed"

    therapist = models.ForeignKey(
        Therapist, models.PROTECT, db_index=False, related_name="messages"
    )
    client = models.ForeignKey(
        Client, models.CASCADE, null=True, blank=True, related_name="messages"
    )
    kind = models.CharField(max_length=9, choices=Kind.choices)
    address = models.EmailField()
    message_id = models.CharField(max_length=200, unique=True)
    created_at = models.DateTimeField()
    # DTSTAMP of its events: later than that of whatever told the same receiver of them before,
    # also where the clock was set back.
    stamp = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    in_doubt = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    # When it is tried next; while it is being tried, from when somebody else may try.
    next_attempt_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "sent", "failed", "dropped"]),
                name="known_state_of_a_message",
            ),
            models.CheckConstraint(
                condition=~Q(state="waiting") | Q(next_attempt_at__isnull=False),
                name="what_waits_has_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
                name="what_was_sent_has_a_moment",
            ),
        ]
        indexes = [
            models.Index(  # few
                fields=["therapist", "next_attempt_at"],
                condition=Q(state="waiting"),
                name="message_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"Message {self.message_id}"

    @property
    def may_have_arrived(self) -> bool:
        return self.in_doubt or self.state == self.State.SENT

    @property
    def person_id(self) -> int | None:
        """Whose it is, with whichever record of theirs; None if it is the therapist's."""
        return self.client.person_id if self.client else None

    @property
    def is_to_therapist(self) -> bool:
        return self.client_id is None


class Told(models.Model):
    """What a message tells of one session: in the end, what its receiver knows of it."""

    therapist = models.ForeignKey(Therapist, models.PROTECT, db_index=False, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, related_name="told")
    session = models.ForeignKey(Session, models.CASCADE, related_name="told")
    kind = models.CharField(max_length=9, choices=Message.Kind.choices)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    place = models.CharField(max_length=200, blank=True)
    is_cancelled = models.BooleanField(default=False)
    # Of a reminder, so many hours before; None of any other message.
    hours_before = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "session"], name="told_once_in_a_message")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.session_id}"

    def is_still_so(self, session: Session) -> bool:
        """Whether a session is as this tells it."""
        told = (self.starts_at, self.ends_at, self.place, self.is_cancelled)
        return told == as_told(session)


def as_told(session: Session) -> tuple[datetime, datetime, str, bool]:
    """Return all of a session that its receivers are told, as `Told` keeps it."""
    return (session.starts_at, session.ends_at, session.place, not session.stands)


class Waiting(models.Model):
    """That something of a therapist waits to be told or sent: a view (`0001_views.sql`).

    Nothing of what it is. Whoever sends, sees by it whose turn it is.
    """

    id = models.BigIntegerField(primary_key=True)
    therapist = models.ForeignKey(Therapist, models.DO_NOTHING, related_name="+")
    at = models.DateTimeField()

    class Meta:
        managed = False

    def __str__(self) -> str:
        return f"Waiting {self.pk}"

    @classmethod
    def depth(cls) -> tuple[int, datetime | None]:
        """Return how much waits, and since when the oldest of it is due."""
        found = cls.objects.aggregate(number=Count("pk"), since=Min("at"))
        return found["number"], found["since"]

    @classmethod
    def therapists(cls) -> list[int]:
        """Return the therapists of whom something is due now."""
        due = cls.objects.filter(at__lte=timezone.now()).order_by("therapist")
        return list(due.values_list("therapist", flat=True).distinct())
