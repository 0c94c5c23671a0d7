"""What Stillwater does differently from allauth's defaults."""

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from practice.http import banner


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
        banner(request, "success", "Password changed")
        return reverse("account")

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def add_message(self, request: HttpRequest, *args: object, **kwargs: object) -> None:
        """Keep allauth's flash messages away; our pages say what happened."""

    def format_email_subject(self, subject: str) -> str:
        return f"{subject.strip()} – {settings.SERVICE_NAME}"
