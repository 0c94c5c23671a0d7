"""From files to a plan: read, recognise, plan. Nothing is written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from practice.accounts.models import Therapist
from practice.imports.aliases import LEFT_OUT
from practice.imports.asking import About, Asking, key_of
from practice.imports.drafts import Given
from practice.imports.plan import Plan
from practice.imports.planning import plan_of
from practice.imports.readers import read
from practice.imports.recognising import Table, recognise
from practice.imports.sheets import MOST_FILES, MOST_LINES, CannotRead, Sheet, Unreadable
from practice.imports.state import State

OURS, ANOTHERS = "It is mine", "It is somebody else’s: leave it out"


@dataclass
class Reading:
    """Files as they were read, and what would come of them."""

    plan: Plan
    tables: list[Table]


def read_files(
    files: Iterable[tuple[Path, str]],
    therapist: Therapist,
    answers: Mapping[str, str],
    now: datetime,
) -> Reading:
    """Return what files (each with its name) would bring in, with these answers."""
    files = list(files)
    asking, names = Asking(answers), _told_apart([name for _, name in files])
    found, refused = _Tables(therapist, asking), list[Unreadable]()
    if len(files) > MOST_FILES:
        refused.append(Unreadable("", 0, "", f"There are more than {MOST_FILES} files."))
        files = []
    for number, (path, _) in enumerate(files):
        try:
            found.add(number, path, names[number])
        except CannotRead as error:
            refused.append(error.unreadable)
    given = Given(
        therapist.pk,
        therapist.name,
        ZoneInfo(therapist.time_zone),
        now,
        State.of(therapist),
        asking,
        names,
    )
    plan = plan_of(found.tables, given)
    plan.refused, plan.left_out = refused, found.left_out + plan.left_out
    return Reading(plan, [table for _, table in found.tables])


class _Tables:
    """The tables in files, each with the number of its file, and what is left out of these."""

    def __init__(self, therapist: Therapist, asking: Asking) -> None:
        self.therapist, self.asking = therapist, asking
        self.tables, self.left_out = list[tuple[int, Table]](), list[Unreadable]()

    def add(self, number: int, path: Path, name: str) -> None:
        """Read one more file.

        Raises:
            CannotRead: it cannot be read, or has no table, or there are too many lines by now.
        """
        unknown = list[CannotRead]()  # worksheets of something else
        for sheet in read(path, name):
            if _is_of_another(sheet, self.therapist, self.asking):
                why = f"It is the archive of {sheet.owner}."
                self.left_out.append(Unreadable(name, 0, "", why))
                continue
            try:
                table = recognise(sheet, _Chosen(self.asking, sheet.label))
            except CannotRead as error:
                self.left_out += sheet.left_out
                unknown.append(error)
                continue
            self.tables.append((number, table))
        if unknown and not any(of == number for of, _ in self.tables):
            raise unknown[0]
        self.left_out += [error.unreadable for error in unknown]
        if sum(len(table.rows) for _, table in self.tables) > MOST_LINES:
            raise CannotRead(name, f"The files have more than {MOST_LINES:,} lines.")


def _is_of_another(sheet: Sheet, therapist: Therapist, asking: Asking) -> bool:
    """Whether a sheet is of the archive of another therapist: asked once, and never taken for ours.

    Whoever has another address now can say so.
    """
    if sheet.owner.lower() in ("", therapist.user.email):
        return False
    what = f"It is the archive of {sheet.owner[:80]}. Whose is it?"
    answer = asking.said(sheet.file, what)
    if asking.asked[sheet.file, what] == 0:
        answer = asking.ask(About.FILE, sheet.file, what, (OURS, ANOTHERS))
    return answer != OURS


def column_key(file: str, label: str) -> str:
    """Return by what it is found what a column is to become."""
    return key_of(file, f"Column “{label}”")


class _Chosen(Mapping[str, str]):
    """What the columns of a file are to become, as far as it was chosen."""

    def __init__(self, asking: Asking, file: str) -> None:
        self.asking, self.file = asking, file

    def __getitem__(self, label: str) -> str:
        return self.asking.answers[column_key(self.file, label)]

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _told_apart(names: list[str]) -> list[str]:
    """Return names of files so that no two are alike."""
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            names[place] = f"{name} ({seen[name]})"
    return names


def columns_left_out(table: Table) -> list[str]:
    """Return the columns of a table of which nothing is brought in."""
    return [column.label for column in table.columns if column.becomes == LEFT_OUT]
