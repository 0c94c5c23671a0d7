"""What goes into the log: never what somebody searched for, never what stood in a row."""

import logging
import re
import traceback
from types import TracebackType

from django.db import InterfaceError, OperationalError

QUERY = re.compile(r"\?[^ \"']*")


class WithoutQuery(logging.Filter):
    """Cut the query off every address; the text of a search can be a name."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                QUERY.sub("", arg) if isinstance(arg, str) else arg for arg in record.args
            )
        return True


class WithoutValues(logging.Formatter):
    """Tell where it broke and as what, not with what words: an error may quote a row or a form.

    Only what a database says of its own state (it is away, it is locked) is kept, one line of it.
    """

    def formatException(  # noqa: N802 - the name that `logging` calls
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None]
    ) -> str:
        error, told = ei[1], []
        while error:
            frames = "".join(traceback.format_tb(error.__traceback__))
            told.append(f"{frames}{type(error).__module__}.{type(error).__qualname__}")
            if isinstance(error, OperationalError | InterfaceError):
                told[-1] += f": {str(error).partition(chr(10))[0]}"
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nwhich led to\n".join(reversed(told))
