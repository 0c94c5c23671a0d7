"""When work began and ended, and why: as a file says, or as well as can be guessed."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from practice.imports.asking import About
from practice.imports.dates import NoDate, read_moment
from practice.imports.drafts import Draft, Given
from practice.imports.plan import Plan, PlannedWork, Source
from practice.imports.sheets import Unreadable
from practice.imports.told import HistoryLine, Part, ToldWork
from relationships.models.choices import EndReason

ENDED_WHY = "Why did the work with past clients end?"
_MIDDAY = time(12)


def asked_of(ask: str, plan: Plan, people: tuple[int, ...], source: Source) -> tuple[str, str]:
    """Return the file and the question of when, or why, some work has ended.

    It names the line: two may have one name.
    """
    who = " and ".join(plan.people[place].name for place in people)
    return plan.files[source.file], f"{ask} did the work with {who} (line {source.line}) end?"


class Ending(NamedTuple):
    """When work ended, as far as a file says, and why."""

    at: datetime
    is_estimated: bool
    reason: str


class Endings:
    """Makes work of drafts: when it began, and when and why it ended."""

    def __init__(self, plan: Plan, given: Given) -> None:
        self.plan, self.given, self.asking = plan, given, given.asking

    def work_of(self, drafts: list[Draft]) -> None:
        """Make work of the drafts: when it began, and when and why it ended."""
        reason = self._usual_reason() if any(self._is_new_past(d) for d in drafts) else ""
        for draft in drafts:
            work = PlannedWork(draft.kind, draft.people, draft.source, draft.existing)
            self.plan.works.append(work)
            if draft.existing is not None:
                continue
            if draft.told:
                self._as_told(draft, draft.told, work, reason)
                continue
            work.parts = [Part(person) for person in draft.people]
            ending = self._ending(draft, reason) if draft.status == "past" else None
            work.history = self._history(draft, ending)
            work.is_end_estimated = ending is not None and ending.is_estimated

    def _is_new_past(self, draft: Draft) -> bool:
        if draft.existing is not None or not draft.told:
            return draft.existing is None and draft.status == "past"
        return any(line.kind == "ended" and not line.reason for line in draft.told.history)

    def _as_told(self, draft: Draft, told: ToldWork, work: PlannedWork, usual: str) -> None:
        """Take the history of a file as it is, with a reason where it says none."""
        labels = {reason.label: reason.value for reason in EndReason}
        reason = EndReason.DIED.value if any(c.has_died for c in draft.candidates) else usual
        lines = [
            line._replace(reason=reason) if line.kind == "ended" and not line.reason else line
            for line in told.history_of(draft.places)
        ]
        work.history, work.parts, work.places = lines, told.parts_of(draft.places), draft.places
        work.columns, work.is_end_estimated = told.columns, told.is_end_estimated
        if work.last_stretch.ended_at is None:
            return
        if said := labels.get(self._said("Why", draft)):
            lines.append(HistoryLine("corrected", work.last_stretch.ended_at, said, work.end_note))
        if at := self._ending_said(draft):
            reason = work.last_stretch.reason
            lines.append(HistoryLine("end_dated", at, reason))
            work.is_end_estimated = False

    def _usual_reason(self) -> str:
        labels = {reason.label: reason.value for reason in EndReason}
        other = EndReason.OTHER.label
        answer = self.asking.ask(About.ALL, "", ENDED_WHY, labels, preselected=other)
        return labels[answer]

    def _history(self, draft: Draft, ending: Ending | None) -> list[HistoryLine]:
        now = self.given.now
        added = [c.added for c in draft.candidates if c.added and c.added <= now]
        known = [*added, *(start for start in draft.starts if start <= now)]
        begun = min(known, default=ending.at if ending else now)
        if ending is None:
            return [HistoryLine("started", begun)]
        begun = min(begun, ending.at)
        return [HistoryLine("started", begun), HistoryLine("ended", ending.at, ending.reason)]

    def _ending(self, draft: Draft, usual: str) -> Ending:
        """Return when work ended: as said, as the files have it, or as well as can be guessed."""
        who = " and ".join(self.plan.people[place].name for place in draft.people)
        has_died = any(c.has_died for c in draft.candidates)
        labels = {reason.label: reason.value for reason in EndReason}
        said = labels.get(self._said("Why", draft), "")
        reason = said or (EndReason.DIED.value if has_died else usual)
        if at := self._ending_said(draft):
            return Ending(at, is_estimated=False, reason=reason)
        zone, now, last = self.given.zone, self.given.now, max(draft.held, default=None)
        for candidate in draft.candidates:
            if candidate.ended:
                at = candidate.ended.instant(zone)
                is_that_day = last and last.astimezone(zone).date() == candidate.ended.day
                at = max(at, last) if last and is_that_day and not candidate.ended.at else at
                if at <= now:
                    return Ending(at, is_estimated=False, reason=reason)
                why = f"The ending of {who} lies in the future: it is estimated."
                self.plan.unreadable.append(
                    Unreadable(candidate.file, candidate.source.line, "", why)
                )
        visits = [c.last_visit for c in draft.candidates if c.last_visit and c.last_visit <= now]
        yesterday = now.astimezone(zone).date() - timedelta(days=1)
        guess = last or max(visits, default=None)
        at = guess or datetime.combine(yesterday, _MIDDAY, zone).astimezone(UTC)
        return Ending(min(at, now), is_estimated=True, reason=reason)

    def _said(self, ask: str, draft: Draft) -> str:
        return self.asking.said(*asked_of(ask, self.plan, draft.people, draft.source))

    def _ending_said(self, draft: Draft) -> datetime | None:
        text = self._said("When", draft)
        try:
            at = read_moment(text).instant(self.given.zone) if text else None
        except NoDate:
            return None
        return at if at and at <= self.given.now else None
