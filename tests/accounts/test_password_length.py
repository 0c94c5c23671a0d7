"""A password has 200 characters at most, and a longer one costs no work anywhere."""

import time
from io import StringIO

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from clients.models import Invitation
from practice.accounts.models import User
from practice.accounts.passwords import LONGEST
from tests.factories import PASSWORD
from tests.reading import read

HUGE = "a quiet harbour " * 31_250  # 500,000 characters; they were looked at for 68 s
REFUSAL = "The password must be 200 characters or fewer"
SECONDS = 5  # of work, whatever else the machine does; far from 68


def test_the_longest_password_there_is_signs_in(alice):
    longest = ("a quiet harbour at dusk, " * LONGEST)[:LONGEST]
    validate_password(longest, alice.user)
    alice.user.set_password(longest)
    alice.user.save()

    answer = Browser().post("/sign-in/", {"login": alice.user.email, "password": longest})

    assert (answer.status_code, answer.url) == (302, "/")


@pytest.mark.parametrize("password", [HUGE, HUGE[: LONGEST + 1], "ab" * LONGEST])
def test_a_longer_one_is_refused_at_once(password):
    begun = time.process_time()

    with pytest.raises(ValidationError, match="200 characters or fewer"):
        validate_password(password)

    assert time.process_time() - begun < SECONDS


@pytest.fixture
def reset_link(alice, client, mailoutbox) -> str:
    client.post("/password/reset/", {"email": alice.user.email})
    address = mailoutbox[0].body.partition("http://testserver")[2].split()[0]
    return client.get(address).url


def sent_to(place: str, names: tuple[str, ...], browser: Browser) -> str:
    """Send a huge password in one field after the other, and say what came back."""
    begun = time.process_time()
    told = []
    for name in names:
        fields = {"login": "alice@practice.example", **dict.fromkeys(names, PASSWORD), name: HUGE}
        answer = browser.post(place, fields)
        told.append((answer.status_code, REFUSAL in read(answer).text))
    assert time.process_time() - begun < SECONDS * len(names)
    return told


def test_every_form_that_takes_a_password_refuses_it(alice, as_alice, reset_link, ben):
    untouched = alice.user.password
    invitation = f"/invitation/{Invitation.create_for(ben)}/"

    for place, names, browser in (
        ("/sign-in/", ("password",), Browser()),
        ("/sign-in/again/", ("password",), as_alice),
        ("/password/change/", ("oldpassword", "password1"), as_alice),
        (reset_link, ("password1",), as_alice),
        (invitation, ("new_password1", "new_password2"), Browser()),
    ):
        assert set(sent_to(place, names, browser)) == {(422, True)}, place

    alice.user.refresh_from_db()
    assert alice.user.password == untouched
    assert not User.objects.filter(email=ben.email).exists()


def test_setting_a_first_password_refuses_it(as_alice, alice):
    alice.user.set_unusable_password()
    alice.user.save()
    as_alice.force_login(alice.user)

    assert sent_to("/password/set/", ("password1",), as_alice) == [(422, True)]


def test_the_command_that_adds_a_therapist_refuses_it(db, monkeypatch):
    command = "practice.management.operator.getpass"
    monkeypatch.setattr(command, lambda prompt="": HUGE)

    with pytest.raises(CommandError, match=REFUSAL):
        call_command("add_therapist", "Hannah", "hannah@practice.example", stdout=StringIO())

    assert User.objects.count() == 0
