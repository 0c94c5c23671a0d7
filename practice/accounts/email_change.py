"""The address that somebody signs in with: shown to be theirs, or changed, by a link in its mail.

The link holds what was asked for, encrypted, and is stored nowhere. It works for the account that
asked, signed in, as long as neither its address nor its password has changed since.
"""

import json
from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.core import ratelimit
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from practice.accounts.access import AccountRequest
from practice.accounts.details_forms import EmailForm
from practice.accounts.models import User
from practice.audit.models import Entry, Verb
from practice.web.encryption import decrypt, encrypt
from practice.web.responses import banner, render_form, see_other, whole_address

PURPOSE = "email change"
VALID_FOR = timedelta(days=1)


@require_http_methods(["GET", "HEAD", "POST"])
@reauthentication_required
def change_email(request: AccountRequest) -> HttpResponse:
    """Send a link to a new address, or to the present one, if nobody has shown whose it is.

    Whether another account has the address is looked up by whoever opens the link.
    """
    if not settings.EMAIL_HOST:
        raise Http404
    form = EmailForm(request.user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        if ratelimit.consume(request, action="email_change"):
            _send_link(request, form.cleaned_data["email"])
            banner(request, "email_link_sent")
            return see_other("account")
        form.add_error(None, get_adapter().error_messages["rate_limited"])
    return render_form(request, "accounts/change_email.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_email(request: AccountRequest, token: str) -> HttpResponse:
    """Show that the mail of an address is read by who asked for the link, and take the address."""
    user, new = request.user, _asked_for(request.user, token)
    if new is None:
        return render(request, "accounts/email_link_unusable.html", status=410)
    if request.method != "POST":
        return render(request, "accounts/confirm_email.html", {"new": new})
    try:
        is_done = _change(user, new)
    except User.EmailTaken:
        return render(request, "accounts/email_taken.html", {"new": new}, status=409)
    if not is_done:
        return render(request, "accounts/email_link_unusable.html", status=410)
    banner(request, "email_confirmed" if new == user.email else "email_changed")
    return see_other("account")


@transaction.atomic
def _change(user: User, new: str) -> bool:
    if not user.change_email(new):
        return False
    about, outcome = f"account:{user.pk}", "email address"
    Entry.record(Verb.SETTINGS_CHANGED, by=user, therapist=None, about=about, outcome=outcome)
    if new != user.email:
        told = {"from_email": user.email, "to_email": new}
        get_adapter().send_notification_mail("account/email/email_changed", user, told, user.email)
    return True


def _send_link(request: AccountRequest, new: str) -> None:
    user = request.user
    asked = {"user": user.pk, "old": user.email, "new": new, "password": _password_of(user)}
    path = reverse("confirm_email", args=[encrypt(json.dumps(asked), PURPOSE)])
    context = {"link": whole_address(request, path)}
    get_adapter().send_mail("account/email/confirm_email", new, context)


def _asked_for(user: User, token: str) -> str | None:
    """Return the new address of a link, if it is for this account and as things are now."""
    try:
        asked = json.loads(decrypt(token, PURPOSE, max_age=VALID_FOR))
    except InvalidToken:
        return None
    new = asked.pop("new")
    is_so = asked == {"user": user.pk, "old": user.email, "password": _password_of(user)}
    return new if is_so else None


def _password_of(user: User) -> str:
    """Return what changes with the password, and tells nothing of it."""
    return user.get_session_auth_hash()
