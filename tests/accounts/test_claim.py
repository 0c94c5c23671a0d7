"""The first proof that a mailbox is somebody's takes away what was added before it."""

import re

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from practice.accounts.models import Therapist, User
from practice.audit.models import Entry
from tests.conftest import browser_of
from tests.factories import PASSWORD, ClientFactory, UserFactory
from tests.reading import read

NEW = "another quiet harbour"
EMAIL = "victim@mail.example"


@pytest.fixture
def account(alice: Therapist) -> User:
    """An account with the victim's address, made by Alice while no mail was sent."""
    account = UserFactory(email=EMAIL, email_verified_at=None)
    ClientFactory(therapist=alice, name="Vic Tim", email=EMAIL, account=account)
    TOTP.activate(account, generate_totp_secret())
    RecoveryCodes.activate(account)
    return account


@pytest.fixture
def intruder(account: User) -> Browser:
    return browser_of(account)


@pytest.fixture
def halfway(account: User) -> Browser:
    """Somebody who knows the password and has not yet given the code."""
    browser = Browser()
    browser.post("/sign-in/", {"login": EMAIL, "password": PASSWORD})
    assert browser.get("/sign-in/code/").status_code == 200
    return browser


def reset_by_mail(email: str, browser: Browser | None = None) -> None:
    browser = browser or Browser()
    browser.post("/password/reset/", {"email": email})
    link = re.search(r"https?://testserver(/password/reset/\S+)", mail.outbox[-1].body)[1]
    place = browser.get(link, follow=True).redirect_chain[-1][0]
    saved = browser.post(place, {"password1": NEW, "password2": NEW}, follow=True)
    assert "Password changed" in read(saved).heads


def reset_by_command(email: str) -> None:
    call_command("reset_account", email)


@pytest.fixture
def typed(monkeypatch) -> None:
    """What the operator types."""
    monkeypatch.setattr("practice.management.operator.getpass", lambda _: NEW)


@pytest.fixture(params=[reset_by_mail, reset_by_command], ids=["mail", "command"])
def proof(request, typed) -> object:
    """Either way in which an owner gets their account back."""
    return request.param


def is_in(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


def sign_in(email: str = EMAIL, password: str = NEW) -> Browser:
    browser = Browser()
    browser.post("/sign-in/", {"login": email, "password": password})
    return browser


def test_the_owner_gets_in_and_whoever_was_in_is_out(proof, account, intruder, halfway):
    assert is_in(intruder)

    proof(EMAIL)

    assert is_in(sign_in())
    assert not is_in(intruder)
    assert halfway.get("/sign-in/code/").status_code == 302
    assert not is_in(sign_in(password=PASSWORD))
    account.refresh_from_db()
    assert account.email_verified_at is not None


def test_second_factors_that_were_added_before_go(proof, account):
    Authenticator.objects.create(user=account, type="webauthn", data={"name": "Phone"})

    proof(EMAIL)

    assert not account.authenticator_set.exists()


def test_records_that_were_linked_before_are_linked_no_more(proof, account, alice, as_alice):
    client = alice.clients.get()

    proof(EMAIL)

    assert not account.clients.exists()
    assert "Vic cannot sign in yet." in read(as_alice.get(f"/clients/{client.public_id}/")).text
    page = read(sign_in().get("/dashboard/"))
    assert "Alice" not in page.text
    assert "You have no therapist here yet" in page.heads
    entry = Entry.objects.get(about=f"client:{client.public_id}", verb="client_changed")
    assert (entry.therapist, entry.outcome) == (alice, "account unlinked")


def test_a_link_that_was_not_used_changes_nothing(account, intruder):
    Browser().post("/password/reset/", {"email": EMAIL})
    link = re.search(r"https?://testserver(/password/reset/\S+)", mail.outbox[-1].body)[1]
    Browser().get(link, follow=True)

    account.refresh_from_db()
    assert account.email_verified_at is None
    assert account.authenticator_set.count() == 2
    assert is_in(intruder)


def test_whoever_has_proven_it_before_keeps_second_factors_and_records(proof, ann, as_ann):
    TOTP.activate(ann.account, generate_totp_secret())

    proof(ann.email)

    assert ann.account.authenticator_set.exists()
    assert list(ann.account.clients.all()) == [ann]
    assert not is_in(as_ann)
    assert not is_in(sign_in(ann.email))  # the code is asked for


def test_the_second_proof_takes_nothing_away(proof, account, alice):
    proof(EMAIL)
    TOTP.activate(account, generate_totp_secret())
    ClientFactory(therapist=alice, name="Vic Tim", email=EMAIL, account=account)

    proof(EMAIL)

    assert account.authenticator_set.exists()
    assert account.clients.count() == 1


def test_of_a_therapist_whom_the_operator_added_nothing_is_taken_away(db, proof, monkeypatch):
    """The operator vouches for the address."""
    monkeypatch.setattr("practice.management.operator.getpass", lambda _: PASSWORD)
    call_command("add_therapist", "Hannah Okafor", "hannah@practice.example")
    account = User.objects.get(email="hannah@practice.example")
    TOTP.activate(account, generate_totp_secret())

    proof("hannah@practice.example")

    assert account.authenticator_set.exists()
    assert Therapist.objects.get().user == account


def test_whoever_resets_while_signed_in_gets_an_answer(account, intruder):
    reset_by_mail(EMAIL, intruder)

    assert not is_in(intruder)
    assert is_in(sign_in())


def test_it_happens_as_a_whole(account, intruder, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(User, "sign_out_everywhere", broken)
    with pytest.raises(RuntimeError):
        account.claim(NEW)

    account = User.objects.get(pk=account.pk)
    assert account.email_verified_at is None
    assert account.check_password(PASSWORD)
    assert account.authenticator_set.count() == 2
    assert account.clients.count() == 1


def test_the_command_tells_what_it_has_done(account, typed, capsys):
    call_command("reset_account", "Victim@Mail.Example")

    assert "victim@mail.example" in capsys.readouterr().out
    entry = Entry.objects.filter(about=f"account:{account.pk}", verb="password_changed").get()
    assert entry.role == "operator"


def test_the_command_knows_nobody_else(db, typed):
    with pytest.raises(CommandError, match="no account"):
        call_command("reset_account", "nobody@practice.example")


def test_the_command_refuses_a_weak_password(account, monkeypatch):
    monkeypatch.setattr("practice.management.operator.getpass", lambda _: "short")

    with pytest.raises(CommandError, match="at least 12 characters"):
        call_command("reset_account", EMAIL)

    assert account.authenticator_set.count() == 2
