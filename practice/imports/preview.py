"""What a page shows of a plan before anything is saved, and what is answered there."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Never

from django.utils import timezone

from practice.imports.asking import MOST_ASKED, MOST_SHOWN, About, Question, key_of
from practice.imports.endings import ENDED_WHY, asked_of
from practice.imports.plan import Plan, PlannedWork
from practice.imports.reading import Reading, column_key, columns_left_out
from practice.imports.recognising import Table
from relationships.models.choices import REASON_CHOICES, Kind

MOST_PAST = 100  # rows; the others have what is said for all


@dataclass(frozen=True)
class PastClient:
    """Work that would have ended, and what can be said of its ending."""

    who: str
    kind: str
    ended_at: datetime
    is_estimated: bool
    when_key: str
    why_key: str
    is_dated: bool = False  # by the therapist, before it is shown again
    reason: str = ""  # as the therapist has said of them

    @property
    def local(self) -> datetime:
        return timezone.localtime(self.ended_at)


@dataclass(frozen=True)
class ColumnShown:
    """A column of a file, with what it can become."""

    key: str
    label: str
    becomes: str
    examples: list[str]
    choices: list[tuple[str, str]]


@dataclass
class Preview:
    """A plan as its page shows it. It stands for a form (`practice.web.responses.render_form`)."""

    reading: Reading
    answers: dict[str, str]
    is_bound: bool = False
    errors: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Never]:
        return iter(())  # it has no fields of Django's

    @property
    def general_errors(self) -> list[str]:
        return self.errors

    @property
    def plan(self) -> Plan:
        return self.reading.plan

    @property
    def to_decide(self) -> list[Question]:
        """What nothing is preselected for, and whatever the therapist has answered otherwise."""
        said = self.answers

        def is_shown(question: Question) -> bool:
            return question.is_open or said.get(question.key, "") not in ("", question.preselected)

        stopping = filter(is_shown, self.plan.about(About.DATES, About.FILE))
        people = filter(is_shown, self.plan.about(About.PERSON))
        return [*stopping, *islice(people, MOST_ASKED)]

    @property
    def undecided(self) -> list[Question]:
        """What has to be decided on the page before anything can be brought in."""
        return [question for question in self.to_decide if question.is_open]

    @property
    def number_not_asked(self) -> int:
        """How many who may be somebody else are not asked about: each is somebody of their own."""
        return len(self.plan.open) - len(self.undecided)

    @property
    def about_files(self) -> list[Question]:
        """What is taken to be so of whole files, unless the therapist says otherwise."""
        shown = {question.key for question in self.to_decide}
        return [q for q in self.plan.about(About.DATES, About.FILE) if q.key not in shown]

    @property
    def settled_people(self) -> list[Question]:
        """Who is taken for one person, or for two, unless the therapist says otherwise."""
        shown = {question.key for question in self.to_decide}
        people = [q for q in self.plan.about(About.PERSON) if q.key not in shown]
        return people[:MOST_SHOWN]

    @property
    def couples(self) -> list[Question]:
        return self.plan.about(About.COUPLE)[:MOST_SHOWN]

    @property
    def for_all(self) -> list[Question]:
        return [q for q in self.plan.about(About.ALL) if q.what != ENDED_WHY]

    @property
    def why_ended(self) -> Question | None:
        return next((q for q in self.plan.questions if q.what == ENDED_WHY), None)

    @property
    def past(self) -> list[PastClient]:
        shown = sorted(self.plan.past, key=lambda work: not work.is_end_estimated)[:MOST_PAST]
        return [self._past(work) for work in shown]

    @property
    def number_past_not_shown(self) -> int:
        """To how many past clients only what is said for all applies."""
        return max(len(self.plan.past) - MOST_PAST, 0)

    def _past(self, work: PlannedWork) -> PastClient:
        who = " and ".join(self.plan.people[place].name for place in work.people)
        kind = Kind(work.kind).label
        when, why = (
            key_of(*asked_of(ask, self.plan, work.people, work.source)) for ask in ("When", "Why")
        )
        return PastClient(
            who=who,
            kind=kind,
            ended_at=work.last_stretch.ended_at or work.history[-1].at,
            is_estimated=work.is_end_estimated,
            when_key=when,
            why_key=why,
            is_dated=when in self.answers and not work.is_end_estimated,
            reason=self.answers.get(why, ""),
        )

    @property
    def reasons(self) -> list:
        return REASON_CHOICES[1:]

    @property
    def tables(self) -> list[tuple[Table, list[ColumnShown], list[str]]]:
        return [(table, _columns(table), columns_left_out(table)) for table in self.reading.tables]


def _columns(table: Table) -> list[ColumnShown]:
    choices = list(table.choices().items())
    return [
        ColumnShown(column_key(table.file, c.label), c.label, c.becomes, c.examples, choices)
        for c in table.columns
    ]
