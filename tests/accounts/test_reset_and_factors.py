"""Whoever types somebody's address into *Forgotten your password?* takes nothing from them."""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.cache import cache

from practice.accounts.factors import has_second_factor
from practice.accounts.models import Therapist
from tests.accounts.passkey import add_passkey
from tests.accounts.second_factor import SECURITY, add_app, codes_of
from tests.factories import PASSWORD
from tests.pressing import Browser
from tests.reading import read

NEW = "another quiet harbour"


@pytest.fixture(params=["", "mail.practice.example"], ids=["no mail", "mail"])
def mail_server(request, settings) -> None:
    """Both kinds of installation."""
    settings.EMAIL_HOST = request.param


def ask_for_a_link() -> None:
    Browser().post("/password/reset/", {"email": "alice@practice.example"})


def choose_a_new_password() -> None:
    ask_for_a_link()
    browser = Browser()
    link = re.search(r"https?://testserver(/password/reset/\S+)", mail.outbox[-1].body)[1]
    place = browser.get(link, follow=True).redirect_chain[-1][0]
    saved = browser.post(place, {"password1": NEW, "password2": NEW}, follow=True)
    assert "Password changed" in read(saved).heads


RESETS = {
    "nothing": (lambda: None, PASSWORD),
    "asked": (ask_for_a_link, PASSWORD),
    "asked twice": (lambda: [ask_for_a_link() for _ in range(2)], PASSWORD),
    "finished": (choose_a_new_password, NEW),
}


@pytest.fixture(params=RESETS)
def signed_in(request, alice: Therapist, mail_server, settings) -> Browser:
    """Alice, who needs a second factor, signed in after somebody has reset her password."""
    settings.SECOND_FACTOR_FOR_THERAPISTS = True
    reset, password = RESETS[request.param]
    reset()
    cache.clear()
    browser = Browser()
    browser.post("/sign-in/", {"login": alice.user.email, "password": password})
    browser.post(f"/sign-in/again/?next={SECURITY}", {"password": password})
    return browser


def test_an_app_can_be_added(signed_in, alice):
    add_app(signed_in)

    assert has_second_factor(alice.user)
    assert signed_in.get("/clients/").status_code == 200


def test_a_passkey_can_be_added(signed_in, alice):
    answer = add_passkey(signed_in)

    assert answer.url == f"{SECURITY}codes/"
    assert has_second_factor(alice.user)
    assert signed_in.get("/clients/").status_code == 200


def test_recovery_codes_can_be_made_anew(signed_in):
    add_app(signed_in)
    old = codes_of(signed_in)

    signed_in.post(f"{SECURITY}codes/new/")

    assert len(old) == len(codes_of(signed_in)) == 10
    assert old != codes_of(signed_in)


def test_no_address_is_written_beside_the_accounts_own(signed_in, alice):
    add_app(signed_in)

    assert not EmailAddress.objects.exists()


def test_an_address_that_was_written_by_an_earlier_version_hinders_nobody(alice, as_alice):
    """The rows that were written for everybody whose address somebody had typed."""
    EmailAddress.objects.create(user=alice.user, email=alice.user.email, verified=False)

    add_app(as_alice)

    assert has_second_factor(alice.user)


def test_the_link_for_a_new_password_ends_when_the_address_changes(alice):
    ask_for_a_link()
    link = re.search(r"https?://testserver(/password/reset/\S+)", mail.outbox[-1].body)[1]
    alice.user.email = "alice@elsewhere.example"
    alice.user.save()

    answer = Browser().get(link, follow=True)

    assert "This link no longer works" in read(answer).heads
