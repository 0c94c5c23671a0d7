"""From the lines of tables of people to candidates: who stands there, and what is said of them."""

import re
from collections import Counter
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from practice.imports import names
from practice.imports.asking import COUPLE, PAST, PRESENT, About, Asking
from practice.imports.cells import NO, CellReader, folded, orders_of
from practice.imports.drafts import Candidate
from practice.imports.plan import Source
from practice.imports.recognising import Table, plain
from practice.imports.sheets import Row, Unreadable
from practice.imports.standing import asked_meanings, says_past, standing_of
from practice.text.person_names import fold

WITHOUT_WORK = "without relationship"
_COUPLE = re.compile(r"\b(couples?|marital|marriage)\b")
AS_PROSPECTS = "Bring them in without a relationship"
AS_CLIENTS = "As present clients"
LEAVE = "Leave them out"
EVERYBODY = "Everybody"


class PeopleReader(CellReader):
    """Reads the candidates of one table, and asks what its columns do not say."""

    def __init__(self, table: Table, file: int, asking: Asking, zone: ZoneInfo) -> None:
        super().__init__(table, orders_of(table, asking), zone)
        self.file, self.asking = file, asking
        self.left_out = list[Unreadable]()
        self.number_of = plain(table.label_of("id"))
        self.meanings = asked_meanings(table, asking, {WITHOUT_WORK})

    def candidates(self) -> Iterator[Candidate]:
        """Yield them in order; the two of a couple after each other."""
        usual, wanted = self._usual_status(), self._wanted_label()
        if not self._has_names():
            self.cells.row = Row(self.table.header_line, ())
            self._refuse(
                "", "No column is taken for a name: say below which one is, and look again."
            )
            return
        prospects = self._prospects()
        for row in self.table.rows:
            self.cells.row = row
            status, has_died = self._status()
            if self.cells("merged_away"):
                self._leave("It was merged into another record, or deleted, there.")
            elif wanted and fold(wanted) not in folded(self.cells("labels")):
                self._leave(f"It has not the label “{wanted}”.")
            elif status == "prospect" and prospects == LEAVE:
                self._leave("A prospective client.")
            else:
                if status == "prospect" and prospects == AS_CLIENTS:
                    status = "present"
                for found in self._people(status, has_died):
                    found.usual = usual
                    yield found

    def _has_names(self) -> bool:
        """Whether any column can name people; a table of sessions can do without."""
        return self.table.has_sessions or self.table.has("name", "first", "last", "preferred")

    def _leave(self, why: str) -> None:
        self.left_out.append(Unreadable(self.table.file, self.cells.row.line, "", why))

    def _usual_status(self) -> str:
        """Return how people stand of whom no column says it: asked once a file."""
        said = ("status", "active", "archived", "discharged", "labels")
        if self.table.has(*said) or self.table.sheet.is_contacts or self.table.has_sessions:
            return ""
        named = fold(re.sub(r"[_.-]", " ", self.table.file))
        guess = PAST if says_past(named) else PRESENT if "active" in named else ""
        if not guess and not self._is_of_two_files():
            guess = PRESENT
        what = "Are the people in this file present or past clients?"
        answer = self.asking.ask(
            About.FILE, self.table.file, what, (PRESENT, PAST), preselected=guess
        )
        return "past" if answer == PAST else "present"

    def _is_of_two_files(self) -> bool:
        """Whether it looks like an export of TherapyNotes: active and inactive are two files."""
        return bool({plain(c.label) for c in self.table.columns} & {"icd10", "subscriberid"})

    def _wanted_label(self) -> str:
        """Return which label whoever is a client has, in an address book; "" for everybody."""
        if not self.table.has("labels"):
            return ""
        found: Counter[str] = Counter()
        for row in self.table.rows:
            self.cells.row = row
            found.update(label for label in re.split(r" ::: |[,;]", self.cells("labels")))
        labels = [" ".join(label.split()).lstrip("* ") for label, _ in found.most_common(12)]
        labels = list(dict.fromkeys(label for label in labels if label))
        only = {f"Only those labelled “{label}”": label for label in labels}
        if len(labels) < 2:
            return ""
        clients = [text for text, label in only.items() if re.search("client|patient", fold(label))]
        guess = clients[0] if len(clients) == 1 else EVERYBODY
        what = "Who in this address book is a client?"
        answer = self.asking.ask(
            About.FILE, self.table.file, what, (EVERYBODY, *only), preselected=guess
        )
        return only.get(answer, "")

    def _prospects(self) -> str:
        """Ask once what to do with prospective clients, if there are any."""
        for row in self.table.rows:
            self.cells.row = row
            if self._status()[0] == "prospect":
                choices = (AS_PROSPECTS, AS_CLIENTS, LEAVE)
                what = "What about people who are prospective clients?"
                return self.asking.ask(
                    About.FILE, self.table.file, what, choices, preselected=AS_PROSPECTS
                )
        return AS_PROSPECTS

    def _status(self) -> tuple[str, bool]:
        """Return how the person of the line stands, and whether they have died."""
        if self.table.has_sessions:
            return "", False
        status, active = folded(self.cells("status")), folded(self.cells("active"))
        has_died = self._says("died") or "decease" in status
        if has_died or self._says("archived") or self._says("discharged"):
            return "past", has_died
        if active:
            is_past = active in NO or standing_of(active) == "past"
            return ("past" if is_past else "present"), False
        if status == WITHOUT_WORK:
            return "none", False
        if status:
            return standing_of(status) or self.meanings.get(status, "present"), False
        return ("past" if says_past(folded(self.cells("labels"))) else ""), False

    def _says(self, name: str) -> bool:
        """Whether a column has anything but a no: a moment, or a yes."""
        return folded(self.cells(name)) not in {"", *NO}

    def _people(  # long for all that may be known of somebody
        self, status: str, has_died: bool
    ) -> Iterator[Candidate]:
        cell, row = self.cells, self.cells.row
        first, last, whole = cell("first"), cell("last"), cell("name")
        two = names.couple_of(first, last, whole)
        name = names.whole_name(first, cell("middle"), last, whole) or names.tidy(cell("preferred"))
        if not name:
            if not self.table.has_sessions:
                self._refuse("name", "There is no name.")
            return
        if not self._is_name(name):
            return
        ended, has_died = self._ending(has_died=has_died)
        one = Candidate(
            name=name,
            key=names.key_of(name),
            file=self.table.file,
            source=Source(self.file, row.line),
            preferred=names.preferred_of(name, self._preferred(), first),
            email=self._email(),
            phone=self._phone(),
            born=self._born(),
            zone=self._zone(),
            do_not_contact=folded(cell("do_not_contact")) not in {"", "none", "n a", *NO},
            number=(cell("id"), self.number_of) if cell("id") else None,
            status=status,
            added=self._instant("added"),
            ended=ended,
            has_died=has_died,
            last_visit=self._instant("last_visit"),
            note=self._note(),
        )
        if work := cell("work"):
            one.couple = (self.file, work)
            yield one
        elif two:
            yield from self._couple(one, *two, both=True)
        elif spouse := names.usual_order(cell("spouse")):
            yield from self._couple(one, name, self._with_surname(spouse, name), both=False)
        else:
            if _COUPLE.search(folded(cell("client_type"))):
                why = "A couple whose other half is missing: brought in as one person."
                self._refuse("client_type", why)
            yield one

    def _with_surname(self, spouse: str, name: str) -> str:
        words = name.split()
        return f"{spouse} {words[-1]}" if " " not in spouse and len(words) > 1 else spouse

    def _couple(  # long for all that may be known of somebody
        self, one: Candidate, first: str, second: str, *, both: bool
    ) -> Iterator[Candidate]:
        """Yield both of a couple, if they are confirmed to be one; else two, or the one."""
        line = one.source.line
        alone = "Two separate clients" if both else f"Only {first}"
        what = f"Are {first} and {second} (line {line}) a couple?"
        choices = (COUPLE, alone)
        answer = self.asking.ask(About.COUPLE, one.file, what, choices, preselected=COUPLE)
        if not both and answer != COUPLE:
            yield one
            return
        couple = (one.file, line) if answer == COUPLE else None
        whole, one.couple, one.whole = one.name, couple, one.name if both else ""
        if both:
            one.name, one.key, one.preferred = first, names.key_of(first), ""
        if not self._is_name(second):
            return
        yield one
        yield Candidate(
            name=second,
            key=names.key_of(second),
            file=one.file,
            source=one.source,
            zone=one.zone,
            number=(partner, self.number_of) if (partner := self.cells("spouse_id")) else None,
            do_not_contact=both and one.do_not_contact,
            status=one.status,
            added=one.added,
            ended=one.ended,
            last_visit=one.last_visit,
            couple=couple,
            whole=whole if both else "",
        )
