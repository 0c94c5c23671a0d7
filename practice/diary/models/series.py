"""Sessions that were booked as one series: all or none of a change are made."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Self
from uuid import UUID

from django.db.models import Q

from practice.accounts.models import User
from practice.audit.models import Verb
from practice.diary.models.base import one_at_a_time
from practice.diary.models.cancelling import CancellableSession
from practice.diary.models.moving import MovableSession, moved
from practice.diary.models.news import News
from practice.diary.models.queryset import SessionQuerySet, TakenTime
from relationships.models import Relationship


class SessionInSeries(MovableSession, CancellableSession):
    """A session that may be one of several, which can be moved or cancelled together."""

    class Meta:
        abstract = True

    @classmethod
    def book_series(  # long for its arguments
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
        with one_at_a_time(therapist_id):
            if relationship.sessions.filter(series=series).exists():
                raise cls.Changed
            if not Relationship.objects.filter(pk=relationship.pk).exists() or not allowed():
                raise cls.Taken
            times = [(starts_at, starts_at + length) for starts_at in starts]
            taken = TakenTime.objects.filter(therapist=therapist_id)
            if any(taken.overlapping(*time).exists() for time in times):
                raise cls.Taken
            return [
                cls._insert(
                    relationship,
                    by,
                    starts_at=starts_at,
                    ends_at=ends_at,
                    complimentary=complimentary,
                    place=place,
                    series=series,
                )
                for starts_at, ends_at in times
            ]

    @property
    def later_in_series(self) -> SessionQuerySet:
        """Those booked in one series with it that come after it, in order."""
        booked = type(self).objects.booked().order_by("starts_at")
        same = booked.filter(relationship=self.relationship_id, series=self.series)
        return same.filter(starts_at__gt=self.starts_at) if self.series else booked.none()

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
        with one_at_a_time(self.therapist_id):
            if not self._row.booked().exists():
                raise self.AlreadyDone
            later = list(self.later_in_series)
            if not if_still(later):
                raise self.Changed
            moves = [(one, starts[one.pk]) for one in (self, *later) if one.pk in starts]
            as_read = reduce(or_, (Q(pk=one.pk, revision=one.revision) for one, _ in moves))
            booked = type(self).objects.booked().filter(as_read)
            if booked.update(state=self.State.NOT_HELD) != len(starts):
                raise self.Changed
            taken = TakenTime.objects.filter(therapist=self.therapist_id)
            if any(taken.overlapping(at, at + one.length).exists() for one, at in moves):
                raise self.Taken
            for one, at in moves:
                columns = moved(at, by, for_client=for_client)
                given_up = one._row.filter(state=self.State.NOT_HELD)
                one._change(given_up, if_unchanged=False, state=self.State.BOOKED, **columns)
                one._record(Verb.SESSION_MOVED, by, News.Kind.MOVED)
            return len(moves)

    def cancel_with_later(
        self, *, by: User, for_client: bool, if_still: Callable[[list[Self]], bool]
    ) -> int:
        """Cancel it and those after it in its series, all or none; return how many.

        Raises:
            Session.AlreadyDone: it is no longer booked itself.
            Session.Changed: those after it are others than the page said, by `if_still`, or one of
                them, or it, is not as when it was read.
        """
        with one_at_a_time(self.therapist_id):
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
