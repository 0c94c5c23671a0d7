"""Whose session it is: by the client's number, else by e-mail address, else by the exact name."""

import re
from collections import defaultdict
from collections.abc import Callable
from functools import lru_cache

from practice.imports import names
from practice.imports.appointments import Appointment
from practice.imports.drafts import Draft
from practice.imports.people import Group
from practice.imports.plan import Plan, PlannedPerson, Source
from practice.imports.state import State
from practice.text.person_names import fold

_OF_COUPLES = re.compile(r"\b(couples?|marital|marriage|relationship therapy)\b")


class Finding:
    """Finds whose a session is: by number, else by e-mail address, else by the exact name."""

    def __init__(self) -> None:
        self.by_number: dict[str, set[int]] = defaultdict(set)
        self.by_own_number: dict[tuple[str, str], set[int]] = defaultdict(set)
        self.by_email: dict[str, set[int]] = defaultdict(set)
        self.by_name: dict[str, set[int]] = defaultdict(set)
        self.told: dict[tuple, int] = {}  # work of which a file tells, by file and number there
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
        if (told := self.told.get((appointment.source.file, appointment.work))) is not None:
            return told, ""
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
            found = self._of_number(*appointment.number, is_named=bool(key))
            if len(found) == 1:
                (place,) = found
                if not key or place in self.by_name[key] or _is_called(self.people[place], key):
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

    def _of_number(self, number: str, column: str, *, is_named: bool) -> set[int]:
        """Return whose a client number is: by a column of the same name, where no name tells.

        Numbers of two systems are alike; what is called "id" in a file of people may be called
        "patient" in one of sessions.
        """
        if found := self.by_own_number.get((number, column)):
            return found
        found = self.by_number.get(number, set())
        return found if is_named or (number, "id") in self.by_own_number else set()


def _is_called(person: PlannedPerson, key: str) -> bool:
    """Whether a name can be theirs whom a client number names: middle names are often left out."""
    theirs, words = names.key_of(person.name).split(), key.split()
    firsts = {*theirs[:1], *fold(person.preferred_name).split()[:1]}
    return words == theirs or (words[0] in firsts and words[-1] == theirs[-1])


@lru_cache(maxsize=20_000)
def _of_both(name: str) -> str:
    """Return the names of a couple as they are compared."""
    return fold(re.sub(r"\s*[&+/]\s*|\s+(?:and|und)\s+", " ", name))
