"""`python3 manage.py rotate_secret_key`: so that the former SECRET_KEY can go."""

from typing import Any

from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management.base import CommandError
from django.db import transaction

from practice.accounts.factors import renew_secrets
from practice.management.owner import OwnerCommand


class Command(OwnerCommand):
    """Encrypts the secrets of second factors with the present key."""

    help = "Encrypt second factors with the present SECRET_KEY, so that its fallbacks can go."

    def handle(self, **options: Any) -> None:
        renewed = unreadable = 0
        with_secrets = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN)
        for pk in [*with_secrets.values_list("pk", flat=True)]:
            with transaction.atomic():
                # Codes are used up meanwhile, and their owner may remove them.
                factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
                try:
                    if factor:
                        renew_secrets(factor)
                        renewed += 1
                except InvalidToken:
                    unreadable += 1
        self.stdout.write(f"{renewed} encrypted with the present key.")
        if unreadable:
            raise CommandError(
                f"{unreadable} cannot be read with any key that is set: put the one they were "
                "encrypted with into SECRET_KEY_FALLBACKS, or remove them (accounts reset-factors)."
            )
        self.stdout.write("Links that are on their way are signed with the former key for 7 days.")
