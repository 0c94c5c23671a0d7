"""Inviting a client: a link that works once, for one e-mail address."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.contrib.sessions.models import Session as BrowserSession
from django.core import mail
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts.models import User
from tests.conftest import browser_of
from tests.factories import PASSWORD, ClientFactory, UserFactory
from tests.reading import read

CHOSEN = {"new_password1": "a brand new harbour", "new_password2": "a brand new harbour"}
GONE = "This link no longer works"


@pytest.fixture
def link(ben: Client) -> str:
    """The link of an invitation to Ben."""
    return f"/invitation/{Invitation.create_for(ben)}/"


def account_of(client: Client) -> User | None:
    return Client.objects.get(pk=client.pk).account


def is_gone(answer: object) -> bool:
    return answer.status_code == 410 and read(answer).heads == [GONE]


# Inviting.


def test_the_link_is_shown_once_and_only_its_fingerprint_is_kept(as_alice, ben):
    answer = as_alice.post(f"/clients/{ben.public_id}/invite/")

    token = re.search(r"http://testserver/invitation/([\w-]+)/", answer.content.decode())[1]
    assert read(answer).heads == ["Invitation made"]
    assert len(token) >= 43
    assert "/invitation/" not in as_alice.get(f"/clients/{ben.public_id}/").content.decode()
    assert token not in str([session.get_decoded() for session in BrowserSession.objects.all()])
    assert token not in str(list(Invitation.objects.values()))
    assert Invitation.objects.get().fingerprint == Invitation.fingerprint_of(token)


def test_without_a_mail_server_no_mail_is_sent(as_alice, ben):
    page = read(as_alice.post(f"/clients/{ben.public_id}/invite/", follow=True))

    assert mail.outbox == []
    assert "Give this link to Ben yourself" in page.text


def test_with_a_mail_server_the_link_is_sent_to_the_client(as_alice, ben, settings):
    settings.EMAIL_HOST = "mail.practice.example"
    settings.SITE_URL = "https://practice.example"

    page = read(as_alice.post(f"/clients/{ben.public_id}/invite/", follow=True))

    [letter] = mail.outbox
    assert letter.to == ["ben@mail.example"]
    assert letter.subject == "Alice Archer invites you to Stillwater"
    path = re.search(r"https://practice\.example(/invitation/[\w-]+/)", letter.body)[1]
    assert Browser().get(path).status_code == 200
    assert "It was sent to ben@mail.example." in page.text


def test_a_forged_host_makes_no_link(as_alice, ben):
    answer = as_alice.post(f"/clients/{ben.public_id}/invite/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("facts", [{"email": ""}, {"account": True}], ids=str)
def test_who_has_no_address_or_an_account_already_is_not_invited(as_alice, ben, facts):
    if "account" in facts:
        facts = {"account": UserFactory(email=ben.email)}
    Client.objects.filter(pk=ben.pk).update(**facts)

    answer = as_alice.post(f"/clients/{ben.public_id}/invite/")

    assert answer.status_code == 303
    assert Invitation.objects.count() == 0


def test_a_new_link_replaces_an_older_one(ben, link):
    second = f"/invitation/{Invitation.create_for(ben)}/"

    assert is_gone(Browser().get(link))
    assert Browser().get(second).status_code == 200


# Accepting, without an account.


def test_the_page_says_who_invites_whom(link):
    page = read(Browser().get(link))

    assert page.heads == ["Your invitation"]
    assert (
        "Alice Archer invites you to Stillwater. Choose a password for ben@mail.example."
        in page.text
    )
    assert "Ben Bright" not in page.all_text


def test_choosing_a_password_makes_the_account_and_signs_in(ben, link):
    browser = Browser()

    answer = browser.post(link, CHOSEN, follow=True)

    assert answer.redirect_chain == [("/dashboard/", 303)]
    assert read(answer).heads[:2] == ["Your account is ready", "Hello, Ben"]
    account = account_of(ben)
    assert account.email == "ben@mail.example"
    assert account.check_password("a brand new harbour")
    assert Invitation.objects.get().accepted_at is not None


def test_looking_accepts_nothing(ben, link):
    for _ in range(2):
        Browser().get(link)

    assert account_of(ben) is None
    assert Invitation.objects.get().accepted_at is None


def test_a_link_works_once(ben, link):
    Browser().post(link, CHOSEN)

    assert is_gone(Browser().get(link))
    assert is_gone(Browser().post(link, dict.fromkeys(CHOSEN, "the thief chose this")))
    assert account_of(ben).check_password("a brand new harbour")


@pytest.mark.parametrize(
    ("age", "works"),
    [
        (timedelta(days=7) - timedelta(minutes=1), True),
        (timedelta(days=7), False),
        (timedelta(days=400), False),
    ],
    ids=str,
)
def test_a_link_works_for_seven_days(ben, link, age, works):
    made = Invitation.objects.get().created_at
    with time_machine.travel(made + age, tick=False):
        answer = Browser().post(link, CHOSEN)

    assert (answer.status_code == 303) is works
    assert (account_of(ben) is not None) is works


@pytest.mark.parametrize("token", ["x", "A" * 43, "\x00", "é" * 20, "a" * 1900])
def test_a_forged_link_does_not_work(db, token):
    assert is_gone(Browser().get(f"/invitation/{token}/"))


def test_a_link_is_bound_to_the_address_it_was_made_for(ben, link):
    Client.objects.filter(pk=ben.pk).update(email="someone.else@mail.example")

    assert is_gone(Browser().get(link))
    assert is_gone(Browser().post(link, CHOSEN))
    assert account_of(ben) is None


@pytest.mark.parametrize(
    "typed",
    [
        {"new_password1": "short", "new_password2": "short"},
        {"new_password1": "a brand new harbour", "new_password2": "another one entirely"},
        {"new_password1": "ben@mail.example", "new_password2": "ben@mail.example"},
        {"new_password1": "", "new_password2": ""},
        {},
    ],
    ids=str,
)
def test_a_refused_password_makes_nothing(ben, link, typed):
    answer = Browser().post(link, typed | {"x": "y"})

    assert answer.status_code == 422
    assert read(answer).heads[0] == "There is a problem"
    assert account_of(ben) is None
    assert Browser().get(link).status_code == 200


def test_the_address_cannot_be_changed_on_the_way(ben, link):
    Browser().post(link, CHOSEN | {"email": "thief@evil.example", "username": "thief"})

    assert account_of(ben).email == "ben@mail.example"


# Accepting, with an account already.


@pytest.fixture
def owner(ben: Client) -> User:
    """Ben has an account already, from another therapist of the installation."""
    return UserFactory(email="ben@mail.example")


def test_an_existing_accounts_password_is_never_changed(ben, owner, link):
    answer = Browser().post(link, CHOSEN)

    owner.refresh_from_db()
    assert answer.status_code == 200
    assert owner.check_password(PASSWORD)
    assert account_of(ben) is None


def test_its_owner_is_asked_to_sign_in(owner, link):
    page = read(Browser().get(link))

    assert "You have an account already. Sign in to accept." in page.text
    assert (f"/sign-in/?next={link}", "Sign in") in page.links


def test_its_owner_accepts_when_signed_in(ben, bob, owner, link):
    record = ClientFactory(therapist=bob, account=owner)
    browser = browser_of(owner)
    assert "Accept the invitation" in read(browser.get(link)).text
    assert account_of(ben) is None

    answer = browser.post(link, follow=True)

    assert answer.redirect_chain == [("/dashboard/", 303)]
    assert "Invitation accepted" in read(answer).heads
    assert set(owner.clients.all()) == {ben, record}
    assert is_gone(browser.get(link))


def test_another_account_cannot_accept(ben, owner, link):
    browser = browser_of(UserFactory())

    answer = browser.post(link)

    assert "You are signed in with another account." in read(answer).text
    assert account_of(ben) is None
    assert Invitation.objects.get().accepted_at is None


def test_an_account_that_is_a_client_of_this_therapist_already_cannot_be_linked_twice(
    alice, ben, owner, link
):
    ClientFactory(therapist=alice, account=owner)

    answer = browser_of(owner).post(link)

    assert is_gone(answer)
    assert account_of(ben) is None
    assert Invitation.objects.get().accepted_at is None


def test_who_is_signed_in_as_somebody_else_makes_no_account_for_themselves(ben, link):
    """Somebody signed in opens a link for an address that has no account yet."""
    browser = browser_of(UserFactory(email="other@mail.example"))

    browser.post(link, CHOSEN)

    account = account_of(ben)
    assert account is None or account.email == "ben@mail.example"


def test_the_clock_of_the_server_counts(ben, link):
    made = Invitation.objects.get().created_at

    assert abs(made - timezone.now()) < timedelta(minutes=1)
