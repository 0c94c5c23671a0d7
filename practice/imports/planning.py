"""From what was read to a plan: people, their work, its endings, sessions. Pure, but for asking."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from practice.audit.sealing import seal
from practice.imports import names
from practice.imports.appointments import Appointment, AppointmentsReader
from practice.imports.asking import About, Asking
from practice.imports.candidates import Candidate, PeopleReader
from practice.imports.dates import NoDate, read_moment
from practice.imports.people import Group, Grouping
from practice.imports.plan import (
    HistoryLine,
    Plan,
    PlannedPerson,
    PlannedSession,
    PlannedWork,
    Source,
)
from practice.imports.recognising import Table
from practice.imports.sheets import Unreadable
from practice.imports.state import State
from practice.text.person_names import fold
from relationships.models.choices import EndReason, Kind

NOT_COUNTED, COUNTED = "Leave them out", "Count them"
BRING, LEAVE = "Bring them in", "Leave them out"
ENDED_WHY = "Why did the work with past clients end?"
_OF_COUPLES = re.compile(r"\b(couples?|marital|marriage|relationship therapy)\b")
_MIDDAY = time(12)


@dataclass
class Given:
    """For whom, and when, a plan is made."""

    therapist_id: int
    zone: ZoneInfo
    now: datetime
    state: State
    asking: Asking
    files: list[str]


class Ending(NamedTuple):
    """When work ended, as far as a file says, and why."""

    at: datetime
    is_estimated: bool
    reason: str


@dataclass(slots=True)
class Draft:
    """Work as it is being planned, with what is known of when it was."""

    people: tuple[int, ...]
    kind: str
    source: Source
    status: str = ""
    existing: int | None = None
    candidates: list[Candidate] = field(default_factory=list)
    starts: list[datetime] = field(default_factory=list)
    held: list[datetime] = field(default_factory=list)


def plan_of(tables: list[tuple[int, Table]], given: Given, unreadable: list[Unreadable]) -> Plan:
    """Return the plan of some tables, each with the place of its file among the files."""
    plan = Plan(given.files, unreadable=list(unreadable), state_mark=given.state.mark)
    planning = Planning(plan, given)
    planning.people([t for t in tables if not t[1].has_sessions], tables)
    planning.sessions([t for t in tables if t[1].has_sessions])
    planning.finish()
    for _, table in tables:
        plan.unreadable += table.unreadable
    plan.unreadable.sort(key=lambda one: (one.file, one.line))
    plan.questions = given.asking.questions
    return plan


class Planning:
    """One plan, step by step."""

    def __init__(self, plan: Plan, given: Given) -> None:
        self.plan, self.given, self.asking = plan, given, given.asking
        self.drafts: list[Draft] = []
        self.groups: list[Group] = []
        self.found = Finding()

    def people(self, tables: list[tuple[int, Table]], every: list[tuple[int, Table]]) -> None:
        """Plan everybody who stands in a table of people, and the work with them."""
        candidates: list[Candidate] = []
        for file, table in tables:
            candidates += self._read(table, file)
        for file, table in every:
            if table.has_sessions and self._brings_people(table, is_alone=not tables):
                candidates += _once(self._read(table, file))
        given = self.given
        grouping = Grouping(given.state, self.asking, given.therapist_id)
        self.groups = grouping.add_all(candidates)
        places = {id(group): place for place, group in enumerate(self.groups)}
        for group in self.groups:
            self.plan.people.append(self._person(group))
        self._work(places)
        self.found.learn(self.plan, self.groups, self.drafts, given.state)

    def _read(self, table: Table, file: int) -> list[Candidate]:
        reader = PeopleReader(table, file, self.asking, self.given.zone)
        found = list(reader.candidates())
        self.plan.unreadable += reader.unreadable
        self.plan.left_out += reader.left_out
        return found

    def _brings_people(self, table: Table, *, is_alone: bool) -> bool:
        if not table.has("first", "last", "name"):
            return False
        what = "What about people who are only in this file?"
        guess = BRING if is_alone else LEAVE
        answer = self.asking.ask(About.FILE, table.file, what, (BRING, LEAVE), preselected=guess)
        return answer == BRING

    def _person(self, group: Group) -> PlannedPerson:
        def first(values: Iterable) -> object:
            return next(filter(None, values), None)

        of = group.candidates
        notes = dict.fromkeys(c.note for c in of if c.note)
        dates = [c.added for c in of if c.added]
        return PlannedPerson(
            name=group.first.name,
            source=group.first.source,
            existing=group.existing,
            preferred_name=str(first(c.preferred for c in of) or ""),
            email=str(first(c.email for c in of) or ""),
            phone=str(first(c.phone for c in of) or ""),
            born=first(c.born for c in of),  # type: ignore[arg-type]
            zone=str(first(c.zone for c in of) or self.given.zone.key),
            do_not_contact=any(c.do_not_contact for c in of),
            added_at=min(dates, default=None),
            note="\n".join(notes),
            origin=group.origin,
        )

    def _work(self, places: dict[int, int]) -> None:
        """Plan individual work, and that of couples, unless it is here already."""
        couples: dict[int, list[tuple[int, Candidate]]] = defaultdict(list)
        for group in self.groups:
            place = places[id(group)]
            alone = [c for c in group.candidates if c.couple is None]
            for candidate in group.candidates:
                if candidate.couple is not None:
                    couples[candidate.couple].append((place, candidate))
            if alone:
                self._draft(Kind.INDIVIDUAL, (place,), alone)
        for pair in couples.values():
            people = tuple(dict.fromkeys(place for place, _ in pair))
            if len(people) == 2:
                self._draft(Kind.COUPLES, people, [candidate for _, candidate in pair])

    def _draft(self, kind: Kind, people: tuple[int, ...], candidates: list[Candidate]) -> None:
        said = {candidate.status for candidate in candidates}
        status = next((s for s in ("present", "past", "prospect") if s in said), "present")
        existing = self._existing(kind, people)
        same = next((d for d in self.drafts if set(d.people) == set(people)), None)
        if same:
            same.candidates += candidates
            same.status = status if same.status == "past" else same.status
        elif existing or status != "prospect":
            draft = Draft(people, kind, candidates[0].source, status, existing, candidates)
            self.drafts.append(draft)

    def _existing(self, kind: Kind, people: tuple[int, ...]) -> int | None:
        """Return the work that these people have already; of one person any is enough."""
        known = [self.plan.people[place].existing for place in people]
        if None in known:
            return None
        here = self.given.state.works.values()
        if kind == Kind.COUPLES:
            return next((w.pk for w in here if w.people == frozenset(known)), None)
        theirs = [w for w in here if known[0] in w.people]
        return next((w.pk for w in sorted(theirs, key=lambda w: len(w.people))), None)

    def sessions(self, tables: list[tuple[int, Table]]) -> None:
        """Plan sessions: with whom, then which of them do not overlap."""
        taken: list[tuple[Appointment, int]] = []
        for file, table in tables:
            reader = AppointmentsReader(table, file, self.asking, self.given.zone)
            for appointment in reader.appointments():
                place, why = self.found.work_of(appointment, self._begin)
                if place is None:
                    line, label = appointment.source.line, appointment.file
                    self.plan.unmatched.append(Unreadable(label, line, "", why))
                else:
                    taken.append((appointment, place))
            self.plan.unreadable += reader.unreadable
            self.plan.left_out += reader.left_out
        counted = (
            self._are_counted() if any(a.ends_at <= self.given.now for a, _ in taken) else True
        )
        for appointment, where in self._apart(self._new(taken)):
            self._session(appointment, where, counted=counted)

    def _begin(self, person: int, source: Source) -> int:
        """Begin individual work with somebody who has none; return its place."""
        self.drafts.append(Draft((person,), Kind.INDIVIDUAL, source, "present"))
        return len(self.drafts) - 1

    def _are_counted(self) -> bool:
        what = "Do past sessions count in your figures and badges?"
        choices = (NOT_COUNTED, COUNTED)
        return self.asking.ask(About.ALL, "", what, choices, preselected=NOT_COUNTED) == COUNTED

    def _new(self, taken: list[tuple[Appointment, int]]) -> list[tuple[Appointment, int, str]]:
        """Return those that are not here already, nor twice in the files, with their origins."""
        state, here = self.given.state, set[tuple[int, datetime]]()
        here |= {(session.work, session.starts_at) for session in state.sessions}
        new, seen = [], set[str]()
        for appointment, place in taken:
            origin = self._origin(appointment, place)
            existing = self.drafts[place].existing
            if ("session", origin) in state.origins or (existing, appointment.starts_at) in here:
                self.plan.sessions_here += 1
            elif origin in seen:
                self.plan.left_out.append(
                    Unreadable(appointment.file, appointment.source.line, "", "It is there twice.")
                )
            else:
                seen.add(origin)
                new.append((appointment, place, origin))
        return new

    def _origin(self, appointment: Appointment, place: int) -> str:
        who = "".join(self.plan.people[p].origin for p in self.drafts[place].people)
        starts = appointment.starts_at.astimezone(UTC).isoformat()
        ids = (appointment.session_id, starts)
        return seal("brought in", self.given.therapist_id, "session", who, *ids)

    def _apart(
        self, new: list[tuple[Appointment, int, str]]
    ) -> Iterable[tuple[Appointment, tuple[int, str]]]:
        """Return those that overlap nothing that stands, in order; the others are listed."""
        standing = [
            (session.starts_at, session.ends_at, -1)
            for session in self.given.state.sessions
            if session.stands
        ]
        vacant = {n for n, (a, _, _) in enumerate(new) if a.state == "cancelled"}
        ours = [(a.starts_at, a.ends_at, n) for n, (a, _, _) in enumerate(new) if n not in vacant]
        refused, last_end, last = set[int](), datetime.min.replace(tzinfo=UTC), -1
        for starts, ends, number in sorted(standing + ours):
            if starts >= last_end:
                last_end, last = ends, number
            elif number >= 0:
                refused.add(number)
            else:  # what is here stays
                refused |= {last} - {-1}
                last_end, last = max(ends, last_end) if last < 0 else ends, number
        for number, (appointment, place, origin) in enumerate(new):
            if number in refused:
                line, why = appointment.source.line, "It overlaps another session."
                self.plan.unreadable.append(Unreadable(appointment.file, line, "", why))
            else:
                yield appointment, (place, origin)

    def _session(self, appointment: Appointment, where: tuple[int, str], *, counted: bool) -> None:
        place, origin = where
        draft, now = self.drafts[place], self.given.now
        is_over = appointment.ends_at <= now
        state = appointment.state or ("attended" if is_over else "booked")
        if not is_over and state in ("attended", "missed"):
            state = "booked"
        draft.starts.append(appointment.starts_at)
        if is_over and state in ("attended", "booked"):
            draft.held.append(appointment.ends_at)
        booked = min(appointment.booked_at or appointment.starts_at, now)
        self.plan.sessions.append(
            PlannedSession(
                work=place,
                starts_at=appointment.starts_at,
                ends_at=appointment.ends_at,
                state=state,
                booked_at=booked,
                source=appointment.source,
                in_figures=counted or not is_over,
                origin=origin,
            )
        )

    def finish(self) -> None:
        """Make work of the drafts: when it began, and when and why it ended."""
        reason = self._usual_reason() if any(self._is_new_past(d) for d in self.drafts) else ""
        for draft in self.drafts:
            work = PlannedWork(draft.kind, draft.people, draft.source, draft.existing)
            self.plan.works.append(work)
            if draft.existing is not None:
                continue
            ending = self._ending(draft, reason) if draft.status == "past" else None
            work.history = self._history(draft, ending)
            work.is_end_estimated = ending is not None and ending.is_estimated

    def _is_new_past(self, draft: Draft) -> bool:
        return draft.status == "past" and draft.existing is None

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
        said = labels.get(self.asking.said("", f"Why did the work with {who} end?"), "")
        reason = said or (EndReason.DIED.value if has_died else usual)
        if at := self._ending_said(who):
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

    def _ending_said(self, who: str) -> datetime | None:
        text = self.asking.said("", f"When did the work with {who} end?")
        try:
            at = read_moment(text).instant(self.given.zone) if text else None
        except NoDate:
            return None
        return at if at and at <= self.given.now else None


def _once(candidates: list[Candidate]) -> list[Candidate]:
    """Return each person of a table of sessions once."""
    found = {(c.key, c.email, c.number, c.couple is not None): c for c in reversed(candidates)}
    return list(reversed(found.values()))


class Finding:
    """Finds whose a session is: by number, else by e-mail address, else by the exact name."""

    def __init__(self) -> None:
        self.by_number: dict[str, set[int]] = defaultdict(set)
        self.by_own_number: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.by_email: dict[str, set[int]] = defaultdict(set)
        self.by_name: dict[str, set[int]] = defaultdict(set)
        self.works: dict[int, list[int]] = defaultdict(list)  # of a person, by their places
        self.couples: dict[str, int] = {}
        self.drafts: list[Draft] = []
        self.people: list[PlannedPerson] = []

    def learn(self, plan: Plan, groups: list[Group], drafts: list[Draft], state: State) -> None:
        """Note everybody of a plan, and every client of the practice who is not in it."""
        self.drafts, self.people = drafts, plan.people
        for place, group in enumerate(groups):
            for candidate in group.candidates:
                if candidate.number:
                    self.by_own_number[candidate.number].add(place)
                    self.by_number[candidate.number[0]].add(place)
                self.by_name[candidate.key].add(place)
                if candidate.email:
                    self.by_email[candidate.email].add(place)
        known = {person.existing for person in plan.people}
        for client in state.people:
            if client.pk not in known:
                plan.people.append(
                    PlannedPerson(client.name, Source(0, 0), client.pk, email=client.email)
                )
                self.by_name[names.key_of(client.name)].add(len(plan.people) - 1)
                if client.email:
                    self.by_email[client.email].add(len(plan.people) - 1)
        self._learn_work(state)

    def _learn_work(self, state: State) -> None:
        place_of = {p.existing: place for place, p in enumerate(self.people) if p.existing}
        planned = {draft.existing for draft in self.drafts}
        for work in state.works.values():
            people = tuple(place_of[pk] for pk in sorted(work.people) if pk in place_of)
            if work.pk not in planned and people:
                status = "present" if work.status == "active" else "past"
                self.drafts.append(Draft(people, work.kind, Source(0, 0), status, work.pk))
        for place, draft in enumerate(self.drafts):
            for person in draft.people:
                self.works[person].append(place)
            if len(draft.people) == 2:
                for one, other in (draft.people, draft.people[::-1]):
                    both = f"{self.people[one].name} {self.people[other].name}"
                    self.couples[fold(both)] = place
            for candidate in draft.candidates:
                if candidate.whole:
                    self.couples[_of_both(candidate.whole)] = place

    def work_of(
        self, appointment: Appointment, begin: Callable[[int, Source], int]
    ) -> tuple[int | None, str]:
        """Return the place of the work that a session belongs to, or None and why not."""
        if appointment.name and (both := self.couples.get(_of_both(appointment.name))) is not None:
            return both, ""
        person, why = self._person_of(appointment)
        if person is None:
            return None, why
        works = self.works[person]
        if not works:
            works.append(begin(person, appointment.source))
        of_couples = bool(_OF_COUPLES.search(appointment.kind))
        ranked = sorted(works, key=lambda w: ((len(self.drafts[w].people) > 1) != of_couples, w))
        return ranked[0], ""

    def _person_of(self, appointment: Appointment) -> tuple[int | None, str]:
        key = names.key_of(appointment.name)
        if appointment.number:
            found = self.by_own_number.get(appointment.number) or self.by_number.get(
                appointment.number[0], set()
            )
            if len(found) == 1:
                (place,) = found
                if (
                    not key
                    or key == names.key_of(self.people[place].name)
                    or place in self.by_name[key]
                ):
                    return place, ""
                return None, f"Its client number is that of {self.people[place].name}."
        if appointment.email:
            found = self.by_email.get(appointment.email, set())
            alike = found & self.by_name.get(key, set()) if key and len(found) > 1 else found
            if len(alike) == 1:
                return next(iter(alike)), ""
        found = self.by_name.get(key, set()) if key else set()
        if len(found) == 1:
            return next(iter(found)), ""
        who = appointment.name or appointment.email or "its client number"
        if found:
            return None, f"{len(found)} people are called {who}."
        return None, f"Nobody is known by the name {who}." if key else f"Nobody has {who}."


def _of_both(name: str) -> str:
    """Return the names of a couple as they are compared."""
    return fold(re.sub(r"\s*[&+/]\s*|\s+(?:and|und)\s+", " ", name))
