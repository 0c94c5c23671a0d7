"""The forms for the people of a new relationship: existing clients, or new ones.

Whoever is among the therapist's clients already, inactive ones included, is recognised by name or
e-mail address: looking for somebody who is hidden breeds no duplicate (`docs/domain.md` 6.11).
"""

from typing import Any, cast

from django import forms
from django.forms import BaseFormSet, formset_factory

from clients.forms import EMAIL_ERRORS, PersonForm, PreferredNameMixin
from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.text.fields import EmailField, LineField
from practice.text.plain_text import one_line

MOST_PEOPLE = 20
MOST_FOUND = 20  # clients offered for a part of a name
SOMEONE_ELSE = "new"
WITH_WORK = ("relationships", "merged_records__relationships")


class NewClientForm(PersonForm):
    """A client to be. Says so when they seem to be one already."""

    is_new = forms.BooleanField(label="This is someone else: add a new client", required=False)

    def __init__(self, therapist: Therapist, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.therapist = therapist
        self.matches: list[Client] = []

    def clean(self) -> dict:
        cleaned = super().clean()
        if cleaned.get("name"):
            people = self.therapist.clients.people()
            same = people.same_person_as(cleaned["name"], cleaned.get("email", ""))
            self.matches = list(same.in_name_order().prefetch_related(*WITH_WORK))
        if self.matches and not cleaned.get("is_new"):
            self.add_error("name", f"{self.matches[0].name} is already one of your clients")
        return cleaned

    def add(self, by: User) -> Client:
        """Add the client."""
        self.instance.therapist = self.therapist
        self.instance.save()
        return _added(self.instance, by)


class OtherPersonForm(PreferredNameMixin, forms.Form):
    """Somebody else who takes part: an existing client, or a new one.

    A client is recognised by their name or e-mail address, and offered for a part of their name
    where one was looked for (`found`). What to call them is asked only where it matters
    (`asks_what_to_call_them`).
    """

    use_required_attribute = False
    name = LineField(
        max_length=120,
        error_messages={"required": "Enter the other person’s name"},
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    email = EmailField(
        label="Email address (optional)",
        required=False,
        error_messages=EMAIL_ERRORS,
        widget=forms.EmailInput({"autocomplete": "off"}),
    )
    preferred_name = LineField(
        max_length=60,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    who = forms.ChoiceField(
        label="Who do you mean?",
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": "Choose who you mean"},
    )

    found = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, therapist: Therapist, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.therapist, self.has_more = therapist, False
        self.same: list[Client] = []
        self.matches: list[Client] = []
        typed = [self[part].value() or "" for part in ("name", "email")]
        typed = [one_line(text.replace("\0", "")) for text in typed]
        if typed[0] and (self.is_bound or self.is_found):
            self._look_for(*typed)
        cast(forms.ChoiceField, self.fields["who"]).choices = [
            *((client.public_id, self._describe(client)) for client in self.matches),
            (SOMEONE_ELSE, "Someone else: add a new client"),
        ]
        if not self.is_bound and len(self.matches) == 1:
            self.initial["who"] = self.initial.get("who") or self.matches[0].public_id

    @property
    def is_found(self) -> bool:
        """Whether the page shows who was found for a part of the name."""
        return bool(self["found"].value())

    def _look_for(self, name: str, email: str) -> None:
        """Find who it seems to be and, where one has looked, whose name has what was typed."""
        people = self.therapist.clients.people().in_name_order()
        self.same = list(people.same_person_as(name, email).prefetch_related(*WITH_WORK))
        found = list(people.search(name)[: MOST_FOUND + 1]) if self.is_found else []
        self.has_more = len(found) > MOST_FOUND
        others = [client for client in found[:MOST_FOUND] if client not in self.same]
        self.matches = [*self.same, *others]

    def has_changed(self) -> bool:
        return bool({*self.changed_data} - {"found"})

    @staticmethod
    def _describe(client: Client) -> str:
        words = [client.name, client.email, "" if client.is_active else "inactive"]
        return ", ".join(filter(None, words))

    def clean(self) -> dict:
        cleaned = super().clean()
        if self.matches and "who" in cleaned and not cleaned["who"]:
            known = f"{self.same[0].name} is already a client. " if self.same else ""
            self.add_error("who", f"{known}Choose who you mean")
        if self.matches and self["who"].value() != SOMEONE_ELSE:
            self.errors.pop("preferred_name", None)  # is known, or asked once it is somebody new
        return cleaned

    @property
    def asks_what_to_call_them(self) -> bool:
        """Whether the page has to show the field for the preferred name."""
        return "preferred_name" in self.errors or bool(self["preferred_name"].value())

    @property
    def chosen(self) -> Client | None:
        """The client who is meant, if it is one that is known."""
        who = self.cleaned_data["who"]
        return next((client for client in self.matches if client.public_id == who), None)

    def get_or_create(self, time_zone: str, by: User) -> Client:
        """Return the client who is meant; a new one reads times in `time_zone` for now."""
        if self.chosen:
            return self.chosen
        cleaned = self.cleaned_data
        typed = {part: cleaned[part] for part in ("name", "preferred_name", "email")}
        new = Client.objects.create(therapist=self.therapist, time_zone=time_zone, **typed)
        return _added(new, by)


class OtherPeople(BaseFormSet):
    """Everybody else; a row left empty is nobody."""

    @property
    def filled(self) -> list[OtherPersonForm]:
        return [form for form in self.forms if form.has_changed()]


OtherPeopleForms: Any = formset_factory(
    OtherPersonForm,
    formset=OtherPeople,
    extra=1,
    max_num=MOST_PEOPLE - 1,
    absolute_max=MOST_PEOPLE - 1,
    validate_max=True,
)


def _added(client: Client, by: User) -> Client:
    Entry.record(Verb.CLIENT_ADDED, by=by, therapist=client.therapist_id, about=client)
    return client
