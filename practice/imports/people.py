"""Which candidates are one person, and which are clients already.

A wrong merge is worse than a duplicate: two are one only where the name and the e-mail address or
the birthday agree, and nothing contradicts. Whatever else may be one person is asked.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from practice.audit.sealing import seal
from practice.imports import names
from practice.imports.asking import ONE, SKIP, TWO, About, Asking
from practice.imports.drafts import Candidate
from practice.imports.likeness import likeness
from practice.imports.state import Known, State
from practice.text.spoken import day


@dataclass(slots=True)
class Group:
    """The candidates that are one person; and the client who they are, if they are one."""

    candidates: list[Candidate]
    existing: int | None = None
    emails: set[str] = field(default_factory=set)
    couples: set[tuple] = field(default_factory=set)
    origin: str = ""

    @property
    def first(self) -> Candidate:
        return self.candidates[0]

    def add(self, candidate: Candidate) -> None:
        self.candidates.append(candidate)
        self._note(candidate)

    def _note(self, candidate: Candidate) -> None:
        if candidate.email:
            self.emails.add(candidate.email)
        if candidate.couple is not None:
            self.couples.add(candidate.couple)

    @classmethod
    def of(cls, candidate: Candidate) -> "Group":
        group = cls([candidate])
        group._note(candidate)
        return group


class Grouping:
    """Makes groups of candidates, one after the other, and asks where it is not sure."""

    def __init__(self, state: State, asking: Asking, therapist_id: int) -> None:
        self.state, self.asking, self.therapist_id = state, asking, therapist_id
        self.groups: list[Group] = []
        self.by_key: dict[str, list[Group]] = defaultdict(list)
        self.by_email: dict[str, list[Group]] = defaultdict(list)
        self.known_by_key: dict[str, list[Known]] = defaultdict(list)
        self.known_by_email: dict[str, list[Known]] = defaultdict(list)
        self.known_by_pk = {known.pk: known for known in state.people}
        for known in state.people:
            self.known_by_key[names.key_of(known.name)].append(known)
            if known.email:
                self.known_by_email[known.email].append(known)
        self.of_couple: dict[tuple, Group] = {}  # who of a couple came first
        self.seen: dict[str, int] = defaultdict(int)

    def unknown(self, candidates: list[Candidate]) -> list[Candidate]:
        """Return those whose name and address nobody has, here or in the files; couples whole."""

        def is_known(candidate: Candidate) -> bool:
            email, key = candidate.email, candidate.key
            named = self.by_key.get(key) or self.known_by_key.get(key)
            reached = email and (self.by_email.get(email) or self.known_by_email.get(email))
            return bool(named or reached)

        new = {c.couple for c in candidates if c.couple is not None and not is_known(c)}
        return [c for c in candidates if c.couple in new or not is_known(c)]

    def add(self, candidates: Iterable[Candidate]) -> None:
        """Put candidates into groups: those that are there, or new ones."""
        for candidate in candidates:
            group = self._group_of(candidate)
            if group:
                group.add(candidate)
            else:
                group = Group.of(candidate)
                group.origin = self._origin(candidate)
                self.groups.append(group)
                self.by_key[candidate.key].append(group)
            if candidate.couple is not None:
                self.of_couple.setdefault(candidate.couple, group)
            if candidate.email and group not in self.by_email[candidate.email]:
                self.by_email[candidate.email].append(group)

    def finish(self) -> list[Group]:
        """Return the groups, each with the client who they are; without whoever is skipped."""
        taken: set[int] = set()
        for group in self.groups:
            self._find_existing(group, taken)
        return [group for group in self.groups if group.existing != 0]

    def _group_of(self, candidate: Candidate) -> Group | None:
        """Return the group that a candidate belongs to, if it is there already."""
        if partner := self._same_couple(candidate):
            return partner
        for group in self.by_key[candidate.key]:
            if candidate.couple is not None and candidate.couple in group.couples:
                continue  # two of one name, in one line
            if candidate.number and any(c.number == candidate.number for c in group.candidates):
                return group
            if self._are_one(group, candidate, same_name=True):
                return group
        for group in self.by_email.get(candidate.email, ()) if candidate.email else ():
            beside = candidate.couple is not None and candidate.couple in group.couples
            is_other = group.first.key != candidate.key and not beside and not group.couples
            if is_other and self._are_one(group, candidate, same_name=False):
                return group
        return None

    def _same_couple(self, candidate: Candidate) -> Group | None:
        """Return who is a couple with the partner of a candidate already, under the same name."""
        if candidate.couple is None:
            return None
        partner = self.of_couple.get(candidate.couple)
        couples = partner.couples - {candidate.couple} if partner else set()
        alike = (group for group in self.by_key[candidate.key] if group is not partner)
        return next((g for g in alike if g.couples & couples and not _differ(g, candidate)), None)

    def _are_one(self, group: Group, candidate: Candidate, *, same_name: bool) -> bool:
        found = {likeness(c, candidate, same_name=same_name) for c in group.candidates}
        if found == {"other"} or ("other" in found and "same" not in found):
            return False
        other = group.first
        is_sure = "same" in found and "other" not in found and not _differ(group, candidate)
        guess = ONE if is_sure else "" if same_name else TWO
        what = (
            f"Is {candidate.name} (line {candidate.source.line}) the same person as "
            f"{other.name} ({other.file}, line {other.source.line})?"
        )
        details = (
            (candidate.name, _told(candidate.file, candidate.source.line, candidate)),
            (other.name, _told(other.file, other.source.line, other)),
        )
        answer = self.asking.ask(
            About.PERSON, candidate.file, what, (ONE, TWO), preselected=guess, details=details
        )
        return answer == ONE

    def _origin(self, candidate: Candidate) -> str:
        """Return a digest by which the same line is known again, whatever file it is in."""
        said = (
            *(candidate.key, candidate.email, str(candidate.born or ""), candidate.phone),
            *(candidate.number or ("", "")),
        )
        number = self.seen[repr(said)] = self.seen[repr(said)] + 1
        return seal("brought in", self.therapist_id, "client", number, *said)

    def _find_existing(self, group: Group, taken: set[int]) -> None:
        """Find the client who a group is: by where they came from, by likeness, or by asking.

        0 is somebody who is left out.
        """
        came = self.state.origins.get(("client", group.origin))
        if came in self.known_by_pk and came not in taken:
            group.existing = came
            taken.add(came)
            return
        first = group.first
        alike = [(known, True) for known in self.known_by_key.get(first.key, ())]
        for email in group.emails:
            alike += [
                (k, False) for k in self.known_by_email.get(email, ()) if (k, True) not in alike
            ]
        for known, same_name in alike:
            if known.pk in taken:
                continue
            found = {likeness(c, known, same_name=same_name) for c in group.candidates}
            if found == {"other"}:
                continue
            is_sure = same_name and "same" in found and "other" not in found
            guess = ONE if is_sure else "" if same_name else TWO
            answer = self._ask_of_known(first, known, guess)
            if answer in (ONE, SKIP):
                group.existing = known.pk if answer == ONE else 0
                taken.add(known.pk)
                return

    def _ask_of_known(self, candidate: Candidate, known: Known, guess: str) -> str:
        what = (
            f"Is {candidate.name} (line {candidate.source.line}) your client "
            f"{known.name}{'' if known.is_active else ', who is inactive'}?"
        )
        told = ", ".join(
            filter(None, [known.email, f"born {day(known.born)}" if known.born else ""])
        )
        stands = "Your client" if known.is_active else "Your client, inactive"
        details = (
            (candidate.name, _told(candidate.file, candidate.source.line, candidate)),
            (known.name, f"{stands}. {told}" if told else stands),
        )
        choices = (ONE, TWO, SKIP)
        return self.asking.ask(
            About.PERSON, candidate.file, what, choices, preselected=guess, details=details
        )


def _differ(group: Group, candidate: Candidate) -> bool:
    """Whether somebody has another client number in the same file; a couple's is nobody's own."""
    if not candidate.number or candidate.whole:
        return False
    own = [c for c in group.candidates if c.file == candidate.file and not c.whole]
    numbers = {c.number for c in own if c.number}
    return bool(numbers) and candidate.number not in numbers


def _told(file: str, line: int, somebody: Candidate) -> str:
    """Return where somebody stands, and what tells them apart from others."""
    born = f"born {day(somebody.born)}" if somebody.born else ""
    about = [somebody.email, born, somebody.phone]
    return ". ".join(filter(None, [f"{file}, line {line}", ", ".join(filter(None, about))]))
