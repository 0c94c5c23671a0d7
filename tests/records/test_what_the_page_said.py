"""Erasing, inviting and removing do what the page said, or say what has changed since."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone

from clients.models import Client, Invitation
from practice.records.erasure import Changed, Plan, erase
from relationships.models import Relationship
from tests.conftest import browser_of
from tests.diary import book
from tests.factories import PASSWORD, start
from tests.pressing import again, hidden
from tests.reading import read

SURE = {"sure": "on"}
SECURITY = "/account/security/"


@pytest.fixture
def confirmed(alice):
    """Alice's browser, in which she has just confirmed who she is."""
    browser = browser_of(alice.user)
    browser.post("/sign-in/again/", {"password": PASSWORD})
    return browser


@pytest.fixture
def gone(individual, alice) -> Client:
    """Ann, with whom all work has ended."""
    individual.end(by=alice.user, reason="completed")
    return individual.people[0]


def at(client: Client, what: str) -> str:
    return f"/clients/{client.public_id}/{what}/"


# Erasing.


def recorded(gone, alice, ben) -> None:
    book(gone.relationships.get(), timezone.now() - timedelta(days=9))


def noted(gone, alice, ben) -> None:
    work = gone.relationships.get()
    work.correct_reason(by=alice.user, reason="other", note="New.", ended_at=work.ended_at)


def together(gone, alice, ben) -> None:
    start(gone, ben).end(by=alice.user, reason="completed")


def renamed(gone, alice, ben) -> None:
    Client.objects.filter(pk=gone.pk).update(name="Another Person")


@pytest.mark.parametrize("meanwhile", [recorded, noted, together, renamed])
def test_what_would_be_erased_has_changed(confirmed, gone, alice, ben, meanwhile):
    sent = hidden(read(confirmed.get(at(gone, "erase")))) | SURE
    meanwhile(gone, alice, ben)

    page = again(confirmed.post(at(gone, "erase"), sent), "Nothing was erased.")

    assert Client.objects.filter(pk=gone.pk, erased_at=None).exists()
    assert "checked" not in {name for _, attrs in page.tags for name in attrs}
    assert confirmed.post(at(gone, "erase"), hidden(page) | SURE).status_code == 303


@pytest.mark.parametrize("shown", [None, "", "nonsense", "\0", "9" * 5000])
def test_a_page_that_does_not_say_what_it_would_erase_erases_nothing(confirmed, gone, shown):
    answer = confirmed.post(at(gone, "erase"), SURE | {"shown": shown})

    again(answer, "Nothing was erased.")
    assert Client.objects.filter(pk=gone.pk).exists()


def test_what_is_read_is_compared_again_under_the_lock(gone, alice, ben):
    shown = Plan.of(gone).shown
    recorded(gone, alice, ben)

    with pytest.raises(Changed):
        erase(gone, by=alice.user, shown=shown)

    assert Relationship.objects.filter(clients=gone).exists()
    erase(gone, by=alice.user, shown=Plan.of(gone).shown)
    assert not Client.objects.filter(pk=gone.pk).exists()


# Inviting.


def test_an_invitation_goes_to_the_address_of_the_page(as_alice, ben):
    sent = hidden(read(as_alice.get(f"/clients/{ben.public_id}/")))
    Client.objects.filter(pk=ben.pk).update(email="other@mail.example")

    page = again(as_alice.post(at(ben, "invite"), sent), "Nobody was invited.")

    assert not Invitation.objects.exists()
    assert "other@mail.example" in page.text
    assert as_alice.post(at(ben, "invite"), hidden(page)).status_code == 303
    assert Invitation.objects.get().email == "other@mail.example"


@pytest.mark.parametrize("shown", [None, "", "nonsense", "9" * 5000])
def test_a_page_that_does_not_say_whom_it_invites_invites_nobody(as_alice, ben, shown):
    answer = as_alice.post(at(ben, "invite"), {"shown": shown})

    again(answer, "Nobody was invited.")
    assert not Invitation.objects.exists()


def test_the_address_is_compared_again_under_the_lock(ben):
    Client.objects.filter(pk=ben.pk).update(email="other@mail.example")

    with pytest.raises(Invitation.Changed):
        Invitation.create_for(ben, if_unchanged=True)

    assert not Invitation.objects.exists()


# Second factors.


def test_another_app_than_that_of_the_page_is_not_removed(confirmed, alice):
    TOTP.activate(alice.user, generate_totp_secret())
    confirmed.post("/sign-in/again/", {"password": PASSWORD})
    sent = hidden(read(confirmed.get(f"{SECURITY}app/remove/")))
    Authenticator.objects.filter(type="totp").delete()
    other = TOTP.activate(alice.user, generate_totp_secret()).instance

    page = again(confirmed.post(f"{SECURITY}app/remove/", sent), "Nothing was removed.")

    assert Authenticator.objects.filter(pk=other.pk).exists()
    assert confirmed.post(f"{SECURITY}app/remove/", hidden(page)).status_code in (302, 303)
    assert not Authenticator.objects.filter(pk=other.pk).exists()


def test_codes_that_were_made_meanwhile_go_on_working(confirmed, alice):
    TOTP.activate(alice.user, generate_totp_secret())
    RecoveryCodes.activate(alice.user)
    confirmed.post("/sign-in/again/", {"password": PASSWORD})
    sent = hidden(read(confirmed.get(f"{SECURITY}codes/new/")))
    confirmed.post(f"{SECURITY}codes/new/", sent)
    made = Authenticator.objects.get(type="recovery_codes")

    page = again(confirmed.post(f"{SECURITY}codes/new/", sent), "No new codes were made.")

    assert Authenticator.objects.get(type="recovery_codes").pk == made.pk
    assert confirmed.post(f"{SECURITY}codes/new/", hidden(page)).status_code in (302, 303)
    assert Authenticator.objects.get(type="recovery_codes").pk != made.pk
