"""Second factors: an authenticator app, passkeys, and recovery codes for when both are lost."""

import logging

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString

from practice.accounts.access import SECOND_FACTORS
from practice.accounts.models import User
from practice.web.encryption import decrypt, encrypt, renew

PURPOSE = "second factors"
ENCRYPTED = {"secret", "seed", "migrated_codes"}  # of what allauth keeps of an app and of codes
PASSKEY_FAILED = "That passkey did not work. Try again, or go on in another way."
CANNOT_CHECK = (
    "Codes cannot be checked at the moment. Use a passkey if you have one, or ask whoever runs "
    "this service."
)
KEY_ADVICE = (
    "A second factor was encrypted with a key that is not set: put the former SECRET_KEY into "
    "SECRET_KEY_FALLBACKS, then run manage.py rotate_secret_key."
)
log = logging.getLogger("django.practice")


class Unreadable(ValidationError):
    """A secret was encrypted with a key that the server no longer has."""


class FactorAdapter(DefaultMFAAdapter):
    """Says things our way, and keeps the secrets of authenticator apps encrypted."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "Check the code. An authenticator app shows a new one every 30 seconds.",
        "cannot_generate_recovery_codes": "Add an authenticator app or a passkey first.",
    }

    def _get_site_name(self) -> str:
        return settings.SERVICE_NAME

    def generate_authenticator_name(self, user: User, kind: str) -> str:
        """Return what a new passkey is called until somebody knows better."""
        have = Authenticator.objects.filter(user=user, type=kind).count()
        return f"Passkey {have + 1}" if have else "Passkey"

    def build_totp_svg(self, url: str) -> SafeString:
        """Draw the QR code of an address, as a picture that stands in the page itself."""
        code = qrcode.QRCode(border=4)
        code.add_data(url)
        rows = code.get_matrix()
        dots = [
            f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, dot in enumerate(row) if dot
        ]
        return format_html(
            '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="QR code">'
            '<path d="{1}"></path></svg>',
            len(rows),
            "".join(dots),
        )

    def encrypt(self, text: str) -> str:
        return encrypt(text, PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        """Return the secret of a factor.

        Raises:
            Unreadable: SECRET_KEY was changed, and the former one is not in SECRET_KEY_FALLBACKS.
        """
        try:
            return decrypt(encrypted_text, PURPOSE)
        except InvalidToken:
            log.error(KEY_ADVICE)
            raise Unreadable(CANNOT_CHECK) from None


def renew_secrets(factor: Authenticator) -> None:
    """Encrypt what a factor keeps anew, with the present key. Its row has to be locked.

    Raises:
        cryptography.fernet.InvalidToken: with none of the keys was it encrypted.
    """
    for name in ENCRYPTED & factor.data.keys():
        kept = factor.data[name]
        one_by_one = [renew(text, PURPOSE) for text in (kept if isinstance(kept, list) else [kept])]
        factor.data[name] = one_by_one if isinstance(kept, list) else one_by_one[0]
    factor.save(update_fields=["data"])


def has_second_factor(user: User) -> bool:
    """Whether an account has an authenticator app or a passkey."""
    return Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).exists()
