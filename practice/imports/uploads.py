"""The files of an import between being sent and being brought in: private, and soon forgotten.

They lie in a folder of their own in DATA_DIR, which nobody but the server can read, until what is
in them has been brought in, or for a day.
"""

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from practice.database.private_file import PRIVATE
from practice.database.public_ids import is_public_id
from practice.imports.models import FORGOTTEN_AFTER, Import

PROGRESS, FAILED, HELD, RUNNING = "progress", "failed", "held", "running"
ANSWERS = "answers"
A_MOMENT = 15  # seconds


def folder_of(came: Import) -> Path:
    """Return where the files of an import are, as long as they are."""
    return settings.DATA_DIR / "imports" / came.public_id


def save(came: Import, files: Iterable[Any]) -> None:
    """Write uploaded files where their server alone can read them."""
    folder = folder_of(came)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700)
    for number, file in enumerate(files):
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY
        with os.fdopen(os.open(folder / str(number), flags, PRIVATE), "wb") as saved:
            for chunk in file.chunks():
                saved.write(chunk)


def saved(came: Import) -> list[tuple[Path, str]]:
    """Return the files of an import with their names; nothing, once they are forgotten."""
    folder = folder_of(came)
    found = [(folder / str(number), name) for number, name in enumerate(came.files)]
    return found if all(path.is_file() for path, _ in found) else []


def forget(came: Import) -> None:
    """Delete the files of an import."""
    shutil.rmtree(folder_of(came), ignore_errors=True)


def forget_old(after: timedelta = FORGOTTEN_AFTER) -> None:
    """Delete whatever was sent longer ago than this, of whomever."""
    oldest = time.time() - after.total_seconds()
    for folder in (settings.DATA_DIR / "imports").glob("*"):
        if is_public_id(folder.name) and folder.stat().st_mtime < oldest:
            shutil.rmtree(folder, ignore_errors=True)


def begin(came: Import, rows: int) -> None:
    """Say that none of so many rows is done yet, of what is done after the answer."""
    folder = folder_of(came)
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    note(came, FAILED, "")
    note(came, PROGRESS, f"0 {rows}")


def note(came: Import, name: str, words: str) -> None:
    """Leave a word about an import that is going on, beside its files."""
    path = folder_of(came) / name
    written = path.with_suffix(".new")
    with suppress(FileNotFoundError):  # the files have been forgotten meanwhile
        with os.fdopen(os.open(written, os.O_CREAT | os.O_WRONLY, PRIVATE), "w") as file:
            file.write(words)
        written.replace(path)  # whole, or not at all


def answers_noted(came: Import) -> dict[str, str]:
    """Return what was answered of an import that was interrupted; nothing, if none was begun."""
    words, _ = noted(came, ANSWERS)
    return json.loads(words) if words else {}


def say_running() -> None:
    """Say that something is being brought in at this moment: on SQLite nobody else can write then.

    It is said by a file, which tells it without asking the database.
    """
    file = settings.DATA_DIR / "imports" / RUNNING
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.touch(PRIVATE)


def say_done() -> None:
    """Say that it has come to its end, whichever."""
    (settings.DATA_DIR / "imports" / RUNNING).unlink(missing_ok=True)


def is_running() -> bool:
    """Whether something was being brought in a moment ago, in any practice."""
    try:
        told_at = (settings.DATA_DIR / "imports" / RUNNING).stat().st_mtime
    except OSError:
        return False
    return time.time() - told_at < A_MOMENT


@contextmanager
def held(came: Import) -> Iterator[None]:
    """Hold an import while it is being brought in; a process that is killed lets go of it."""
    with (folder_of(came) / HELD).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def is_held(came: Import) -> bool:
    """Whether somebody is bringing an import in at this moment."""
    with suppress(FileNotFoundError), (folder_of(came) / HELD).open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def noted(came: Import, name: str) -> tuple[str, float]:
    """Return the word that was left, and how many seconds ago; nothing and 0 without one."""
    path = folder_of(came) / name
    try:
        return path.read_text(), time.time() - path.stat().st_mtime
    except OSError:
        return "", 0.0
