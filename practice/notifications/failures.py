"""What a mail server said, or did not say: what becomes of the message, and what is read of it."""

from datetime import datetime, timedelta
from smtplib import (
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPSenderRefused,
)
from typing import Any

from practice.notifications.models import Message

FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=1), timedelta(hours=4)
NOT_TAKEN = "The mail server could not be reached, or did not take it."
NOT_MADE = "It could not be put together."
NO_ADDRESS = "The address cannot be written to."


def after(error: Exception, message: Message, now: datetime) -> dict[str, Any]:
    """Return what becomes of a message that was not sent, or of which nobody knows.

    What was in doubt before it was tried stays so: it may have arrived then.
    """
    pause = min(FIRST_RETRY * 2 ** min(message.attempts - 1, 12), LONGEST_RETRY)
    again = {"next_attempt_at": now + pause, "error": in_words(error)}
    if is_permanent(error):
        ended = {"state": Message.State.FAILED, "next_attempt_at": None}
        return {"error": in_words(error), "in_doubt": message.in_doubt} | ended
    refused = (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError)
    # A connection that broke may have done so after the message was taken.
    return again | {"in_doubt": message.in_doubt or not isinstance(error, refused)}


def is_permanent(error: Exception) -> bool:
    """Whether the mail server, or the address itself, says that it will never be taken."""
    match error:
        case SMTPRecipientsRefused():
            return all(code >= 500 for code, _ in error.recipients.values())
        case SMTPDataError():
            return error.smtp_code >= 500
        case SMTPNotSupportedError() | UnicodeError():  # an address that it cannot have
            return True
    return False


def in_words(error: Exception) -> str:
    """Return what a therapist reads of it: no address, and what the server said."""
    match error:
        case SMTPRecipientsRefused():
            code, said = next(iter(error.recipients.values()))
            return f"The mail server of the address says: {code} {_line(said)}"[:300]
        case SMTPDataError() | SMTPSenderRefused():
            return f"The mail server says: {error.smtp_code} {_line(error.smtp_error)}"[:300]
        case SMTPNotSupportedError() | UnicodeError():
            return NO_ADDRESS
    return NOT_TAKEN


def _line(said: bytes | str) -> str:
    words = said.decode(errors="replace") if isinstance(said, bytes) else said
    return " ".join("".join(c if c.isprintable() else " " for c in words).split())
