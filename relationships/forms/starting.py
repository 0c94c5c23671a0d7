"""The form by which work begins: perhaps a new client, a kind, perhaps other people."""

from collections.abc import Iterable
from uuid import uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.text.person_names import fold
from practice.web.typed_rows import typed_rows
from relationships.forms.people import (
    MOST_PEOPLE,
    SOMEONE_ELSE,
    NewClientForm,
    OtherPeople,
    OtherPeopleForms,
)
from relationships.models import Kind, Relationship, start_relationship

OTHER_PERSON = ("name", "preferred_name", "email", "who", "found")


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


class Beginning:
    """All of it as one form: `client` is whom the work is with, None for a new client."""

    def __init__(self, therapist: Therapist, client: Client | None, data: dict | None) -> None:
        self.therapist, self.client = therapist, client
        self.is_bound = data is not None and "do" not in data
        self.duplicate: Relationship | None = None
        typed = data if self.is_bound else None
        draft = {key: value for key, value in (data or {}).items() if not self.is_bound}
        start = {"time_zone": therapist.time_zone} | draft
        self.person = None if client else NewClientForm(therapist, typed, initial=start)
        self.kind = KindForm(typed, initial=draft)
        rows = typed_rows(draft, "others", OTHER_PERSON, most=MOST_PEOPLE - 2)
        is_finding = draft.get("do") == "find"
        if is_finding:
            rows = [row | {"found": row["name"] and "1"} for row in rows]
        self.others: OtherPeople = OtherPeopleForms(
            typed,
            initial=rows,
            prefix="others",
            form_kwargs={"therapist": therapist, "empty_permitted": True},
        )
        if is_finding:
            self.others.extra = 0

    @property
    def forms(self) -> list[forms.Form]:
        return [*([self.person] if self.person else []), self.kind, *self.others.forms]

    @property
    def errors(self) -> bool:
        """Whether anything was refused."""
        return self.is_bound and any(
            [*(form.errors for form in self.forms), *self.others.non_form_errors()]
        )

    def is_valid(self) -> bool:
        """Whether all of it holds together, but for `is_duplicate`."""
        valid = [form.is_valid() for form in self.forms]  # each of them, so that each says why
        return (
            all(valid)
            and self.others.is_valid()
            and self._is_right_number()
            and self._is_nobody_twice()
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

    @property
    def general_errors(self) -> list[str]:
        """What is wrong with the other people as a whole."""
        return [str(error) for error in self.others.non_form_errors()]

    def _is_nobody_twice(self) -> bool:
        seen: set[object] = {self.client.public_id} if self.client else set()
        if self.person:
            cleaned = self.person.cleaned_data
            seen.add(_key_of(cleaned["name"], cleaned["email"]))
        once = True
        for form in self.others.filled:
            chosen = form.cleaned_data["who"]
            new = _key_of(form.cleaned_data["name"], form.cleaned_data["email"])
            person = new if chosen in ("", SOMEONE_ELSE) else chosen
            if person in seen:
                form.add_error("name", "You have entered this person twice")
                once = False
            seen.add(person)
        return once

    def lock_people(self) -> None:
        """Lock whoever is known already; what is asked about them then stays true."""
        chosen = [form.chosen for form in self.others.filled]
        ids = {person.pk for person in (self.client, *chosen) if person}
        list(self.therapist.clients.filter(pk__in=ids).locked())

    def is_duplicate(self) -> bool:
        """Whether this therapist has worked with the same people, in the same way, before."""
        known = {form.cleaned_data["who"] for form in self.others.filled} - {""}
        if not self.client or SOMEONE_ELSE in known or len(known) != len(self.others.filled):
            return False
        same = known | {self.client.public_id}
        kind = self.kind.cleaned_data["kind"]
        former = self.therapist.relationships.of_people([self.client]).filter(kind=kind)
        for relationship in former.in_order().with_people():
            if {person.public_id for person in relationship.people} == same:
                self.duplicate = relationship
                self.kind.add_error("kind", self._duplicate_words(relationship))
                return True
        return False

    @staticmethod
    def _duplicate_words(relationship: Relationship) -> str:
        people, kind = relationship.with_whom, relationship.get_kind_display()
        if relationship.is_ended:
            return f"You have worked with {people} as {kind} before"
        return f"You have an active relationship with {people} as {kind} already"

    def save(self, by: User) -> Relationship:
        """Add whoever is new and start the relationship."""
        first = self.client or self.person.add(by)  # type: ignore[union-attr]  # there is one of them
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
        begun = self.therapist.relationships.filter(key=key).first() if key else None
        if begun and not self._says_the_same_as(begun):
            raise BegunOtherwise(begun)
        return begun

    def _says_the_same_as(self, begun: Relationship) -> bool:
        """Whether a relationship is of the kind, and with the people, that this form has."""
        new = [form for form in (self.person, *self.others.filled) if form]
        typed = {_key_of(form["name"].value(), form["email"].value()) for form in new}
        known = {form["who"].value() for form in self.others.filled}
        known |= {self.client.public_id} if self.client else set()
        return (
            begun.kind == self.kind.cleaned_data["kind"]
            and len(begun.people) == len(new) + (self.client is not None)
            and all(
                person.public_id in known or _key_of(person.name, person.email) in typed
                for person in begun.people
            )
        )


class BegunOtherwise(Exception):
    """The same form was sent before, with something else in it, and has begun a relationship."""

    def __init__(self, begun: Relationship) -> None:
        super().__init__(begun)
        self.begun = begun


def _key_of(name: str | None, email: str | None) -> tuple[str, str]:
    """Return what tells two people apart, who may not be on record yet."""
    return fold(name or ""), (email or "").strip().lower()


def begin(beginning: Beginning, by: User) -> Relationship | None:
    """Save a beginning if it is valid; the same form sent again gets what it has begun.

    Raises:
        BegunOtherwise: the same form has begun something else, by another click.
        Client.DoesNotExist: somebody who was known has been erased a moment ago.
    """
    try:
        with transaction.atomic():
            if again := beginning.begun_already:
                return again
            if not beginning.is_valid():
                return beginning.begun_already  # by the other click, since the look before
            beginning.lock_people()
            if again := beginning.begun_already:
                return again
            return None if beginning.is_duplicate() else beginning.save(by)
    except IntegrityError:
        if again := beginning.begun_already:  # by the other click, a moment ago
            return again
        raise
