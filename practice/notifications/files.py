"""Messages as files, in the demo: `demo-mail/*.eml` beside manage.py, for anybody to open."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

FOLDER = "demo-mail"
MOST = 500  # files; the oldest go


def folder() -> Path:
    return Path(settings.BASE_DIR) / FOLDER


class EmailBackend(BaseEmailBackend):
    """Writes each message to a file of its own, named by its moment; it is there whole or not."""

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        folder().mkdir(exist_ok=True)
        for message in messages:
            path = folder() / f"{timezone.now():%Y%m%d-%H%M%S-%f}-{uuid4().hex[:8]}.eml"
            half = path.with_suffix(".half")
            half.write_bytes(message.message().as_bytes(linesep="\r\n"))
            half.replace(path)
        for old in sorted(folder().glob("*.eml"))[:-MOST]:
            old.unlink(missing_ok=True)
        return len(messages)
