"""What leaves the server beside the answer: lines of the log, and mail."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from django.core import mail

from tests.access.oracle import words_of_mail
from tests.access.world import World, canaries


class Elsewhere(logging.Handler):
    """Overhears the log, as the operator reads it, and the post."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self.world, self.lines = world, []
        handlers = logging.getLogger("django").handlers
        (self.console,) = (h for h in handlers if type(h) is logging.StreamHandler)

    @contextmanager
    def overheard(self) -> Iterator[None]:
        """Listen while something happens."""
        mail.outbox = []
        loggers = [logging.getLogger(name) for name in ("django", "django.server", "practice")]
        for logger in loggers:
            logger.addHandler(self)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        if self.console.filter(record):
            self.lines.append(self.console.format(record))

    def findings(self) -> Iterator[str]:
        """Yield what has come out since the last time and should not have."""
        lines, letters = self.lines, mail.outbox
        self.lines, mail.outbox = [], []
        for line in lines:
            found = [*sorted(canaries(line.encode()))]
            found += ["a secret"] if self.world.token in line else []
            yield from (f"the log says {word}: {line[:90]}" for word in found)
        for letter in letters:
            text = f"{letter.message()} {letter.subject} {letter.body}"
            for word in sorted(canaries(text.encode()) - words_of_mail(letter.to)):
                yield f"a mail says {word}"
