"""What an operator reads when a command cannot do its work: a sentence, and what to set."""

import errno

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, InterfaceError, OperationalError

NO_TABLE, NO_RIGHT, DISK_FULL = "42P01", "42501", "53100"  # SQLSTATE of PostgreSQL
FULL = (
    "The disk is full: nothing of this was saved, and nothing that was before is lost. Make room."
)
OF_SQLITE = {
    "no such table": "This database is empty or of another version: run manage.py migrate.",
    "unable to open": "The database cannot be opened: its folder has to be there, and to be yours "
    "to write to. DATA_DIR or DATABASE_URL says where it is.",
    "readonly": "The database can be read but not written: run this as its owner.",
    "disk is full": FULL,
    "disk I/O error": "The disk of DATA_DIR cannot be written to or read (disk I/O error): is it "
    "full?",
    "is locked": "Somebody else has written to the database all the while. Try again.",
    "not a database": "The file that DATABASE_URL or DATA_DIR leads to is no database.",
}


def in_words(error: BaseException) -> str | None:
    """Return what to tell an operator of an error, or None if nobody foresaw it."""
    if isinstance(error, ImproperlyConfigured):
        return str(error)
    if isinstance(error, EOFError):
        return "This asks for something to be typed: run it in a terminal."
    if isinstance(error, KeyboardInterrupt):
        return "Stopped."
    if isinstance(error, Error):
        return _of_database(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"{error.strerror}. Make room, then run it again."
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}. Is it yours to read and to write?"
    return None


def _of_database(error: Error) -> str | None:
    said, state = str(error).partition("\n")[0], getattr(error.__cause__, "sqlstate", None)
    if state == NO_TABLE:
        return OF_SQLITE["no such table"]
    if state == DISK_FULL:
        return FULL
    if state == NO_RIGHT:
        return (
            f"{said[:1].upper()}{said[1:]}. Run this as the owner of the tables: let DATABASE_URL "
            "name stillwater_owner (docs/operate.md)."
        )
    for sign, sentence in OF_SQLITE.items():
        if state is None and sign in said:
            return sentence
    if "invalid connection option" in said:
        return f"DATABASE_URL cannot be used ({said})."
    if isinstance(error, OperationalError | InterfaceError):
        return f"The database does not answer ({said}). DATABASE_URL says where it is."
    return None
