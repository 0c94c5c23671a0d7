"""Second factors: an authenticator app, passkeys, and recovery codes for when both are lost."""

from collections.abc import Callable

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_htmx.http import HttpResponseClientRedirect

from practice.accounts.access import therapist_of
from practice.accounts.models import User
from practice.web.encryption import decrypt, encrypt
from practice.web.responses import banner, see_other

PURPOSE = "second factors"
PASSKEY_FAILED = "That passkey did not work. Try again, or go on in another way."
SECOND = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)

# All that a therapist who still has to add a second factor can open.
OPEN_WITHOUT = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_view_recovery_codes",
    "account_reauthenticate",
    "sign_out",
    "time_left",
    "help",
    "finishing_work",
    "accessibility",
    "privacy",
    "livez",
    "readyz",
    "security_txt",
}


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
        have = user.authenticator_set.filter(type=kind).count()
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
        return decrypt(encrypted_text, PURPOSE)


def has_second_factor(user: User) -> bool:
    """Whether an account has an authenticator app or a passkey."""
    return user.authenticator_set.filter(type__in=SECOND).exists()


def second_factor_for_therapists(get_response: Callable) -> Callable[[HttpRequest], HttpResponse]:
    """Lead a therapist without a second factor to where one is added, and nowhere else.

    Looked up at each request: a factor that is removed stops counting at once.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if (
            not settings.SECOND_FACTOR_FOR_THERAPISTS
            or not therapist_of(request.user)
            or _name_of(request) in OPEN_WITHOUT
            or has_second_factor(request.user)
        ):
            return get_response(request)
        banner(request, "second_factor_needed")
        place = reverse("mfa_index")
        return HttpResponseClientRedirect(place) if request.htmx else see_other(place)

    return middleware


def _name_of(request: HttpRequest) -> str | None:
    try:
        return resolve(request.path_info).url_name
    except Resolver404:
        return None
