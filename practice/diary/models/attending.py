"""Saying what became of a session."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Verb
from practice.diary.models.attendance import Attendance
from practice.diary.models.queryset import NOT_SHOWN, VACANT, SessionQuerySet
from practice.diary.models.state import SessionWithState
from relationships.models import Participation, Relationship


class AttendedSession(SessionWithState):
    """A session of which it can be said who came, or that it never took place."""

    class Meta:
        abstract = True

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
        over = self._row.filter(ends_at__lte=timezone.now())
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
        locked = self._row.select_for_update(of=("self",), no_key=True)
        present = locked.filter(pk=self.pk).exclude(state=self.State.CANCELLED).first()
        if present is None:
            raise self.AlreadyDone
        if not present.is_over:
            raise self.NotYet
        is_gone = present.state in NOT_SHOWN and self.state not in NOT_SHOWN
        if is_gone or if_shown not in (None, present.shown_of(people)):
            raise self.Changed
        said = dict.fromkeys((p.pk for p in present.parts if p.client.person in people), attended)
        self._note_answers(present.answers | said, present.parts)
        self._record(Verb.ATTENDANCE_NOTED, by or self.therapist.user)

    def _note_answers(self, answers: Mapping[int, bool], parts: Collection[Participation]) -> None:
        """Note who came of those who take part, by the numbers of their participations."""
        is_complete = all(part.pk in answers or part.client.person.is_erased for part in parts)
        came = any(answers.values())
        is_mixed = not is_complete or (came and not all(answers.values()))
        state = self.State.ATTENDED if came else self.State.MISSED
        Attendance.objects.filter(session=self.pk).delete()
        Attendance.objects.bulk_create(
            Attendance(
                therapist_id=self.therapist_id,
                session_id=self.pk,
                participation_id=part,
                came=one_came,
            )
            for part, one_came in (answers.items() if is_mixed else ())
        )
        self._change(
            self._row,
            if_unchanged=False,
            state=state if is_complete else self.State.BOOKED,
            number_missed=list(answers.values()).count(False) if is_mixed else 0,
        )

    @classmethod
    def fit_attendance(
        cls, relationship: Relationship, since: datetime, joined: Client | None = None
    ) -> None:
        """Let what is said of sessions be of those who take part: somebody left then, or `joined`.

        What was said of whoever has left is forgotten; of whoever has joined nothing is said yet,
        so it is asked who came, and what is known of the others stays. Use it in the transaction
        of that, in which the people are locked. Pages of before are shown what is so now.
        """
        sessions = relationship.sessions.standing()
        begun = sessions.filter(starts_at__gte=since, starts_at__lte=timezone.now())
        begun.update(revision=F("revision") + 1)
        for session in begun.with_people().prefetch_related("attendances"):
            said = session.answers
            before = [p for p in session.parts if joined is None or p.client.person != joined]
            if said and (joined or session.attendances.all()):
                answers = {part.pk: said[part.pk] for part in before if part.pk in said}
                session._note_answers(answers, session.parts)

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
        begun = self._row.exclude(state__in=gone).filter(starts_at__lte=timezone.now())
        self._note(begun, self.State.NOT_HELD, by, if_unchanged=if_unchanged)

    @transaction.atomic
    def set_mistaken(self, *, by: User, if_unchanged: bool = False) -> None:
        """Say that it was recorded by mistake, once it has begun: it counts nowhere any more.

        Raises:
            Session.NotYet: it has not begun; until then it is cancelled.
            Session.AlreadyDone: it does not stand any more.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        begun = self._row.standing().filter(starts_at__lte=timezone.now())
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
