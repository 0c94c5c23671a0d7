"""Cancelling a session, putting it back, and who asked for that."""

from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from practice.accounts.models import User
from practice.audit.models import Verb
from practice.diary.models.base import one_at_a_time, to_tell
from practice.diary.models.news import News
from practice.diary.models.state import SessionWithState


class CancellableSession(SessionWithState):
    """A session that can be cancelled, and put back for as long as it lies ahead."""

    class Meta:
        abstract = True

    @transaction.atomic
    def cancel(self, *, by: User, for_client: bool = False, if_unchanged: bool = False) -> None:
        """Cancel a booked session; who, when, and whether for the client is kept.

        Raises:
            Session.AlreadyDone: it is no longer booked.
            Session.HasBegun: whoever cancels is not its therapist, and it has begun.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        now, is_client = timezone.now(), by.pk != self.therapist.user_id
        booked = self._row.booked()
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
                tell_at=to_tell(),
            )
        except self.AlreadyDone:
            if is_client and self.state == self.State.BOOKED and self.starts_at <= now:
                raise self.HasBegun from None
            raise
        self._record(Verb.SESSION_CANCELLED, by, News.Kind.CANCELLED)

    def can_be_put_back_by(self, account: User) -> bool:
        """Whether somebody who takes part in it may try to put it back."""
        may = account.pk in (self.therapist.user_id, self.cancelled_by_id)
        is_cancelled = self.state == self.State.CANCELLED and not self.has_begun
        return may and is_cancelled and not self.relationship.is_closed

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
        cancelled = self._row.filter(state=self.State.CANCELLED, relationship__is_closed=False)
        if by.pk != self.therapist.user_id:
            cancelled = cancelled.filter(cancelled_by=by)
        with one_at_a_time(self.therapist_id):
            present = self._row.first()
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
                tell_at=to_tell(),
            )
            self._record(Verb.SESSION_PUT_BACK, by, News.Kind.PUT_BACK)

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

    @transaction.atomic
    def correct_who_asked(self, what: str, *, for_client: bool, by: User) -> None:
        """Say anew who asked for the therapist's last move ("moved"), or for it to be "cancelled".

        Raises:
            Session.AlreadyDone: it says so already, or there is no such move or cancelling now.
        """
        by_therapist = {
            "moved": self._row.filter(moved_by=self.therapist.user_id),
            "cancelled": self._row.filter(cancelled_by=self.therapist.user_id),
        }[what]
        column = {"moved": "moved_for_client", "cancelled": "cancelled_for_client"}[what]
        unasked = F("earlier_own_move") if for_client else F("moved_at")
        moves = {"last_own_move": unasked} if what == "moved" else {}
        otherwise = by_therapist.filter(**{column: not for_client})
        self._change(otherwise, if_unchanged=False, **{column: for_client}, **moves)
        self._record(Verb.WHO_ASKED_CORRECTED, by)
