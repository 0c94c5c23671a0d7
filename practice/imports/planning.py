"""From what was read to a plan: people, their work, its endings, sessions. Pure, but for asking."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from practice.imports.asking import About
from practice.imports.candidates import EVERYBODY, PeopleReader
from practice.imports.drafts import Candidate, Draft, Given
from practice.imports.endings import Endings
from practice.imports.finding import Finding
from practice.imports.names import key_of
from practice.imports.people import Group, Grouping
from practice.imports.plan import Plan, PlannedPerson
from practice.imports.recognising import Table
from practice.imports.scheduling import Scheduling
from practice.imports.sheets import Unreadable
from practice.imports.told import ToldWork, kind_of
from relationships.models.choices import Kind

MOST_THERAPISTS = 12
BRING, LEAVE = "Bring them in", "Leave them out"


def plan_of(tables: list[tuple[int, Table]], given: Given) -> Plan:
    """Return the plan of some tables, each with the place of its file among the files."""
    plan = Plan(given.files, state_mark=given.state.mark)
    for _, table in tables:
        _leave_others_clients_out(table, plan, given)
    planning = Planning(plan, given)
    planning.people([t for t in tables if not t[1].has_sessions], tables)
    scheduling = Scheduling(plan, given, planning.drafts, planning.found)
    scheduling.sessions([t for t in tables if t[1].has_sessions])
    Endings(plan, given).work_of(planning.drafts)
    for _, table in tables:
        plan.unreadable += table.unreadable
        plan.left_out += table.left_out + table.sheet.left_out
    plan.unreadable.sort(key=lambda one: (one.file, one.line))
    plan.questions = given.asking.questions
    return plan


class Planning:
    """One plan, step by step."""

    def __init__(self, plan: Plan, given: Given) -> None:
        self.plan, self.given, self.asking = plan, given, given.asking
        self.drafts: list[Draft] = []
        self.drafts_of: dict[frozenset[int], Draft] = {}
        self.groups: list[Group] = []
        self.found = Finding()
        self.told: dict[tuple, ToldWork] = {}  # by file, and number of the work there
        self.taken = set[int]()  # work that is here, and is known again in a file

    def people(self, tables: list[tuple[int, Table]], every: list[tuple[int, Table]]) -> None:
        """Plan everybody who stands in a table of people, and the work with them."""
        given = self.given
        for file, table in every:
            self.told |= {(file, number): work for number, work in table.sheet.works.items()}
        grouping = Grouping(given.state, self.asking, given.therapist_id)
        for file, table in tables:
            grouping.add(self._read(table, file))
        for file, table in every:
            if table.has_sessions and self._brings_people(table, is_alone=not tables):
                grouping.add(grouping.unknown(_once(self._read(table, file))))
        self.groups = grouping.finish()
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
        together: dict[tuple, list[tuple[int, Candidate]]] = defaultdict(list)
        for group in self.groups:
            for candidate in group.candidates:
                if candidate.couple is not None:
                    together[candidate.couple].append((places[id(group)], candidate))
        for key in together.keys() & self.told.keys():
            self._told(key, together.pop(key))
        for group in self.groups:
            if alone := [c for c in group.candidates if c.couple is None]:
                self._draft(Kind.INDIVIDUAL, (places[id(group)],), alone)
        for pair in together.values():
            people = tuple(dict.fromkeys(place for place, _ in pair))
            kind = Kind(kind_of(len(people)))  # of a couple one may be left out
            self._draft(kind, people, [candidate for _, candidate in pair])

    def _told(self, key: tuple, pairs: list[tuple[int, Candidate]]) -> None:
        """Plan work of which the file tells what happened, with those of its people who come."""
        told, candidates = self.told[key], [candidate for _, candidate in pairs]
        places = {c.number[0]: place for place, c in pairs if c.number}
        present = {part.person for part in told.parts_of(places) if part.left_at is None}
        people = tuple(dict.fromkeys(part.person for part in told.parts_of(places)))
        if not present:
            return
        kind = kind_of(len(present), told.kind)
        draft = Draft(people, kind, candidates[0].source, "told", None, candidates)
        draft.told, draft.places = told, places
        draft.existing = self._same_here(kind, present)
        self.found.told[key] = len(self.drafts)
        self.drafts.append(draft)
        self.drafts_of.setdefault(frozenset(people), draft)

    def _same_here(self, kind: str, people: set[int]) -> int | None:
        """Return the same work that is here, each once."""
        known = {self.plan.people[place].existing for place in people}
        here = (w for w in self.given.state.works.values() if w.pk not in self.taken)
        same = next((w.pk for w in here if w.kind == kind and w.people == known), None)
        if same is not None:
            self.taken.add(same)
        return same

    def _draft(self, kind: Kind, people: tuple[int, ...], candidates: list[Candidate]) -> None:
        status = _status_of(candidates)
        existing = self._existing(kind, people)
        same = self.drafts_of.get(frozenset(people))
        if same:
            same.candidates += candidates
            same.status = status if same.status == "past" else same.status
        elif existing or status not in ("prospect", "none"):
            draft = Draft(people, kind, candidates[0].source, status, existing, candidates)
            self.drafts.append(draft)
            self.drafts_of[frozenset(people)] = draft

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


def _status_of(candidates: list[Candidate]) -> str:
    """Return how people stand: as a column says, else as a whole file does; present is first."""
    for said in ({c.status for c in candidates}, {c.usual for c in candidates}):
        for status in ("present", "past", "prospect", "none"):
            if status in said:
                return status
    return "present"


def _leave_others_clients_out(table: Table, plan: Plan, given: Given) -> None:
    """Ask whose clients are the therapist's, where a file names several therapists."""
    found: Counter[str] = Counter()
    for index in table.at("clinician"):
        found.update(row.cells[index] for row in table.rows if " " in row.cells[index])
    named = [name for name, _ in found.most_common(MOST_THERAPISTS)]
    if not 2 <= len(found) <= MOST_THERAPISTS:
        return
    own = next((name for name in named if key_of(name) == key_of(given.therapist_name)), "")
    what = "Whose clients in this file are yours?"
    answer = given.asking.ask(About.FILE, table.file, what, (EVERYBODY, *named), preselected=own)
    if answer in ("", EVERYBODY):
        return
    (index,) = table.at("clinician")
    others = [row for row in table.rows if row.cells[index] not in ("", answer)]
    table.rows = [row for row in table.rows if row.cells[index] in ("", answer)]
    plan.left_out += [
        Unreadable(table.file, row.line, "", f"It is of {row.cells[index]}.") for row in others
    ]


def _once(candidates: list[Candidate]) -> list[Candidate]:
    """Return each person of a table of sessions once."""
    found = {(c.key, c.email, c.number, c.couple is not None): c for c in reversed(candidates)}
    return list(reversed(found.values()))
