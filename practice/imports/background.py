"""What takes longer than an answer may: bringing very many rows in, and undoing that.

It is done after the answer, in one transaction, and leaves word of how far it has come. Whoever
does it holds the import: a server that is killed lets go of it, and nothing is half-way.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from django.utils import timezone

from practice.accounts.access import as_therapist
from practice.accounts.after_response import run_after_response
from practice.accounts.models import User
from practice.database.waiting import without_limit
from practice.imports import uploads
from practice.imports.models import Import
from practice.imports.reading import read_files
from practice.imports.undoing import TooLate, undo
from practice.imports.writing import Changed, bring_in

BEGINS_WITHIN = 10  # seconds after the press; then somebody holds it, or it has been stopped


class HowFar(NamedTuple):
    """How far something is that is done after the answer; rows as words, nothing if none is."""

    done: str
    of: str
    failed: str  # why, if it is known
    is_stopped: bool

    @classmethod
    def of_import(cls, came: Import) -> "HowFar":
        """Read it; it asks the database nothing."""
        failed, _ = uploads.noted(came, uploads.FAILED)
        words, silent = uploads.noted(came, uploads.PROGRESS)
        is_late = silent > BEGINS_WITHIN and not uploads.is_held(came)
        done, _, of = words.partition(" ")
        return cls(done, of, failed, bool(failed) or not words or is_late)


def begin_bringing(came: Import, answers: dict[str, str], rows: int) -> None:
    """Bring an import in after the answer."""
    uploads.begin(came, rows)
    uploads.note(came, uploads.ANSWERS, json.dumps(answers))
    run_after_response("an import", partial(bring_many, came, answers))


def begin_undoing(came: Import, by: User, rows: int) -> None:
    """Undo an import after the answer."""
    uploads.begin(came, rows)
    run_after_response("undoing an import", partial(undo_many, came, by))


def bring_many(came: Import, answers: dict[str, str]) -> None:
    """Bring an import in, as its therapist."""
    therapist = came.therapist
    with _held(came) as progress:
        with as_therapist(therapist):
            plan = read_files(uploads.saved(came), therapist, answers, timezone.now()).plan
        with as_therapist(therapist), without_limit():
            bring_in(plan, came, therapist, came.begun_by, progress)


def undo_many(came: Import, by: User) -> None:
    """Undo an import, as its therapist."""
    with _held(came) as progress, as_therapist(came.therapist), without_limit():
        undo(came, by=by, progress=progress)


@contextmanager
def _held(came: Import) -> Iterator[Callable[[int, int], None]]:
    """Hold an import, and forget its files at the end; leave word if that is not reached."""

    def progress(done: int, of: int) -> None:
        uploads.note(came, uploads.PROGRESS, f"{done} {of}")

    try:
        with uploads.held(came):
            yield progress
    except TooLate:  # the page says how it is
        uploads.forget(came)
    except Changed:
        words = "Your practice was changed while the files were read."
        uploads.note(came, uploads.FAILED, words)
    except BaseException:
        uploads.note(came, uploads.FAILED, "Something went wrong.")
        raise
    else:
        uploads.forget(came)
