"""Sessions: one appointment of a relationship each."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Exists, ExpressionWrapper, F, Q, Value
from django.utils import timezone

from clients.models import Client
from practice.accounts.access import Role
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.database.compiled import MOMENT, CompiledQuery
from practice.database.public_ids import PublicIdField
from practice.diary.models.attendance import Attendance
from practice.diary.models.news import News
from practice.diary.models.queryset import (
    NOT_SHOWN,
    VACANT,
    SessionQuerySet,
    SessionState,
    TakenTime,
    TakenTimeQuerySet,
)
from practice.text.person_names import no_control_characters
from practice.text.places import LENGTH, validate_place
from practice.text.spoken import in_words
from relationships.models import Participation, Relationship

SHORT_NOTICE = timedelta(hours=48)
NO_OVERLAP = "sessions_do_not_overlap"  # the name of the rule in migrations/0001_rules.*.sql


class Session(models.Model):
    """One appointment; ending its relationship never changes it (`docs/domain.md` 2.3)."""

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
        with _one_at_a_time(therapist_id):
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
            booked = cls.objects.create(
                therapist_id=therapist_id,
                relationship=relationship,
                starts_at=starts_at,
                ends_at=ends_at,
                complimentary=complimentary,
                place=place,
                booked_at=timezone.now(),
                booked_by=by,
                tell_at=_to_tell(starts_at),
                key=key,
            )
            booked._record(Verb.SESSION_BOOKED, by, News.Kind.BOOKED)
            return booked

    @classmethod
    def book_series(
        cls,
        relationship: Relationship,
        *,
        starts: list[datetime],
        length: timedelta,
        by: User,
        series: UUID,
        complimentary: bool = False,
        place: str | None = None,
        allowed: Callable[[], bool] = lambda: True,
    ) -> list[Self]:
        """Book one session at each of these times, or none at all; locks and asks as `book` does.

        Raises:
            Session.Taken: one of the times is taken, it is not allowed, or the work was erased.
            Session.Changed: this series has been booked already.
        """
        therapist_id = relationship.therapist_id
        place = relationship.usual_place if place is None else place
        with _one_at_a_time(therapist_id):
            if relationship.sessions.filter(series=series).exists():
                raise cls.Changed
            if not Relationship.objects.filter(pk=relationship.pk).exists() or not allowed():
                raise cls.Taken
            times = [(starts_at, starts_at + length) for starts_at in starts]
            taken = TakenTime.objects.filter(therapist=therapist_id)
            if any(taken.overlapping(*time).exists() for time in times):
                raise cls.Taken
            booked = [
                cls.objects.create(
                    therapist_id=therapist_id,
                    relationship=relationship,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    complimentary=complimentary,
                    place=place,
                    booked_at=timezone.now(),
                    booked_by=by,
                    tell_at=_to_tell(starts_at),
                    series=series,
                )
                for starts_at, ends_at in times
            ]
            for session in booked:
                session._record(Verb.SESSION_BOOKED, by, News.Kind.BOOKED)
            return booked

    def move(  # long for its arguments and for what each of its columns keeps
        self,
        *,
        starts_at: datetime,
        by: User,
        for_client: bool = False,
        if_unchanged: bool = False,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        """Give a booked session another time, as long as before; `for_client` if they asked.

        What a client moves they have asked for. Locks, looks and asks as `book` does.

        Raises:
            Session.Taken: the therapist has another session then, or it is not allowed.
            Session.AlreadyDone: it is no longer booked.
            Session.HasBegun: whoever moves it is not its therapist, and it has begun.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        is_client = by.pk != self.therapist.user_id
        with _one_at_a_time(self.therapist_id):
            present = Session.objects.filter(pk=self.pk).first()
            if present is None:  # erased a moment ago
                raise self.AlreadyDone
            if is_client and present.state == self.State.BOOKED and present.has_begun:
                raise self.HasBegun
            ends_at = starts_at + (present.ends_at - present.starts_at)
            is_free = not self._others_at(starts_at, ends_at).exists()
            if present.state == self.State.BOOKED and not (is_free and allowed()):
                raise self.Taken
            self._change(
                Session.objects.booked(),
                if_unchanged=if_unchanged,
                **_moved(starts_at, by, for_client=for_client or is_client),
            )
            self._record(Verb.SESSION_MOVED, by, News.Kind.MOVED)

    def correct_time(
        self, *, starts_at: datetime, length: timedelta, by: User, if_unchanged: bool = False
    ) -> None:
        """Say when a session that has begun really was; nothing is moved by it for anybody.

        Raises:
            Session.Taken: the therapist has another session then.
            Session.AlreadyDone: it does not stand, or was erased a moment ago.
            Session.NotYet: it has not begun, or would not have; or it is said who came to it, and
                it would not be over.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        now, ends_at = timezone.now(), starts_at + length
        begun = Session.objects.standing().filter(starts_at__lte=now)
        if ends_at > now:  # of what lasts still nobody has said who came
            begun = begun.filter(state=self.State.BOOKED, number_missed=0)
        with _one_at_a_time(self.therapist_id):
            if starts_at > now:
                raise self.NotYet
            if self._others_at(starts_at, ends_at).exists():
                raise self.Taken
            try:
                self._change(
                    begun,
                    if_unchanged=if_unchanged,
                    **self._asked_anew(starts_at),
                    starts_at=starts_at,
                    ends_at=ends_at,
                    revision=F("revision") + 1,
                    sequence=F("sequence") + 1,
                )
            except self.AlreadyDone:
                if self.stands:
                    raise self.NotYet from None
                raise
            self._record(Verb.SESSION_CORRECTED, by)

    def _asked_anew(self, starts_at: datetime) -> dict[str, str]:
        """Return what asks anew who came, where others take part then than those it is said of."""
        every = self.relationship.participations.all()
        is_same = all(part.covers(self.starts_at) == part.covers(starts_at) for part in every)
        return {"state": self.State.BOOKED} if self.number_missed and not is_same else {}

    def move_with_later(
        self,
        starts: Mapping[int, datetime],
        *,
        by: User,
        for_client: bool,
        if_still: Callable[[list[Self]], bool],
    ) -> int:
        """Move it and those after it in its series, all or none; return how many.

        `starts` says when each of those that are to be moved starts, by its number (`pk`). First
        all of them give up their times, so that none is in the way of another.

        Raises:
            Session.Taken: the therapist has another session at one of the times.
            Session.AlreadyDone: it is no longer booked itself.
            Session.Changed: those after it are others than the page said, by `if_still`, or one of
                them, or it, is not as when it was read.
        """
        with _one_at_a_time(self.therapist_id):
            if not Session.objects.booked().filter(pk=self.pk).exists():
                raise self.AlreadyDone
            later = list(self.later_in_series)
            if not if_still(later):
                raise self.Changed
            moves = [(one, starts[one.pk]) for one in (self, *later) if one.pk in starts]
            as_read = reduce(or_, (Q(pk=one.pk, revision=one.revision) for one, _ in moves))
            booked = Session.objects.booked().filter(as_read)
            if booked.update(state=self.State.NOT_HELD) != len(starts):
                raise self.Changed
            given_up = Session.objects.filter(state=self.State.NOT_HELD)
            taken = TakenTime.objects.filter(therapist=self.therapist_id)
            if any(taken.overlapping(at, at + one.length).exists() for one, at in moves):
                raise self.Taken
            for one, at in moves:
                columns = _moved(at, by, for_client=for_client)
                one._change(given_up, if_unchanged=False, state=self.State.BOOKED, **columns)
                one._record(Verb.SESSION_MOVED, by, News.Kind.MOVED)
            return len(moves)

    @transaction.atomic
    def cancel(self, *, by: User, for_client: bool = False, if_unchanged: bool = False) -> None:
        """Cancel a booked session; who, when, and whether for the client is kept.

        Raises:
            Session.AlreadyDone: it is no longer booked.
            Session.HasBegun: whoever cancels is not its therapist, and it has begun.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        now, is_client = timezone.now(), by.pk != self.therapist.user_id
        booked = Session.objects.booked()
        try:
            self._change(
                booked.filter(starts_at__gt=now) if is_client else booked,
                if_unchanged=if_unchanged,
                state=self.State.CANCELLED,
                cancelled_at=now,
                cancelled_by=by,
                cancelled_for_client=for_client or is_client,
                revision=F("revision") + 1,
                sequence=F("sequence") + 1,
                tell_at=_to_tell(),
            )
        except self.AlreadyDone:
            if is_client and self.state == self.State.BOOKED and self.starts_at <= now:
                raise self.HasBegun from None
            raise
        self._record(Verb.SESSION_CANCELLED, by, News.Kind.CANCELLED)

    @property
    def later_in_series(self) -> SessionQuerySet:
        """Those booked in one series with it that come after it, in order."""
        booked = Session.objects.booked().filter(
            relationship=self.relationship_id, starts_at__gt=self.starts_at
        )
        return (booked.filter(series=self.series) if self.series else booked.none()).order_by(
            "starts_at"
        )

    def cancel_with_later(
        self, *, by: User, for_client: bool, if_still: Callable[[list[Self]], bool]
    ) -> int:
        """Cancel it and those after it in its series, all or none; return how many.

        Raises:
            Session.AlreadyDone: it is no longer booked itself.
            Session.Changed: those after it are others than the page said, by `if_still`, or one of
                them, or it, is not as when it was read.
        """
        with _one_at_a_time(self.therapist_id):
            later = list(self.later_in_series)
            if not if_still(later):
                raise self.Changed
            self.cancel(by=by, for_client=for_client, if_unchanged=True)
            for session in later:
                session.therapist = self.therapist
                try:
                    session.cancel(by=by, for_client=for_client, if_unchanged=True)
                except self.AlreadyDone:  # by its client, this very moment
                    raise self.Changed from None
            return 1 + len(later)

    def put_back(  # long for what may stand in the way
        self,
        *,
        by: User,
        if_unchanged: bool = False,
        allowed: Callable[[], bool] = lambda: True,
    ) -> None:
        """Let a cancelled session stand again, at its time, as long as that lies ahead.

        It is then as if it had not been cancelled, for figures as well; the audit keeps both. A
        client puts back what they cancelled themselves. Locks, looks and asks as `book` does.

        Raises:
            Session.Taken: the therapist has another session then, or it is not allowed.
            Session.HasBegun: its time has come.
            Session.AlreadyDone: it is not cancelled any more, or not by whoever asks; or its work
                is closed.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        cancelled = Session.objects.filter(
            state=self.State.CANCELLED, relationship__is_closed=False
        )
        if by.pk != self.therapist.user_id:
            cancelled = cancelled.filter(cancelled_by=by)
        with _one_at_a_time(self.therapist_id):
            present = Session.objects.filter(pk=self.pk).first()
            if present is None:  # erased a moment ago
                raise self.AlreadyDone
            if present.state == self.State.CANCELLED and present.has_begun:
                raise self.HasBegun
            is_free = not self._others_at(present.starts_at, present.ends_at).exists()
            if present.state == self.State.CANCELLED and not (is_free and allowed()):
                raise self.Taken
            self._change(
                cancelled,
                if_unchanged=if_unchanged,
                state=self.State.BOOKED,
                cancelled_at=None,
                cancelled_by=None,
                cancelled_for_client=False,
                revision=F("revision") + 1,
                tell_at=_to_tell(),
            )
            self._record(Verb.SESSION_PUT_BACK, by, News.Kind.PUT_BACK)

    @transaction.atomic
    def correct_who_asked(self, what: str, *, for_client: bool, by: User) -> None:
        """Say anew who asked for the therapist's last move ("moved"), or for it to be "cancelled".

        Raises:
            Session.AlreadyDone: it says so already, or there is no such move or cancelling now.
        """
        by_therapist = {
            "moved": Session.objects.filter(moved_by=self.therapist.user_id),
            "cancelled": Session.objects.filter(cancelled_by=self.therapist.user_id),
        }[what]
        column = {"moved": "moved_for_client", "cancelled": "cancelled_for_client"}[what]
        unasked = F("earlier_own_move") if for_client else F("moved_at")
        moves = {"last_own_move": unasked} if what == "moved" else {}
        otherwise = by_therapist.filter(**{column: not for_client})
        self._change(otherwise, if_unchanged=False, **{column: for_client}, **moves)
        self._record(Verb.WHO_ASKED_CORRECTED, by)

    @transaction.atomic
    def set_place(self, place: str, *, by: User) -> None:
        """Say where it takes place, whatever became of it."""
        present = Session.objects.filter(pk=self.pk)
        present.update(place=place, revision=F("revision") + 1, tell_at=_to_tell(self.ends_at))
        self.refresh_from_db()
        self._record(Verb.PLACE_CHANGED, by)

    @transaction.atomic
    def set_attendance(
        self, *, attended: bool, by: User | None = None, if_unchanged: bool = False
    ) -> None:
        """Say whether the client came, at any time after it; `by` is the therapist unless told.

        Of a session of several people it is said of all of them.

        Raises:
            Session.NotYet: it has not ended.
            Session.AlreadyDone: it was cancelled.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
            Session.Taken: it did not take place after all, and another stands at its time by now.
        """
        over = Session.objects.filter(ends_at__lte=timezone.now())
        if self.state in NOT_SHOWN:
            self._take_time_again()
            present = over.filter(state=self.state)
        else:
            present = over.standing()
        state = self.State.ATTENDED if attended else self.State.MISSED
        self._note(present, state, by, if_unchanged=if_unchanged)

    @transaction.atomic
    def set_attendance_of(
        self,
        people: Collection[Client],
        *,
        attended: bool,
        by: User | None = None,
        if_shown: str | None = None,
    ) -> None:
        """Say of some of those who take part whether they came.

        It is attended once it has been said of everybody and one of them came; until then it is
        booked, and asked for.

        Raises:
            Session.NotYet: it has not ended.
            Session.AlreadyDone: it was cancelled, or erased a moment ago.
            Session.Changed: `if_shown`, and it is no longer what `shown_of` says of them; or it was
                said a moment ago that it did not take place.
            Session.Taken: it did not take place after all, and another stands at its time by now.
        """
        if self.state in NOT_SHOWN:
            self._take_time_again()
        locked = Session.objects.select_for_update(of=("self",), no_key=True)
        present = locked.filter(pk=self.pk).exclude(state=self.State.CANCELLED).first()
        if present is None:
            raise self.AlreadyDone
        if not present.is_over:
            raise self.NotYet
        is_gone = present.state in NOT_SHOWN and self.state not in NOT_SHOWN
        if is_gone or if_shown not in (None, present.shown_of(people)):
            raise self.Changed
        said = dict.fromkeys((p.pk for p in present.parts if p.client.person in people), attended)
        answers = present.answers | said
        is_complete = all(p.pk in answers or p.client.person.is_erased for p in present.parts)
        came = any(answers.values())
        is_mixed = not is_complete or (came and not all(answers.values()))
        state = self.State.ATTENDED if came else self.State.MISSED
        Attendance.objects.filter(session=self.pk).delete()
        Attendance.objects.bulk_create(
            Attendance(
                therapist_id=self.therapist_id, session=self, participation_id=part, came=one_came
            )
            for part, one_came in (answers.items() if is_mixed else ())
        )
        self._change(
            Session.objects.all(),
            if_unchanged=False,
            state=state if is_complete else self.State.BOOKED,
            number_missed=list(answers.values()).count(False) if is_mixed else 0,
        )
        self._record(Verb.ATTENDANCE_NOTED, by or self.therapist.user)

    def _take_time_again(self) -> None:
        """Lock the diary, so that its time is taken by it, if no other stands there by now."""
        Therapist.lock(self.therapist_id)
        if self._others_at(self.starts_at, self.ends_at).exists():
            raise self.Taken

    @transaction.atomic
    def set_not_held(self, *, by: User | None = None, if_unchanged: bool = False) -> None:
        """Say that it did not take place, at any time once it has begun; its time is free again.

        It counts as attended by nobody, missed by nobody, and cancelled by nobody.

        Raises:
            Session.NotYet: it has not begun; until then it is cancelled.
            Session.AlreadyDone: it was cancelled.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        gone = [self.State.CANCELLED, self.State.NOT_HELD]
        begun = Session.objects.exclude(state__in=gone).filter(starts_at__lte=timezone.now())
        self._note(begun, self.State.NOT_HELD, by, if_unchanged=if_unchanged)

    @transaction.atomic
    def set_mistaken(self, *, by: User, if_unchanged: bool = False) -> None:
        """Say that it was recorded by mistake, once it has begun: it counts nowhere any more.

        Raises:
            Session.NotYet: it has not begun; until then it is cancelled.
            Session.AlreadyDone: it does not stand any more.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        begun = Session.objects.standing().filter(starts_at__lte=timezone.now())
        verb = Verb.SESSION_MISTAKEN
        self._note(begun, self.State.MISTAKEN, by, if_unchanged=if_unchanged, verb=verb)

    def _note(
        self,
        present: SessionQuerySet,
        state: str,
        by: User | None,
        *,
        if_unchanged: bool,
        verb: Verb = Verb.ATTENDANCE_NOTED,
    ) -> None:
        """Note what became of it, if it is among the `present`."""
        try:
            self._change(present, if_unchanged=if_unchanged, state=state)
        except self.AlreadyDone:
            if self.state not in VACANT:
                raise self.NotYet from None
            raise
        self._record(verb, by or self.therapist.user)

    @property
    def shown(self) -> str:
        """What a page says of it that may change: by its time and by what became of it."""
        missed = f" {self.number_missed}" if self.number_missed else ""
        return f"{self.revision} {self.state}{missed}"

    def shown_of(self, people: Collection[Client]) -> str:
        """What a page says of it that may change, as far as some of those who take part go."""
        answers = self.answers
        said = [answers.get(part.pk) for part in self.parts if part.client.person in people]
        state = self.state if self.state in VACANT else "stands"
        return f"{self.revision} {state} {said}"

    @property
    def parts(self) -> list[Participation]:
        """Who takes part, in the order in which they were added; use after `with_people`."""
        every = self.relationship.participations.all()
        return [part for part in every if part.covers(self.starts_at)]

    @property
    def people(self) -> list[Client]:
        """Who takes part, in the same order, but behind the others who has been erased."""
        people = (part.client.person for part in self.parts)
        return sorted(people, key=lambda person: person.is_erased)

    @property
    def with_whom(self) -> str:
        return in_words(client.name for client in self.people)

    @property
    def number_of_people(self) -> int:
        return len(self.parts)

    @property
    def answers(self) -> dict[int, bool]:
        """Who came, by the number of their participation, as far as it has been said."""
        everybody = {self.State.ATTENDED: True, self.State.MISSED: False}.get(
            self.State(self.state)
        )
        known = {} if everybody is None else {part.pk: everybody for part in self.parts}
        return known | {one.participation_id: one.came for one in self.attendances.all()}

    def state_for(self, people: Collection[Client]) -> str:
        """What became of it for some who take part: they may have missed what others attended."""
        if not (self.number_missed and self.state == self.State.ATTENDED):
            return self.state
        answers = self.answers
        theirs = [answers[part.pk] for part in self.parts if part.client.person in people]
        return self.State.MISSED if theirs and not any(theirs) else self.state

    @property
    def stands(self) -> bool:
        """Whether it takes up its time: it was not cancelled, nor did it fail to take place."""
        return self.state not in VACANT

    @property
    def is_upcoming(self) -> bool:
        return self.state == self.State.BOOKED and self.ends_at > timezone.now()

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= timezone.now()

    def can_be_put_back_by(self, account: User) -> bool:
        """Whether somebody who takes part in it may try to put it back."""
        may = account.pk in (self.therapist.user_id, self.cancelled_by_id)
        is_cancelled = self.state == self.State.CANCELLED and not self.has_begun
        return may and is_cancelled and not self.relationship.is_closed

    def asked_for_by_client(self, what: str) -> bool | None:
        """Whether the client asked for the therapist's last move, or for the cancelling.

        None where the therapist has not done that, or it no longer stands.
        """
        own = self.therapist.user_id
        done = {
            "moved": (self.moved_by_id, self.moved_for_client),
            "cancelled": (self.cancelled_by_id, self.cancelled_for_client),
        }
        by, for_client = done.get(what, (None, False))
        return for_client if by == own else None

    @property
    def can_be_answered(self) -> bool:
        """Whether it can be said what became of it; while it lasts, that it did not take place."""
        return self.has_begun and self.state != self.State.CANCELLED

    @property
    def can_be_corrected(self) -> bool:
        """Whether its time can be corrected, or that it was recorded by mistake."""
        return self.has_begun and self.stands

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def is_short_notice(self) -> bool:
        """Whether cancelling now gives under 48 hours' notice."""
        return self.starts_at - timezone.now() < SHORT_NOTICE

    def is_time_taken(self) -> bool:
        """Whether another session stands at its time."""
        return self._others_at(self.starts_at, self.ends_at).exists()

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
        present = present.filter(pk=self.pk)
        won = present.filter(**as_read).update(**columns)
        if won and is_of_all:
            Attendance.objects.filter(session=self.pk).delete()
        with suppress(Session.DoesNotExist):  # erased a moment ago
            self.refresh_from_db()
        if not won:
            raise self.Changed if as_read and present.exists() else self.AlreadyDone

    def _record(self, verb: Verb, by: User, news: News.Kind | None = None) -> None:
        """Write down what was done; the therapist is told of it if a client did."""
        entry = Entry.record(verb, by=by, therapist=self.therapist_id, about=self)
        if news and entry.role == Role.CLIENT:
            News.tell(news, by=by, session=self)


def _moved(starts_at: datetime, by: User, *, for_client: bool) -> dict[str, object]:
    """Return what an UPDATE sets of a session that is moved.

    What depends on the row is worked out there: an object of it may be out of date.
    """
    now, length = timezone.now(), F("ends_at") - F("starts_at")
    return {
        "starts_at": starts_at,
        "ends_at": ExpressionWrapper(length + Value(starts_at), models.DateTimeField()),
        "moved_at": now,
        "moved_by": by,
        "moved_from": F("starts_at"),
        "moved_for_client": for_client,
        "earlier_own_move": F("last_own_move"),
        "revision": F("revision") + 1,
        "sequence": F("sequence") + 1,
        "tell_at": _to_tell(),
        **({} if for_client else {"last_own_move": now}),
    }


def _to_tell(moment: datetime | None = None) -> datetime | None:
    """Return when those who take part are told of what is changed now; of what is over, never."""
    now = timezone.now()
    is_over = moment is not None and moment <= now
    return now + settings.MESSAGE_GRACE if settings.SENDS_MESSAGES and not is_over else None


# Whether work is there, not erased, and its therapist has no session at a time.
FREE = CompiledQuery(
    lambda given: Relationship.objects.filter(
        ~Exists(
            TakenTime.objects.filter(therapist=given("therapist")).overlapping(
                given("starts", MOMENT), given("ends", MOMENT)
            )
        ),
        pk=given("work"),
    ).values_list("pk")
)


@contextmanager
def _one_at_a_time(therapist_id: int) -> Iterator[None]:
    """A transaction in which no other session of the therapist is booked or moved.

    The exclusion constraint alone would let two sessions pass with too short a gap between them;
    and of eight that overlap, inserted at once, PostgreSQL finds that some wait for each other.
    """
    try:
        with transaction.atomic():
            Therapist.lock(therapist_id)
            yield
    except IntegrityError as error:
        if NO_OVERLAP in str(error):
            raise Session.Taken from error
        raise


WAITING = CompiledQuery(lambda given: Session.objects.number_waiting(given))


def number_needing_attention(therapist: Therapist, now: datetime, today: date) -> int:
    """Count what `needing_attention` is."""
    since = now - timedelta(weeks=therapist.tidy_up_weeks)
    counted = WAITING.rows(therapist=therapist.pk, since=since, today=today)
    return counted[0][0] if counted else 0
