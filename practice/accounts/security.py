"""Account security: second steps, passkeys, and where one is signed in."""

from typing import Any, cast

from allauth.mfa import app_settings
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import DeactivateTOTPView
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView
from allauth.usersessions.models import UserSession
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe
from django.views.generic import FormView

from practice.accounts.access import AccountRequest
from practice.accounts.devices import device
from practice.accounts.factors import Unreadable
from practice.accounts.models import User
from practice.web.responses import LOOK, banner, see_other, was_shown

Type = Authenticator.Type
CODES = app_settings.RECOVERY_CODE_COUNT  # how many somebody gets at once


@require_safe
def security(request: AccountRequest) -> HttpResponse:
    """Show every way into the account, and every device that is in it."""
    factors = Authenticator.objects.filter(user=request.user).order_by("created_at")
    codes = factors.filter(type=Type.RECOVERY_CODES).first()
    here = request.session.session_key
    elsewhere = [
        s for s in UserSession.objects.purge_and_list(request.user) if s.session_key != here
    ]
    context = {
        "app": factors.filter(type=Type.TOTP).first(),
        "passkeys": factors.filter(type=Type.WEBAUTHN),
        "has_codes": codes is not None,
        "codes_left": CODES - int(codes.data["used_mask"]).bit_count() if codes else 0,
        "here": device(request.META.get("HTTP_USER_AGENT", "")),
        "elsewhere": [
            (device(s.user_agent), s.last_seen_at)
            for s in sorted(elsewhere, key=lambda s: s.last_seen_at, reverse=True)
        ],
    }
    return render(request, "accounts/security.html", context)


@require_POST
def sign_out_elsewhere(request: AccountRequest) -> HttpResponse:
    """End every session of this account but this one."""
    others = UserSession.objects.filter(user=request.user).exclude(
        session_key=request.session.session_key
    )
    for session in others:
        session.end()
    banner(request, "signed_out_elsewhere")
    return see_other("mfa_index")


class ShownMixin(FormView):
    """A page about one factor, whose press does nothing to another that has taken its place."""

    type: str
    nothing: str  # was done, in a sentence

    def get_context_data(self, **kwargs: Any) -> dict:
        factor = Authenticator.objects.filter(user=self.request.user, type=self.type).first()
        shown = str(factor.pk) if factor else "none"
        return super().get_context_data(**kwargs) | {"shown": shown}

    def form_valid(self, form: Form) -> HttpResponse:
        with transaction.atomic():
            account = User.objects.filter(pk=cast(User, self.request.user).pk)
            account.select_for_update(no_key=True).get()
            context = self.get_context_data(form=form)
            if was_shown(self.request, context["shown"]):
                return super().form_valid(form)
        context["changed"] = f"{self.nothing} {LOOK}"
        return self.render_to_response(context, status=409)


class RemoveApp(ShownMixin, DeactivateTOTPView):
    """Remove the authenticator app that the page was opened for."""

    type, nothing = Type.TOTP, "Nothing was removed."


class SeeCodes(ViewRecoveryCodesView):
    """Show the recovery codes that are left, or that the server can no longer read them."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().get(request, *args, **kwargs)
        except Unreadable:
            return self.render_to_response({"unreadable": True})


class CodesUncounted(GenerateRecoveryCodesView):
    """Does not read those that are left, as allauth does: new ones are made also in their place."""

    def get_context_data(self, **kwargs: Any) -> dict:
        return super(GenerateRecoveryCodesView, self).get_context_data(**kwargs)


class MakeCodes(ShownMixin, CodesUncounted):
    """Make new recovery codes in place of those that there were when the page was opened."""

    type, nothing = Type.RECOVERY_CODES, "No new codes were made."


class SecondStep(AuthenticateView):
    """After the password: a code of the app, a recovery code, or a passkey."""

    def get_context_data(self, **kwargs: Any) -> dict:
        context = super().get_context_data(**kwargs)
        kinds = set(self.stage.login.user.authenticator_set.values_list("type", flat=True))
        by_recovery_code = "recovery" in self.request.GET or Type.TOTP not in kinds
        context |= {
            "has_app": Type.TOTP in kinds,
            "has_passkey": Type.WEBAUTHN in kinds,
            "by_recovery_code": by_recovery_code,
        }
        return context


class AddPasskey(AddWebAuthnView):
    """Add a passkey: one that is kept by the device and signs in by itself, without a password."""

    def get_context_data(self, **kwargs: Any) -> dict:
        context = super().get_context_data(**kwargs)
        context["form"] = kwargs.get("form", context["form"])
        context["js_data"] = {"creation_options": begin_registration(self.request.user, True)}
        return context


class ConfirmByPasskey(ReauthenticateWebAuthnView):
    """Confirm that it is you, by a passkey."""

    def form_invalid(self, form: Form) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict:
        context = super().get_context_data(**kwargs)
        context["form"] = kwargs.get("form", context["form"])
        return context
