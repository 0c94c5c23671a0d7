"""Signing in, and one's own details."""

from allauth.account.forms import LoginForm
from django import forms
from django.db import transaction
from django.http import HttpRequest

from practice.accounts.signals import time_zone_changed
from practice.moments import time_zone_choices


class SignInForm(LoginForm):
    """E-mail address and password, with sentences of our own."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.use_required_attribute = False
        address, password = self.fields["login"], self.fields["password"]
        address.label = "Email address"
        address.error_messages |= {
            "required": "Enter your email address",
            "invalid": "Enter an email address like name@example.com",
        }
        address.widget.attrs = {"autocomplete": "username", "spellcheck": "false"}
        password.help_text = ""
        password.error_messages["required"] = "Enter your password"
        password.widget.attrs = {"autocomplete": "current-password"}


class TimeZoneForm(forms.Form):
    """The zone in which somebody reads times."""

    use_required_attribute = False
    time_zone = forms.ChoiceField(
        label="Time zone",
        choices=time_zone_choices,
        error_messages={"invalid_choice": "Choose a time zone from the list"},
    )

    @transaction.atomic
    def save(self, request: HttpRequest) -> None:
        """Set it for the reader, in every role they have."""
        zone = self.cleaned_data["time_zone"]
        therapist = getattr(request.user, "therapist", None)
        if therapist:
            therapist.time_zone = zone
            therapist.save(update_fields=["time_zone"])
        request.user.clients.update(time_zone=zone)
        time_zone_changed.send(TimeZoneForm, user=request.user)
