"""A password is the same however its letters are put together, and a manager knows whose it is."""

import re
import string
import time
import unicodedata

import pytest
from django.contrib.auth.hashers import check_password
from django.core import mail
from django.test import Client as Browser

from clients.models import Invitation
from practice.accounts.models import User
from practice.accounts.passwords import normalized
from tests.accounts.second_factor import SECURITY
from tests.conftest import browser_of
from tests.factories import PASSWORD, UserFactory
from tests.reading import Page, read

COMPOSED = unicodedata.normalize("NFC", "čtyři tiché přístavy")
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
WIDE = "čtyři tiché přístavy".replace("t", "\uff54")  # as an input method of East Asia types them
FORMS = [COMPOSED, DECOMPOSED, WIDE]


def sign_in(email: str, password: str) -> bool:
    browser = Browser()
    browser.post("/sign-in/", {"login": email, "password": password})
    return browser.get("/account/").status_code == 200


def test_there_are_different_forms():
    assert len(set(FORMS)) == 3


@pytest.mark.parametrize("chosen", FORMS, ids=["composed", "decomposed", "wide"])
@pytest.mark.parametrize("typed", FORMS, ids=["composed", "decomposed", "wide"])
def test_what_one_device_sets_another_signs_in_with(db, chosen, typed):
    account = UserFactory(password=None)
    account.set_password(chosen)
    account.save()

    assert sign_in(account.email, typed)
    assert not sign_in(account.email, typed[:-1])


@pytest.mark.parametrize("typed", FORMS, ids=["composed", "decomposed", "wide"])
def test_it_is_so_on_every_page_that_asks_for_a_password(alice, typed):
    alice.user.set_password(DECOMPOSED)
    alice.user.save()
    browser = browser_of(alice.user)

    confirmed = browser.post(f"/sign-in/again/?next={SECURITY}", {"password": typed})
    changed = browser.post(
        "/password/change/", {"oldpassword": typed, "password1": PASSWORD, "password2": PASSWORD}
    )

    assert confirmed.url == SECURITY
    assert changed.status_code == 302


def test_both_fields_of_a_new_password_may_be_typed_on_different_keyboards(ben):
    token = Invitation.create_for(ben)
    typed = {"new_password1": COMPOSED, "new_password2": DECOMPOSED}

    answer = Browser().post(f"/invitation/{token}/{Invitation.proof_of(token)}/", typed)

    assert answer.status_code == 303
    assert sign_in(ben.email, WIDE)


@pytest.mark.parametrize("short", ["ěščřžý", "é" * 6])
def test_letters_are_counted_as_they_are_seen(as_alice, short):
    new = unicodedata.normalize("NFD", short)
    assert len(new) == 12

    answer = as_alice.post(
        "/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )

    assert answer.status_code == 422
    assert "at least 12 characters" in read(answer).text


def test_a_common_password_in_wide_letters_is_common(as_alice):
    wide = "password1234!".translate({ord(c): ord(c) + 0xFEE0 for c in string.ascii_lowercase})

    answer = as_alice.post(
        "/password/change/", {"oldpassword": PASSWORD, "password1": wide, "password2": wide}
    )

    assert answer.status_code == 422
    assert "easy to guess" in read(answer).text


def test_what_is_no_password_stays_none(db):
    account = UserFactory(password=None)
    account.set_password(None)

    assert not account.has_usable_password()
    assert not account.check_password("")


def test_one_that_was_hashed_as_it_was_typed_is_ascii_and_still_works(db):
    account = UserFactory()

    assert check_password(PASSWORD, account.password)
    assert account.check_password(PASSWORD)


def test_a_huge_one_costs_nothing():
    huge = "e" + "\u0301\u0323" * 250_000
    began = time.process_time()
    normalized(huge)

    assert time.process_time() - began < 0.1


# Password managers find the name that the password belongs to.


def username_in(page: Page) -> str | None:
    """Return the value of the one field for the user name that a form with a password has."""
    [found] = [a for tag, a in page.tags if tag == "input" and a.get("autocomplete") == "username"]
    assert "hidden" in found or found.get("type") == "email"
    return found.get("value")


def test_the_page_of_an_invitation_names_it(ben):
    token = Invitation.create_for(ben)

    for link in (f"/invitation/{token}/", f"/invitation/{token}/{Invitation.proof_of(token)}/"):
        assert username_in(read(Browser().get(link))) == "ben@mail.example"


def test_the_page_behind_a_mailed_link_names_it(alice):
    browser = Browser()
    browser.post("/password/reset/", {"email": "alice@practice.example"})
    link = re.search(r"https?://testserver(/password/reset/\S+)", mail.outbox[0].body)[1]

    assert username_in(read(browser.get(link, follow=True))) == "alice@practice.example"


def test_the_page_of_a_link_that_no_longer_works_names_nobody(alice):
    page = read(Browser().get("/password/reset/1-abc-def/", follow=True))

    assert "alice@" not in page.source


@pytest.mark.parametrize("place", ["/password/change/", "/sign-in/again/"])
def test_pages_for_who_is_signed_in_name_it(as_alice, place):
    assert username_in(read(as_alice.get(place))) == "alice@practice.example"


def test_the_page_for_a_first_password_names_it(alice):
    alice.user.set_unusable_password()
    alice.user.save()
    browser = Browser()
    browser.force_login(alice.user)

    assert username_in(read(browser.get("/password/set/"))) == "alice@practice.example"


def test_whatever_is_sent_as_the_name_changes_nothing(as_alice, alice, bob):
    new = "another quiet harbour"
    as_alice.post(
        "/password/change/",
        {
            "username": bob.user.email,
            "oldpassword": PASSWORD,
            "password1": new,
            "password2": new,
        },
    )

    assert User.objects.get(pk=alice.user.pk).check_password(new)
    assert User.objects.get(pk=bob.user.pk).check_password(PASSWORD)
