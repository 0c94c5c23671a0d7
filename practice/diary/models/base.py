"""A session as a row: what is kept of it, how it is booked, and how it is changed at all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, ProgrammingError, models, transaction
from django.db.models import Exists
from django.utils import timezone

from practice.accounts.access import Role
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.database.compiled import MOMENT, CompiledQuery
from practice.database.public_ids import PublicIdField
from practice.diary.models.attendance import Attendance
from practice.diary.models.news import News
from practice.diary.models.queryset import (
    VACANT,
    SessionQuerySet,
    SessionState,
    TakenTime,
    TakenTimeQuerySet,
)
from practice.text.person_names import no_control_characters
from practice.text.places import LENGTH, validate_place
from relationships.models import Relationship

NO_OVERLAP = "sessions_do_not_overlap"  # the name of the rule in migrations/0001_rules.*.sql
# SQLSTATE of PostgreSQL: whoever books has left in this very moment, after they were `allowed`.
NO_RIGHT = "42501"


class SessionBase(models.Model):
    """What is kept of a session, and how it is booked: each change is one conditional UPDATE."""

    State = SessionState

    class Taken(Exception):
        """The therapist has another session at that time. Nothing was booked or moved."""

    class AlreadyDone(Exception):
        """The session is no longer booked: cancelled, attendance known, or erased a moment ago."""

    class NotYet(Exception):
        """Attendance of a session that has not ended cannot be known."""

    class HasBegun(Exception):
        """It has begun: a client can no longer cancel it, and nobody can put it back."""

    class Changed(Exception):
        """It is not, or no longer, what the page said from which it was asked for."""

    therapist = models.ForeignKey(Therapist, models.PROTECT, related_name="sessions")
    public_id = PublicIdField()
    relationship = models.ForeignKey(Relationship, models.PROTECT, related_name="sessions")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.BOOKED)
    # How many of several people are said to have missed it (`Attendance`), if not everybody.
    number_missed = models.PositiveSmallIntegerField(default=0)
    complimentary = models.BooleanField(default=False)
    # Whether figures and badges have it: what was brought in from elsewhere only by choice.
    in_figures = models.BooleanField(default=True)
    # Whether it had begun under another therapist when the caseload changed hands: its time takes
    # nothing of this one's (docs/decisions/0015-a-caseload-changes-hands.md).
    passed_on = models.BooleanField(default=False)
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    moved_at = models.DateTimeField(null=True, blank=True)
    moved_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # When it was to start before it was last moved.
    moved_from = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    # Whether the client asked for it; the therapist may note what was asked by telephone.
    moved_for_client = models.BooleanField(default=False)
    # When the therapist last moved it without being asked; a later move may hide that.
    last_own_move = models.DateTimeField(null=True, blank=True)
    # The same as it was before the last move, should it turn out that the client asked for that.
    earlier_own_move = models.DateTimeField(null=True, blank=True)
    cancelled_for_client = models.BooleanField(default=False)
    # Where it takes place: a place, or the https link of a meeting.
    place = models.CharField(
        max_length=LENGTH, blank=True, validators=[no_control_characters, validate_place]
    )
    # Counts moves, cancelling, putting back, other places: for calendars that have it (RFC 5545).
    revision = models.PositiveIntegerField(default=0)
    # Counts moves and cancelling, and nothing else: SEQUENCE of its event in calendars (RFC 5546).
    sequence = models.PositiveIntegerField(default=0)
    # When those who take part are to be told of what was changed last; empty once they have been,
    # or where nobody is told (practice/notifications).
    tell_at = models.DateTimeField(null=True, blank=True)
    # The same for all that were booked as one series; each is a session of its own.
    series = models.UUIDField(null=True, blank=True)
    # One key a form: of two identical requests the second finds the first one's session.
    key = models.UUIDField(null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"Session {self.public_id}"

    @classmethod
    def book(  # long for its arguments and what they mean; it takes four steps
        cls,
        relationship: Relationship,
        *,
        starts_at: datetime,
        length: timedelta,
        by: User,
        complimentary: bool = False,
        place: str | None = None,
        key: UUID | None = None,
        allowed: Callable[[], bool] = lambda: True,
    ) -> Self:
        """Book a session, or record one that has taken place.

        Locks the diary, looks, asks whether it is still `allowed`, and inserts; the exclusion
        constraint of the database stands behind that. The same `key` again returns the session
        it made for this relationship. Without a `place` it takes place where those usually do.

        Raises:
            Session.Changed: what this key made is another session than the one asked for.
            Session.Taken: the therapist has another session then, it is not allowed, what this key
                made has been cancelled, or the relationship has been erased a moment ago.
        """
        therapist_id, ends_at = relationship.therapist_id, starts_at + length
        place = relationship.usual_place if place is None else place
        with one_at_a_time(therapist_id):
            made = relationship.sessions.filter(key=key).first() if key else None
            if made and made.state not in VACANT:
                asked = (starts_at, ends_at, complimentary, place)
                if (made.starts_at, made.ends_at, made.complimentary, made.place) != asked:
                    raise cls.Changed
                return made
            is_free = FREE.rows(
                therapist=therapist_id, work=relationship.pk, starts=starts_at, ends=ends_at
            )
            if made or not is_free or not allowed():
                raise cls.Taken
            return cls._insert(
                relationship,
                by,
                starts_at=starts_at,
                ends_at=ends_at,
                complimentary=complimentary,
                place=place,
                key=key,
            )

    @classmethod
    def _insert(
        cls, relationship: Relationship, by: User, *, starts_at: datetime, **columns: Any
    ) -> Self:
        """Insert a session that is booked now, and write that down."""
        booked = cls(
            therapist_id=relationship.therapist_id,
            relationship=relationship,
            starts_at=starts_at,
            booked_at=timezone.now(),
            booked_by=by,
            tell_at=to_tell(starts_at),
            **columns,
        )
        booked.save(force_insert=True)
        booked._record(Verb.SESSION_BOOKED, by, News.Kind.BOOKED)
        return booked

    @property
    def _row(self) -> SessionQuerySet:
        """It alone, as a queryset: for conditional UPDATEs."""
        return type(self).objects.filter(pk=self.pk)

    def _others_at(self, starts_at: datetime, ends_at: datetime) -> TakenTimeQuerySet:
        others = TakenTime.objects.filter(therapist=self.therapist_id).exclude(pk=self.pk)
        return others.overlapping(starts_at, ends_at)

    def _change(self, present: SessionQuerySet, *, if_unchanged: bool, **columns: object) -> None:
        """Set columns if the row is still `present`, and reload; else say why not."""
        read = {"revision": self.revision, "state": self.state, "number_missed": self.number_missed}
        as_read = read if if_unchanged else {}
        is_of_all = "state" in columns and "number_missed" not in columns
        if is_of_all:
            columns["number_missed"] = 0
        won = present.filter(**as_read).update(**columns)
        if won and is_of_all:
            Attendance.objects.filter(session=self.pk).delete()
        with suppress(ObjectDoesNotExist):  # erased a moment ago
            self.refresh_from_db()
        if not won:
            raise self.Changed if as_read and present.exists() else self.AlreadyDone

    def _record(self, verb: Verb, by: User, news: News.Kind | None = None) -> None:
        """Write down what was done; the therapist is told of it if a client did."""
        entry = Entry.record(verb, by=by, therapist=self.therapist_id, about=self)
        if news and entry.role == Role.CLIENT:
            News.tell(news, by=by, session=self)


def to_tell(moment: datetime | None = None) -> datetime | None:
    """Return when those who take part are told of what is changed now; of what is over, never."""
    now = timezone.now()
    is_over = moment is not None and moment <= now
    return now + settings.MESSAGE_GRACE if settings.SENDS_MESSAGES and not is_over else None


# Whether work is there, not erased nor passed on, and its therapist has no session at a time.
FREE = CompiledQuery(
    lambda given: Relationship.objects.filter(
        ~Exists(
            TakenTime.objects.filter(therapist=given("therapist")).overlapping(
                given("starts", MOMENT), given("ends", MOMENT)
            )
        ),
        pk=given("work"),
        therapist=given("therapist"),
    ).values_list("pk")
)


@contextmanager
def one_at_a_time(therapist_id: int) -> Iterator[None]:
    """A transaction in which no other session of the therapist is booked or moved.

    The exclusion constraint alone would let two sessions pass with too short a gap between them;
    and of eight that overlap, inserted at once, PostgreSQL finds that some wait for each other.
    """
    try:
        with transaction.atomic():
            Therapist.lock(therapist_id)
            yield
    except (IntegrityError, ProgrammingError) as error:
        if NO_OVERLAP in str(error) or getattr(error.__cause__, "sqlstate", "") == NO_RIGHT:
            raise SessionBase.Taken from error
        raise
