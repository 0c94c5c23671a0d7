"""`python3 manage.py make_keys`: the two keys of an installation."""

from secrets import token_urlsafe

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Prints new keys as lines of an environment file. They are stored nowhere."""

    help = "Print a SECRET_KEY and an AUDIT_KEY, as lines for stillwater.env."
    requires_system_checks = []

    def handle(self, **options: object) -> None:
        self.stdout.write(f"SECRET_KEY={token_urlsafe(48)}")
        self.stdout.write(f"AUDIT_KEY={token_urlsafe(32)}")
