"""Giving a session another time or place."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import ExpressionWrapper, F, Value
from django.utils import timezone

from practice.accounts.models import User
from practice.audit.models import Verb
from practice.diary.models.base import one_at_a_time, to_tell
from practice.diary.models.news import News
from practice.diary.models.state import SessionWithState


class MovableSession(SessionWithState):
    """A session that can be moved, or corrected once it has begun."""

    class Meta:
        abstract = True

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
        with one_at_a_time(self.therapist_id):
            present = self._row.first()
            if present is None:  # erased a moment ago
                raise self.AlreadyDone
            if is_client and present.state == self.State.BOOKED and present.has_begun:
                raise self.HasBegun
            ends_at = starts_at + (present.ends_at - present.starts_at)
            is_free = not self._others_at(starts_at, ends_at).exists()
            if present.state == self.State.BOOKED and not (is_free and allowed()):
                raise self.Taken
            self._change(
                self._row.booked(),
                if_unchanged=if_unchanged,
                **moved(starts_at, by, for_client=for_client or is_client),
            )
            self._record(Verb.SESSION_MOVED, by, News.Kind.MOVED)

    def correct_time(
        self, *, starts_at: datetime, length: timedelta, by: User, if_unchanged: bool = False
    ) -> None:
        """Say when a session that has begun really was; nothing is moved by it for anybody.

        So nobody is told, and SEQUENCE stays (RFC 5546, 2.1.4 has it count what its organiser
        tells); a calendar that asks anew reads the file of now.

        Raises:
            Session.Taken: the therapist has another session then.
            Session.AlreadyDone: it does not stand, or was erased a moment ago.
            Session.NotYet: it has not begun, or would not have; or it is said who came to it, and
                it would not be over.
            Session.Changed: `if_unchanged`, and it is not as when it was read.
        """
        now, ends_at = timezone.now(), starts_at + length
        begun = self._row.standing().filter(starts_at__lte=now)
        if ends_at > now:  # of what lasts still nobody has said who came
            begun = begun.filter(state=self.State.BOOKED, number_missed=0)
        with one_at_a_time(self.therapist_id):
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
                )
            except self.AlreadyDone:
                if self.stands:
                    raise self.NotYet from None
                raise
            self._record(Verb.SESSION_CORRECTED, by)

    def _asked_anew(self, starts_at: datetime) -> dict[str, str]:
        """Return what asks anew who came, where others take part then than those it is said of.

        What is said of all alike is true of fewer as well.
        """
        every = self.relationship.participations.all()
        before = {part.pk for part in every if part.covers(self.starts_at)}
        then = {part.pk for part in every if part.covers(starts_at)}
        is_of_all = self.state != self.State.BOOKED and not self.number_missed
        is_true = then <= before if is_of_all else then == before
        return {} if is_true else {"state": self.State.BOOKED}

    @transaction.atomic
    def set_place(self, place: str, *, by: User) -> None:
        """Say where it takes place, whatever became of it."""
        present = self._row
        present.update(place=place, revision=F("revision") + 1, tell_at=to_tell(self.ends_at))
        self.refresh_from_db()
        self._record(Verb.PLACE_CHANGED, by)


def moved(starts_at: datetime, by: User, *, for_client: bool) -> dict[str, object]:
    """Return what an UPDATE sets of a session that is moved.

    What depends on the row is worked out there: an object of it may be out of date.
    """
    now, length = timezone.now(), F("ends_at") - F("starts_at")
    return {
        "starts_at": starts_at,
        "ends_at": ExpressionWrapper(length + Value(starts_at), models.DateTimeField()),
        "moved_at": now,
        "moved_by": by,
        "passed_on": False,
        "moved_from": F("starts_at"),
        "moved_for_client": for_client,
        "earlier_own_move": F("last_own_move"),
        "revision": F("revision") + 1,
        "sequence": F("sequence") + 1,
        "tell_at": to_tell(),
        **({} if for_client else {"last_own_move": now}),
    }
