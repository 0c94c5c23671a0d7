"""What goes into the log: never what somebody searched for."""

import logging
import re

QUERY = re.compile(r"\?[^ \"']*")


class WithoutQuery(logging.Filter):
    """Cut the query off every address; the text of a search can be a name."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                QUERY.sub("", arg) if isinstance(arg, str) else arg for arg in record.args
            )
        return True
