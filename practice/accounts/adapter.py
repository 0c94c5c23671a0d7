"""What Stillwater does differently from allauth's defaults."""

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.contrib import messages
from django.contrib.sites.shortcuts import get_current_site
from django.http import HttpRequest
from django.urls import reverse

from practice.accounts.after_response import run_after_response
from practice.accounts.devices import device
from practice.accounts.factors import PASSKEY_FAILED
from practice.accounts.models import User
from practice.web.responses import banner

log = logging.getLogger("django.practice")

# The banner that follows what allauth has done; of all else pages are silent.
SAID = {
    "account/messages/password_changed.txt": "password_changed",
    "account/messages/password_set.txt": "password_saved",
    "mfa/messages/totp_activated.txt": "app_added",
    "mfa/messages/totp_deactivated.txt": "app_removed",
    "mfa/messages/webauthn_added.txt": "passkey_added",
    "mfa/messages/webauthn_removed.txt": "passkey_removed",
    "mfa/messages/recovery_codes_generated.txt": "codes_made",
}
WAYS = {
    "reauthenticate": "Use your password",
    "mfa_reauthenticate": "Use a code",
    "mfa_reauthenticate:webauthn": "Use a passkey",
}
# The banner of an error; any other is told as "not_done", because no text can be stored.
FAILED = {PASSKEY_FAILED: "passkey_failed"}


class Adapter(DefaultAccountAdapter):
    """No account begins by itself: therapists are added by command, clients by invitation."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": "Check your email address and password",
        "account_inactive": "Check your email address and password",
        "too_many_login_attempts": "Too many tries. Wait 15 minutes, or reset your password.",
        "rate_limited": "Too many tries. Wait 15 minutes and try again.",
        "enter_current_password": "Check your current password",
        "incorrect_password": "Check your password",
    }

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def get_reauthentication_methods(self, user: User) -> list[dict]:
        """Return the ways in which somebody can confirm that it is them."""
        return [
            way | {"description": WAYS[way["id"]]}
            for way in super().get_reauthentication_methods(user)
        ]

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        message: str = "",
        **kwargs: Any,
    ) -> None:
        """Say in our words what allauth has done, and that it could not."""
        if message_template in SAID:
            banner(request, SAID[message_template])
        elif level == messages.ERROR and message:
            banner(request, FAILED.get(message, "not_done"))

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Tell somebody that a way into their account has changed."""
        context = {"device": device(self.get_http_user_agent(self.request))} | (context or {})
        super().send_notification_mail(template_prefix, user, context, email)

    def send_mail(self, template_prefix: str, email: str, context: dict) -> None:
        """Word a mail now, and send it when what it tells is committed and answered."""
        site = get_current_site(self.request)
        context = {"request": self.request, "email": email, "current_site": site} | context
        letter = self.render_mail(template_prefix, email, context)
        run_after_response(f"sending {template_prefix}", letter.send)

    def format_email_subject(self, subject: str) -> str:
        return f"{subject.strip()} – {settings.SERVICE_NAME}"
