"""What a session is by now: its time, who takes part, and who of them came."""

from collections.abc import Collection
from datetime import timedelta

from django.db import models
from django.utils import timezone

from clients.models import Client
from practice.diary.models.attendance import Attendance
from practice.diary.models.base import SessionBase
from practice.diary.models.queryset import VACANT
from practice.text.spoken import in_words
from relationships.models import Participation

SHORT_NOTICE = timedelta(hours=48)


class SessionWithState(SessionBase):
    """What can be read of a session; nothing here changes it."""

    attendances: "models.Manager[Attendance]"

    class Meta:
        abstract = True

    @property
    def stands(self) -> bool:
        """Whether it takes up its time: it was not cancelled, nor did it fail to take place."""
        return self.state not in VACANT

    @property
    def is_upcoming(self) -> bool:
        return self.state == self.State.BOOKED and self.ends_at > timezone.now()

    @property
    def is_over(self) -> bool:
        return self.ends_at <= timezone.now()

    @property
    def has_begun(self) -> bool:
        return self.starts_at <= timezone.now()

    @property
    def length(self) -> timedelta:
        return self.ends_at - self.starts_at

    @property
    def is_short_notice(self) -> bool:
        """Whether cancelling now gives under 48 hours' notice."""
        return self.starts_at - timezone.now() < SHORT_NOTICE

    @property
    def can_be_answered(self) -> bool:
        """Whether it can be said what became of it; while it lasts, that it did not take place."""
        return self.has_begun and self.state != self.State.CANCELLED

    @property
    def can_be_corrected(self) -> bool:
        """Whether its time can be corrected, or that it was recorded by mistake."""
        return self.has_begun and self.stands

    def is_time_taken(self) -> bool:
        """Whether another session stands at its time."""
        return self._others_at(self.starts_at, self.ends_at).exists()

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
