"""What a therapist types about a person, and how an invited client begins."""

from typing import Any

from django import forms
from django.contrib.auth.forms import SetPasswordForm
from django.db import transaction
from django.utils import timezone

from clients.models import Client, Invitation, KeepRule
from practice.accounts.forms import PasswordsMixin, say_how_to_choose
from practice.accounts.models import User
from practice.text.fields import DayField, EmailField, LineField, TimeZoneField
from practice.text.spoken import first_name, has_surname
from practice.web.edits import EditMixin

NAME_ERRORS = {"required": "Enter the client’s name"}
EMAIL_ERRORS = {"invalid": "Enter an email address like name@example.com"}
WHO_SEES_IT = "People in the same sessions see this"


class PreferredNameMixin(forms.BaseForm):
    """A form with `name` and `preferred_name`, which asks where the name does not tell the first.

    Whoever shares a session with a client reads what they are called, and never a surname.
    """

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        name, preferred = (cleaned_data.get(part) or "" for part in ("name", "preferred_name"))
        if has_surname(preferred, name):
            words = f"Enter it without the surname. {WHO_SEES_IT}"
            self.add_error("preferred_name", words)
        elif name and not (preferred or first_name(name) or "preferred_name" in self.errors):
            words = f"Enter what you call them. {WHO_SEES_IT}, and never a surname"
            self.add_error("preferred_name", words)
        return cleaned_data


class PersonForm(PreferredNameMixin, forms.ModelForm):
    """Who a client is, or is to be."""

    use_required_attribute = False

    class Meta:
        model = Client
        fields = ["name", "preferred_name", "email", "phone", "time_zone"]
        labels = {
            "preferred_name": "Preferred name (optional)",
            "email": "Email address (optional)",
            "phone": "Phone (optional)",
        }
        help_texts = {
            "preferred_name": "What you call them, if it is not their first name. "
            f"{WHO_SEES_IT}, and never a surname"
        }
        error_messages = {"name": NAME_ERRORS, "email": EMAIL_ERRORS}
        field_classes = dict.fromkeys(["name", "preferred_name", "phone"], LineField) | {
            "email": EmailField
        }
        widgets = {
            "name": forms.TextInput({"autocomplete": "off"}),
            "preferred_name": forms.TextInput({"autocomplete": "off"}),
            "email": forms.EmailInput({"autocomplete": "off"}),
            "phone": forms.TextInput({"autocomplete": "off", "type": "tel"}),
        }

    time_zone = TimeZoneField(help_text="In which they read times")


class ClientForm(EditMixin, PersonForm):
    """Who a client is. Writes the columns that were changed and no others.

    A form opened before an ending and saved after it must not bring the relationship's state, or
    the counter of active relationships, back with it (`docs/domain.md` 6, trap 13).
    """

    class Meta(PersonForm.Meta):
        fields = [*PersonForm.Meta.fields, "do_not_contact"]
        help_texts = PersonForm.Meta.help_texts | {
            "do_not_contact": "No message is sent to them. They see their sessions when they "
            "sign in."
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.can_sign_in:  # with any record; the owner of the account chooses it
            del self.fields["time_zone"]
            words = (
                f"{self.instance.first_name} goes on signing in with the address that they have."
            )
            self.fields["email"].help_text = words

    def save(self, commit: bool = True) -> Client:
        self.instance.save(update_fields=[*self.changed_data, "sort_name", "search_text"])
        return self.instance


class KeepForm(EditMixin, forms.ModelForm):
    """For how long the records of a client are kept. Writes what was changed and no more."""

    use_required_attribute = False

    class Meta:
        model = Client
        fields = ["keep_rule", "date_of_birth"]

    keep_rule = forms.ChoiceField(
        label="Keep the records",
        choices=KeepRule.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose how long the records are kept",
            "invalid_choice": "Choose how long the records are kept",
        },
    )
    date_of_birth = DayField(
        label="Date of birth",
        required=False,
        help_text="Needed for the 25th birthday only. Leave it empty otherwise.",
    )

    def clean(self) -> dict:
        super().clean()
        cleaned_data = self.cleaned_data
        born, today = cleaned_data.get("date_of_birth"), timezone.localdate()
        if born and not (today.year - 130 < born.year and born <= today):
            self.add_error("date_of_birth", "Enter a date within the last 130 years")
        is_needed = cleaned_data.get("keep_rule") == KeepRule.BIRTHDAY
        if is_needed and not born and "date_of_birth" not in self.errors:
            self.add_error("date_of_birth", "Enter the date of birth")
        return cleaned_data

    def save(self, commit: bool = True) -> Client:
        self.instance.save(update_fields=self.changed_data)
        return self.instance


class NewPasswordForm(PasswordsMixin, SetPasswordForm):
    """The password of a new account."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["new_password1"].label = "Password"
        say_how_to_choose(self.fields["new_password1"], self.fields["new_password2"])

    @transaction.atomic
    def claim_for(self, invitation: Invitation) -> User:
        """Return the account of the invited, theirs alone now, and link the client; or neither.

        Raises:
            Invitation.Unusable: somebody was faster.
        """
        User.objects.bulk_create([User(email=invitation.email)], ignore_conflicts=True)
        user = User.objects.get(email=invitation.email)
        if user.email_verified_at:
            raise Invitation.Unusable
        user.claim(self.cleaned_data["new_password1"])
        invitation.accept(user)
        return user

    def save_unless_there_is_one(self) -> None:
        """Make the account; if there is one, do as much work, and change nothing."""
        User.objects.bulk_create([self.save(commit=False)], ignore_conflicts=True)
