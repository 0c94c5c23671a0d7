"""`manage.py send_mail_queue [--forever]`: tell people what happened to their sessions."""

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from practice.notifications.sending import Unreachable
from practice.notifications.worker import remind_everybody, send_everything, worker


class Command(BaseCommand):
    """Sends what is due; with `--forever` it stays, and looks again and again."""

    help = "Send the messages about sessions that are due. With --forever, go on sending."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--forever", action="store_true", help="stay, and look again and again")

    def handle(self, *, forever: bool, **options: Any) -> None:
        if not settings.SENDS_MESSAGES:
            raise CommandError("EMAIL_HOST is not set: nobody is told by mail.")
        if forever:
            signal.signal(signal.SIGTERM, lambda *_: worker.ended.set())
            worker.run()
            return
        remind_everybody()
        try:
            send_everything()
        except Unreachable as error:
            raise CommandError(f"The mail server cannot be reached: {error.__cause__}") from None
