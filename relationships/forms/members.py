"""Who leaves a couple, a family or a group, or joins it, and when."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from clients.models import Client
from practice.diary.forms import TimeForm
from practice.text.spoken import soon
from relationships.forms.people import MOST_PEOPLE, OtherPersonForm
from relationships.models import Kind, Relationship

END = "end"
A_MINUTE = timedelta(minutes=1)


class MomentForm(TimeForm):
    """A moment that is not to come; of the present minute it is now."""

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        now = timezone.localtime()
        present = {"day": now.date(), "time": now.time(), "found": True}
        super().__init__(data, initial=present, **kwargs)
        self.fields["time"].label = "Time"

    def clean(self) -> dict:
        cleaned_data, now = super().clean(), timezone.now()
        if at := cleaned_data.get("starts_at"):
            if at > now:
                self.add_error("day", "Enter a day and a time that have come")
            cleaned_data["at"] = now if now - at < A_MINUTE else at
        return cleaned_data

    def check_since(self, since: datetime, words: str) -> None:
        """Refuse a moment before another, but in the same minute take that."""
        at = self.cleaned_data.get("at")
        if at and at < since:
            if since - at >= A_MINUTE:
                self.add_error("day", f"{words} {soon(since)}: enter a later time")
            self.cleaned_data["at"] = since


def kinds_of(number: int) -> list[tuple[str, str]]:
    """Return which kinds so many people make, as choices."""
    return [(kind.value, kind.label) for kind in Kind if kind.fits(number)]


class LeaveForm(MomentForm):
    """Who leaves, when, and what becomes of the work if it is too small then."""

    field_order = ["who", "day", "time", "which", "then"]
    who = forms.ChoiceField(
        label="Who leaves?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who leaves", "invalid_choice": "Choose who leaves"},
    )
    then = forms.ChoiceField(
        label="What becomes of the relationship?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what becomes of the relationship",
            "invalid_choice": "Choose what becomes of the relationship",
        },
    )

    def __init__(self, *args: Any, relationship: Relationship, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.relationship, self.people = relationship, relationship.people
        who: Any = self.fields["who"]
        who.choices = [(person.public_id, person.name) for person in self.people]
        number = len(self.people) - 1
        if Kind(relationship.kind).fits(number):
            del self.fields["then"]
            return
        then: Any = self.fields["then"]
        goes_on = [(kind, f"It goes on as {label}") for kind, label in kinds_of(number)]
        then.choices = [(END, "It ends: you say why on the next page"), *goes_on]

    def clean(self) -> dict:
        cleaned_data = super().clean()
        if person := self._person(cleaned_data):
            cleaned_data["person"] = person
            parts = self.relationship.participations.all()
            own = [p for p in parts if p.left_at is None and p.client.person == person]
            since = own[0].joined_at or self.relationship.started_at
            self.check_since(since, f"{person.first_name} joined or began")
        return cleaned_data

    def _person(self, cleaned_data: dict) -> Client | None:
        chosen = cleaned_data.get("who")
        return next((person for person in self.people if person.public_id == chosen), None)

    @property
    def kind(self) -> str:
        """As what the work goes on, or `END`."""
        return self.cleaned_data.get("then") or self.relationship.kind


class JoinForm(OtherPersonForm, MomentForm):
    """Who joins, when, and as what the work goes on if its kind does not have so many people.

    It is one of the therapist's clients, found by a part of their name, or somebody new.
    """

    kind = forms.ChoiceField(
        label="The relationship goes on as",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose as what the relationship goes on",
            "invalid_choice": "Choose as what the relationship goes on",
        },
    )

    def __init__(self, *args: Any, relationship: Relationship, **kwargs: Any) -> None:
        super().__init__(*args, therapist=relationship.therapist, **kwargs)
        self.relationship, self.people = relationship, relationship.people
        self.fields["name"].error_messages["required"] = "Enter who joins"
        self.number = number = len(self.people) + 1
        if Kind(relationship.kind).fits(number):
            del self.fields["kind"]
        else:
            kind: Any = self.fields["kind"]
            kind.choices = kinds_of(number)

    def clean(self) -> dict:
        cleaned_data = super().clean()
        if self.number > MOST_PEOPLE:
            self.add_error("name", f"{MOST_PEOPLE} people take part, and more cannot")
        person = self.chosen if "who" in cleaned_data else None
        if person in self.people:
            self.add_error("name", f"{person.name} takes part already")
        since, words = self.relationship.started_at, "The work began"
        if person and (left_at := self.relationship.left_by(person)):
            since, words = left_at, f"{person.first_name} left"
        self.check_since(since, words)
        return cleaned_data

    @property
    def as_kind(self) -> str:
        """As what the work goes on."""
        return self.cleaned_data.get("kind") or self.relationship.kind
