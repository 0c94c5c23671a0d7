"""One's own details: the address to sign in with, how one is reached, and the time zone."""

from django import forms
from django.http import QueryDict

from practice.accounts.models import Contact, User
from practice.accounts.signals import time_zone_changed
from practice.text.fields import EmailField, LineField, PhoneField, PlaceField, TimeZoneField
from practice.web.edits import EditMixin


class EmailForm(forms.Form):
    """The address to sign in with."""

    use_required_attribute = False
    email = EmailField(
        label="New email address",
        max_length=254,
        error_messages={
            "required": "Enter an email address",
            "invalid": "Enter an email address like name@example.com",
        },
        widget=forms.EmailInput({"autocomplete": "email", "spellcheck": "false"}),
    )

    def __init__(self, user: User, data: QueryDict | None = None) -> None:
        # As long as nobody has shown whose the present one is, that may be what it is for.
        initial = {} if user.email_verified_at else {"email": user.email}
        super().__init__(data, initial=initial)
        self.user = user

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if email == self.user.email and self.user.email_verified_at:
            raise forms.ValidationError("You sign in with this address already")
        return email


class ContactForm(EditMixin, forms.ModelForm):
    """How a therapist's clients reach them. Writes what was changed and no more."""

    use_required_attribute = False
    email = EmailField(
        label="Contact email (optional)",
        required=False,
        max_length=254,
        error_messages={"invalid": "Enter an email address like name@example.com"},
        widget=forms.EmailInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    phone = PhoneField(label="Contact phone (optional)", required=False, max_length=40)
    place = PlaceField(
        label="Where sessions take place (optional)",
        help_text="A place, or an https link for online sessions. Each relationship and each "
        "session can have its own.",
    )

    class Meta:
        model = Contact
        fields = ["email", "phone", "place"]

    def save(self, commit: bool = True) -> Contact:
        self.instance.save(update_fields=self.changed_data if self.instance.pk else None)
        return self.instance


class DetailsForm(EditMixin, forms.ModelForm):
    """How the owner of an account is called and reached. Writes what was changed and no more."""

    use_required_attribute = False
    name = LineField(
        label="Name (optional)",
        required=False,
        max_length=120,
        widget=forms.TextInput({"autocomplete": "name"}),
    )
    phone = PhoneField(
        label="Phone (optional)",
        required=False,
        max_length=40,
        widget=forms.TextInput({"type": "tel", "autocomplete": "tel"}),
    )

    class Meta:
        model = User
        fields = ["name", "phone"]

    def save(self, commit: bool = True) -> User:
        self.instance.save(update_fields=self.changed_data)
        return self.instance


class TimeZoneForm(EditMixin, forms.Form):
    """The zone in which somebody reads times."""

    use_required_attribute = False
    time_zone = TimeZoneField()

    def save(self, user: User) -> None:
        """Set it for the account, which reads everything in it, whomever it is of."""
        user.time_zone = self.cleaned_data["time_zone"]
        user.save(update_fields=["time_zone"])
        time_zone_changed.send(TimeZoneForm, user=user)
