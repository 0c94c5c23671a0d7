"""Signing in: passwords, codes and passkeys."""

from collections.abc import Callable
from typing import Any

from allauth.account.forms import (
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
)
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ReauthenticateByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    EditWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.http import HttpRequest

from practice.accounts.after_response import run_after_response
from practice.accounts.passkeys import PasskeyAnswer, PasskeyField, whatever_is_sent
from practice.accounts.passwords import HOW_TO_CHOOSE, LONGEST, TOO_LONG, normalized
from practice.text.fields import LineField
from practice.web.edits import EditMixin
from practice.web.lengths import limit_length

LONGEST_CODE = 50  # characters, spaces of an authenticator app included


class PasswordsMixin(forms.BaseForm):
    """A form with passwords.

    One that is too long is refused before anything looks at it. Of the others each is read in one
    form, whichever keyboard it was typed on, so that two fields can be compared.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, forms.PasswordInput):
                limit_length(field, LONGEST, TOO_LONG)
                field.to_python = _normalizing(field.to_python)  # type: ignore[assignment, method-assign]


def _normalizing(to_python: Callable[[Any], Any]) -> Callable[[Any], str]:
    return lambda value: normalized(to_python(value))


def _say_what_is_an_address(field: forms.Field) -> None:
    field.label = "Email address"
    field.error_messages |= {
        "required": "Enter your email address",
        "invalid": "Enter an email address like name@example.com",
    }


class SignInForm(PasswordsMixin, LoginForm):
    """E-mail address and password, with sentences of our own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        address, password = self.fields["login"], self.fields["password"]
        _say_what_is_an_address(address)
        address.widget.attrs = {"autocomplete": "username", "spellcheck": "false"}
        password.help_text = ""
        password.error_messages["required"] = "Enter your password"
        password.widget.attrs = {"autocomplete": "current-password"}


class ResetForm(ResetPasswordForm):
    """Where to send a link for a new password.

    Whether there is an account is looked up after the answer: it takes as long for everybody.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        _say_what_is_an_address(self.fields["email"])
        self.fields["email"].widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        return self.cleaned_data["email"]

    def save(self, request: HttpRequest, **_: Any) -> str:
        run_after_response("sending a link for a new password", lambda: self._send(request))
        return self.cleaned_data["email"]

    def _send(self, request: HttpRequest) -> None:
        super().clean_email()
        super().save(request)


def say_how_to_choose(first: forms.Field, again: forms.Field) -> None:
    """Give the two fields of a new password their words."""
    first.help_text, again.help_text = HOW_TO_CHOOSE, ""
    first.error_messages["required"] = "Enter a password"
    again.label = "The same password again"
    again.error_messages["required"] = "Enter the password again"


class NewPasswordMixin(PasswordsMixin):
    """A form of allauth's in which somebody chooses a password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        for field in self.fields.values():
            field.label = str(field.label).capitalize()
            field.widget.attrs.pop("placeholder", None)
        say_how_to_choose(self.fields["password1"], self.fields["password2"])


class OtherPasswordForm(NewPasswordMixin, ChangePasswordForm):
    """Another password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].error_messages["required"] = "Enter your current password"


class FirstPasswordForm(NewPasswordMixin, SetPasswordForm):
    """A password for an account that has none."""


class PasswordByLinkForm(NewPasswordMixin, ResetPasswordKeyForm):
    """A new password, for whoever was sent a link, and so reads the mail of the address."""

    def save(self) -> None:
        session_key = context.request.session.session_key
        self.user.claim(self.cleaned_data["password1"], session_key=session_key)


class CodeMixin(forms.BaseForm):
    """A form with a code, typed from another device."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        code = self.fields["code"]
        code.label = "Code"
        code.error_messages["required"] = "Enter the code"
        limit_length(code, LONGEST_CODE, "Check the code")
        code.widget.attrs = {
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "spellcheck": "false",
        }


class CodeForm(CodeMixin, AuthenticateForm):
    """The second step of signing in."""


class ConfirmByCodeForm(CodeMixin, ReauthenticateByCodeForm):
    """Confirming that it is you, by a code."""


class AddAppForm(CodeMixin, ActivateTOTPForm):
    """The first code of an authenticator app."""

    @property
    def key(self) -> str:
        """The secret, in groups that can be typed."""
        return " ".join(self.secret[i : i + 4] for i in range(0, len(self.secret), 4))


class ConfirmForm(PasswordsMixin, ReauthenticateForm):
    """Confirming that it is you, by the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.fields["password"].help_text = ""
        self.fields["password"].error_messages["required"] = "Enter your password"
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}


class SignInByPasskeyForm(PasskeyAnswer, LoginWebAuthnForm):
    """Signing in by a passkey alone."""


class SecondStepByPasskeyForm(PasskeyAnswer, AuthenticateWebAuthnForm):
    """A passkey after the password."""


class ConfirmByPasskeyForm(PasskeyAnswer, ReauthenticateWebAuthnForm):
    """Confirming that it is you, by a passkey."""


class PasskeyNameMixin(forms.BaseForm):
    """A form with the name of a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        self.fields.pop("passwordless", None)  # every passkey is
        name = self.fields["name"] = LineField(
            label="Name",
            help_text="So that you know which one it is: “Phone”, “Laptop at the practice”.",
            required=self.fields["name"].required,
            max_length=60,
            error_messages={"required": "Enter a name"},
        )
        name.widget.attrs = {"autocomplete": "off", "maxlength": "60"}


class AddPasskeyForm(PasskeyNameMixin, AddWebAuthnForm):
    """A new passkey."""

    credential = PasskeyField()

    def clean(self) -> dict:
        with whatever_is_sent():
            super().clean()
        return self.cleaned_data


class RenamePasskeyForm(EditMixin, PasskeyNameMixin, EditWebAuthnForm):
    """Another name for a passkey."""
