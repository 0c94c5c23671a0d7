"""The forms by which work begins: perhaps a new client, a kind, perhaps other people.

Whoever is among the therapist's clients already, inactive ones included, is recognised by name or
e-mail address: looking for somebody who is hidden breeds no duplicate (`docs/domain.md` 6.11).
"""

from collections.abc import Iterable
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import BaseFormSet, formset_factory

from clients.forms import EMAIL_ERRORS, ClientForm, PreferredNameMixin
from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.audit.models import Entry, Verb
from practice.text.fields import EmailField, LineField
from practice.text.person_names import fold
from practice.text.plain_text import one_line
from practice.web.typed_rows import typed_rows
from relationships.models import Kind, Relationship, start_relationship

MOST_PEOPLE = 20
SOMEONE_ELSE = "new"


class KindForm(forms.Form):
    """What kind of relationship it is."""

    use_required_attribute = False
    key = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid4)
    kind = forms.ChoiceField(
        label="Relationship",
        choices=Kind.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": "Select the kind of relationship",
            "invalid_choice": "Select the kind of relationship",
        },
    )


class NewClientForm(ClientForm):
    """A client to be. Says so when they seem to be one already."""

    is_new = forms.BooleanField(label="This is someone else: add a new client", required=False)

    def __init__(self, therapist: Therapist, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.therapist, self.matches = therapist, []

    def clean(self) -> dict:
        facts = super().clean()
        if facts.get("name"):
            known = self.therapist.clients.known()
            same = known.same_person_as(facts["name"], facts.get("email", ""))
            self.matches = list(same.a_to_z().prefetch_related("relationships"))
        if self.matches and not facts.get("is_new"):
            self.add_error("name", f"{self.matches[0].name} is already one of your clients")
        return facts

    def add(self, by: User) -> Client:
        """Add the client."""
        self.instance.therapist = self.therapist
        self.instance.save()
        return _added(self.instance, by)


class OtherPersonForm(PreferredNameMixin, forms.Form):
    """Somebody else who takes part: an existing client, recognised by name, or a new one.

    What to call them is asked only where it matters (`asks_what_to_call_them`).
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

    def __init__(self, *args: object, therapist: Therapist, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.therapist, self.matches = therapist, []
        if self.is_bound:
            typed = [self[part].value() or "" for part in ("name", "email")]
            typed = [one_line(text.replace("\0", "")) for text in typed]
            if typed[0]:
                same = therapist.clients.known().same_person_as(*typed)
                self.matches = list(same.a_to_z().prefetch_related("relationships"))
        self.fields["who"].choices = [
            *((client.public_id, self._describe(client)) for client in self.matches),
            (SOMEONE_ELSE, "Someone else: add a new client"),
        ]

    @staticmethod
    def _describe(client: Client) -> str:
        facts = [client.name, client.email, "" if client.is_active else "inactive"]
        return ", ".join(filter(None, facts))

    def clean(self) -> dict:
        facts = super().clean()
        if self.matches and "who" in facts and not facts["who"]:
            self.add_error(
                "who", f"{self.matches[0].name} is already a client. Choose who you mean"
            )
        if facts.get("who", SOMEONE_ELSE) not in ("", SOMEONE_ELSE):
            self.errors.pop("preferred_name", None)  # is known
        return facts

    @property
    def asks_what_to_call_them(self) -> bool:
        """Whether the page has to show the field for the preferred name."""
        return "preferred_name" in self.errors or bool(self["preferred_name"].value())

    def get_or_create(self, time_zone: str, by: User) -> Client:
        """Return the client who is meant; a new one reads times in `time_zone` for now."""
        facts = self.cleaned_data
        for client in self.matches:
            if client.public_id == facts["who"]:
                return client
        typed = {part: facts[part] for part in ("name", "preferred_name", "email")}
        new = Client.objects.create(therapist=self.therapist, time_zone=time_zone, **typed)
        return _added(new, by)


class OtherPeople(BaseFormSet):
    """Everybody else; a row left empty is nobody."""

    @property
    def filled(self) -> list[OtherPersonForm]:
        return [form for form in self.forms if form.has_changed()]


OtherPeopleForms = formset_factory(
    OtherPersonForm,
    formset=OtherPeople,
    extra=1,
    max_num=MOST_PEOPLE - 1,
    absolute_max=MOST_PEOPLE - 1,
    validate_max=True,
)


class Beginning:
    """All of it as one form: `client` is whom the work is with, None for a new client."""

    def __init__(self, therapist: Therapist, client: Client | None, data: dict | None) -> None:
        self.therapist, self.client = therapist, client
        self.is_bound = data is not None and "do" not in data
        self.duplicate: Relationship | None = None
        self._existing_people: list[Client] = []
        typed = data if self.is_bound else None
        draft = {key: value for key, value in (data or {}).items() if not self.is_bound}
        start = {"time_zone": therapist.time_zone} | draft
        self.person = None if client else NewClientForm(therapist, typed, initial=start)
        self.kind = KindForm(typed, initial=draft)
        self.others = OtherPeopleForms(
            typed,
            initial=typed_rows(
                draft, "others", ("name", "preferred_name", "email", "who"), most=MOST_PEOPLE - 2
            ),
            prefix="others",
            form_kwargs={"therapist": therapist, "empty_permitted": True},
        )

    @property
    def forms(self) -> list[forms.Form]:
        return [*([self.person] if self.person else []), self.kind, *self.others.forms]

    @property
    def errors(self) -> bool:
        """Whether anything was refused."""
        return self.is_bound and any(
            [form.errors for form in self.forms] + self.others.non_form_errors()
        )

    def is_valid(self) -> bool:
        """Whether all of it holds together; call inside the transaction that saves."""
        valid = [form.is_valid() for form in self.forms]  # each of them, so that each says why
        return (
            all(valid)
            and self.others.is_valid()
            and self._is_right_number()
            and self._is_nobody_twice()
            and not self._is_duplicate()
        )

    def _is_right_number(self) -> bool:
        kind = Kind(self.kind.cleaned_data["kind"])
        people = 1 + len(self.others.filled)
        if kind.fits(people):
            return True
        wanted = {
            Kind.INDIVIDUAL: "An Individual relationship is with one person. "
            "Remove the others, or choose another kind",
            Kind.COUPLES: "A Couples relationship is with two people. You have entered {}",
            Kind.FAMILY: "A Family relationship is with two people or more. You have entered {}",
            Kind.GROUP: "A Group relationship is with two people or more. You have entered {}",
        }[kind]
        self.kind.add_error(
            "kind", ValidationError(wanted.format("one" if people == 1 else people))
        )
        return False

    def _is_nobody_twice(self) -> bool:
        first = self.client.public_id if self.client else _who(self.person.cleaned_data)
        seen, once = {first}, True
        for form in self.others.filled:
            chosen = form.cleaned_data["who"]
            person = _who(form.cleaned_data) if chosen in ("", SOMEONE_ELSE) else chosen
            if person in seen:
                form.add_error("name", "You have entered this person twice")
                once = False
            seen.add(person)
        return once

    def _is_duplicate(self) -> bool:
        """Whether this therapist has worked with the same people, in the same way, before."""
        known = {form.cleaned_data["who"] for form in self.others.filled} - {""}
        if not self.client or SOMEONE_ELSE in known or len(known) != len(self.others.filled):
            return False
        same = known | {self.client.public_id}
        ties = self.client.relationships.filter(kind=self.kind.cleaned_data["kind"]).in_order()
        for tie in ties.prefetch_related("participations__client"):
            if {person.public_id for person in tie.people} == same:
                self.duplicate = tie
                self.kind.add_error("kind", self._duplicate_words(tie))
                return True
        return False

    @staticmethod
    def _duplicate_words(tie: Relationship) -> str:
        words = f"You have {'worked with' if tie.is_ended else 'an active relationship with'}"
        kind = tie.get_kind_display()
        return f"{words} {tie.with_whom} as {kind} {'before' if tie.is_ended else 'already'}"

    def save(self, by: User) -> Relationship:
        """Add whoever is new and start the relationship."""
        first = self.client or self.person.add(by)
        others: Iterable[Client] = [
            form.get_or_create(first.time_zone, by) for form in self.others.filled
        ]
        return start_relationship(
            therapist=self.therapist,
            kind=Kind(self.kind.cleaned_data["kind"]),
            clients=[first, *others],
            by=by,
            key=self.kind.cleaned_data["key"],
        )

    @property
    def begun_already(self) -> Relationship | None:
        """What this very form has begun, if it was sent before."""
        key = self.kind.cleaned_data.get("key") if self.kind.is_valid() else None
        return self.therapist.relationships.filter(key=key).first() if key else None


def _added(client: Client, by: User) -> Client:
    Entry.record(Verb.CLIENT_ADDED, by=by, therapist=client.therapist_id, about=client)
    return client


def _who(facts: dict) -> tuple[str, str]:
    """Return what tells two new people apart."""
    return fold(facts["name"]), facts["email"].lower()


def begin(beginning: Beginning, by: User) -> Relationship | None:
    """Save a beginning if it is valid: one at a time for a therapist, so a double click is one."""
    with transaction.atomic():
        Entry.hold(beginning.therapist)
        if again := beginning.begun_already:
            return again
        return beginning.save(by) if beginning.is_valid() else None
