"""Every input has a length, and it is looked at before any work is done.

This goes through all forms: ours by their classes, and whatever else a page makes. One with a field
that takes a text of any length fails.
"""

from collections.abc import Callable, Iterator

import pytest
from allauth.core.context import request_context
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.db import transaction
from django.forms.forms import BaseForm

from practice.accounts.models import User
from practice.accounts.passkeys import PasskeyField
from practice.diary.adding_forms import SlotField
from tests.access.table import TABLE
from tests.access.walk import PARAMETER, Walk
from tests.access.world import World
from tests.factories import PASSWORD
from tests.pressing import Browser

HUGE = "9" * 100_000
LONGEST_TEXT = 4_000  # "About you"
OURS = ("practice.", "clients.", "relationships.")
# What these read has a form of its own, or is one of a few words: all else is refused at once.
SHORT_BY_NATURE = (
    forms.BooleanField,
    forms.ChoiceField,
    forms.DateField,
    forms.DateTimeField,
    forms.IntegerField,
    forms.TimeField,
    forms.UUIDField,
    PasskeyField,
    SlotField,
)
# A file is as long as a request may be, a part of an address as an address (test_limits.py).
LIMITED_BY_THE_REQUEST = {
    ("FilesForm", "caseload"),
    ("ProfileForm", "new_photo"),
    ("UserTokenForm", "key"),
    ("UserTokenForm", "uidb36"),
}


def is_limited(field: forms.Field) -> bool:
    """Whether a field refuses what is too long, before anything else looks at it."""
    if isinstance(field, SHORT_BY_NATURE):
        return True
    limits = [v.limit_value for v in field.validators if isinstance(v, MaxLengthValidator)]
    return isinstance(field, forms.CharField) and bool(limits) and min(limits) == field.max_length


def unlimited(made: list[BaseForm]) -> set[tuple[str, str]]:
    """Return form and name of each field that takes a text of any length."""
    fields = {(type(form).__name__, name): f for form in made for name, f in form.fields.items()}
    return {key for key, field in fields.items() if not is_limited(field)}


def our_classes() -> Iterator[type[BaseForm]]:
    """Yield every class of form that is ours."""
    waiting = [BaseForm]
    while waiting:
        for found in waiting.pop().__subclasses__():
            waiting.append(found)
            is_mixin = not hasattr(found, "base_fields")
            if found.__module__.startswith(OURS) and not is_mixin:
                yield found


@pytest.fixture
def make(alice, individual, rf) -> Iterator[Callable[[type[BaseForm]], BaseForm]]:
    """Make a form of any of our classes, as its page does."""
    needs = {
        "AddAppForm": {"user": alice.user},
        "AddPasskeyForm": {"user": alice.user},
        "OtherPasswordForm": {"user": alice.user},
        "CodeForm": {"user": alice.user},
        "ConfirmByCodeForm": {"user": alice.user},
        "ConfirmByPasskeyForm": {"user": alice.user},
        "ConfirmForm": {"user": alice.user},
        "DatedHoursForm": {"therapist": alice, "kind": "open"},
        "EndDateForm": {"relationship": individual},
        "StartDateForm": {"relationship": individual, "first_session": None},
        "DaysOffForm": {"row": "Days off 1", "use_required_attribute": False},
        "ClientForm": {"instance": individual.people[0]},
        "EmailForm": {"user": alice.user},
        "FirstPasswordForm": {"user": alice.user},
        "NewClientForm": {"therapist": alice},
        "NewPasswordForm": {"user": User()},
        "OtherPersonForm": {"therapist": alice},
        "PasswordByLinkForm": {"user": alice.user},
        "RowForm": {"row": "", "use_required_attribute": False},
        "RenamePasskeyForm": {"instance": Passkey()},
        "SecondStepByPasskeyForm": {"user": alice.user},
        "SpanForm": {"row": "Monday, time 1", "use_required_attribute": False},
        "JoinForm": {"relationship": individual},
        "LeaveForm": {"relationship": individual},
        "TidyForm": {"relationship": individual, "last_session": None},
        "WhichStaysForm": {"may_stay": individual.people},
    }

    request = rf.get("/")
    request.user, request.session = alice.user, {}
    with request_context(request):
        yield lambda kind: kind(**needs.get(kind.__name__, {}))


class Passkey:
    """As much of a passkey as its form asks for."""

    name = "Phone"

    def wrap(self) -> "Passkey":
        return self


def test_every_field_of_every_form_of_ours_has_a_length(make):
    made = [make(kind) for kind in our_classes()]

    assert len(made) > 25
    assert unlimited(made) <= LIMITED_BY_THE_REQUEST


def test_every_field_refuses_what_is_huge(make):
    """All but tick boxes, which have no text, and the photo."""
    for form in (make(kind) for kind in our_classes()):
        for name, field in form.fields.items():
            if not isinstance(field, forms.BooleanField | forms.FileField):
                with pytest.raises(ValidationError):
                    field.clean(HUGE)
                assert (getattr(field, "max_length", None) or 0) <= LONGEST_TEXT, name


@pytest.mark.parametrize(
    "field", [forms.CharField(), forms.JSONField(), forms.RegexField(r"\d+"), forms.FileField()]
)
def test_a_field_without_a_length_is_found(field):
    form = type("Planted", (forms.Form,), {"planted": field})()

    assert unlimited([form]) == {("Planted", "planted")}


@pytest.fixture
def made(monkeypatch) -> list[BaseForm]:
    """Every form that anything makes from now on."""
    found, begin = [], BaseForm.__init__

    def noted(self: BaseForm, *args: object, **kwargs: object) -> None:
        begin(self, *args, **kwargs)
        found.append(self)

    monkeypatch.setattr(BaseForm, "__init__", noted)
    return found


def test_no_page_makes_a_form_of_somebody_elses_without_lengths(db, made):
    walk = Walk(World())
    for who in ("alice", "ann", "visitor"):
        browser: Browser = walk.browsers[who]
        browser.post("/sign-in/again/", {"password": PASSWORD})
        for route in TABLE.keys() - {"sign-out/"}:
            part = PARAMETER.search(route)
            things = walk.world.objects(part[1]) if part else {"ann": ""}
            thing = things.get("ann") or next(iter(things.values()))
            address = walk.address(route, thing)
            with transaction.atomic():
                browser.get(address)
                browser.post(address, {"weeks": ""})
                transaction.set_rollback(True)

    seen = {type(form).__name__ for form in made}
    assert {"SignInForm", "AddAppForm", "ClientForm", "EndForm", "ProfileForm"} < seen
    assert len(seen) > 25
    assert unlimited(made) <= LIMITED_BY_THE_REQUEST
