"""Today, as a therapist's home shows it: who comes next, what is new, what waits.

It is opened all day: its queries are compiled once, and are as many however much there is.
"""

from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.db.models import QuerySet
from django.utils import timezone

from practice.accounts.models import Therapist
from practice.database.compiled import MOMENT, CompiledQuery, Given
from practice.diary.lines import Appointment, appointments, lines_of
from practice.diary.models import NOT_SHOWN, Session, number_needing_attention
from practice.diary.news import Happening, news_of
from practice.records.settling import RecordsToReview

MOST_A_DAY = 400  # rows: of a day's sessions and whoever takes part in them
MOST_UNANSWERED = 5
MOST_BEFORE_THE_NEXT = 3  # on the first screen of a phone, each with its question


def _around(given: Given) -> QuerySet:
    """Ask for the sessions of two days, for the next one after them, and for a few before them of
    which nobody has said who came.

    Each are found by an index; for one condition with OR all there ever were would be read.
    """
    own = Session.objects.filter(therapist=given("therapist"))
    first, after = given("first", MOMENT), given("after", MOMENT)
    near = own.filter(starts_at__gte=first, starts_at__lt=after)
    following = own.booked().filter(starts_at__gte=after).order_by("starts_at")[:1]
    earlier = own.booked().filter(ends_at__lte=given("now", MOMENT), starts_at__lt=first)
    unanswered = earlier.order_by("starts_at", "pk")[:MOST_UNANSWERED]
    shown = (
        near.exclude(state__in=NOT_SHOWN)
        .values("pk")
        .union(*(_by_number(some) for some in (following, unanswered)), all=True)
    )
    return lines_of(Session.objects.filter(pk__in=shown))


def _by_number(some: QuerySet) -> QuerySet:
    """Return the first few of some sessions; SQLite has no limit in a part of a union."""
    return Session.objects.filter(pk__in=some.values("pk")).values("pk")


AROUND = CompiledQuery(_around)


class Today:
    """What a therapist's home shows at a moment."""

    def __init__(self, therapist: Therapist, now: datetime) -> None:
        self.therapist, self.now = therapist, now
        self.date = timezone.localtime(now).date()

    def _midnight(self, days: int) -> datetime:
        return timezone.make_aware(datetime.combine(self.date + timedelta(days), time.min))

    @cached_property
    def _every(self) -> list[Appointment]:
        rows = AROUND.rows(
            therapist=self.therapist.pk,
            first=self._midnight(0),
            after=self._midnight(2),
            now=self.now,
            limits=(0, MOST_A_DAY),
        )
        return appointments(rows, self.now)

    @cached_property
    def _around(self) -> list[Appointment]:
        """The sessions of today and tomorrow, and the next one after that."""
        first = self._midnight(0)
        found = [one for one in self._every if one.line.starts_at >= first]
        if following := next((one for one in found if one.is_to_come), None):
            following.is_next = _day(following) == self.date
        return found

    @cached_property
    def sessions(self) -> list[Appointment]:
        return [one for one in self._around if _day(one) == self.date]

    @cached_property
    def tomorrow(self) -> list[Appointment]:
        """What stands tomorrow, in order."""
        day = self.date + timedelta(days=1)
        return [one for one in self._around if _day(one) == day and one.is_to_come]

    @cached_property
    def to_come(self) -> list[Appointment]:
        return [one for one in self.sessions if one.is_to_come]

    @cached_property
    def far_next(self) -> Appointment | None:
        """The next session of today, if so many stand before it that a phone does not show it."""
        before = self.sessions.index(self.to_come[0]) if self.to_come else 0
        return self.to_come[0] if before > MOST_BEFORE_THE_NEXT else None

    @cached_property
    def following(self) -> Appointment | None:
        """The next session after today."""
        return next((o for o in self._around if _day(o) > self.date and o.is_to_come), None)

    @cached_property
    def unanswered(self) -> list[Appointment]:
        """Sessions of other days of which nobody has said whether the client came; a few."""
        return [one for one in self._every if one.line.starts_at < self._midnight(0)]

    @cached_property
    def news(self) -> list[Happening]:
        """What is new, the latest first; no more than a page has room for."""
        return news_of(self.therapist)

    @cached_property
    def number_to_tidy_up(self) -> int:
        return number_needing_attention(self.therapist, self.now, self.date)

    @cached_property
    def number_to_review(self) -> int:
        return len(RecordsToReview(self.therapist, self.now))

    @property
    def something_waits(self) -> bool:
        return bool(self.unanswered or self.number_to_tidy_up or self.number_to_review)

    def ask_first(self) -> bool:
        """Mark the first session to be answered, which then has the focus; or there is none."""
        asked = next((o for o in [*self.sessions, *self.unanswered] if o.is_asked), None)
        if asked:
            asked.is_asked_first = True
        return asked is not None


def _day(appointment: Appointment) -> date:
    return timezone.localtime(appointment.line.starts_at).date()
