"""A therapist invites a client: what is made, shown and sent, and what is not kept."""

import re

import pytest
from django.core import mail

from clients.models import Client, Invitation
from practice.accounts.models import BrowserSession
from tests.conftest import browser_of
from tests.factories import ClientFactory, UserFactory
from tests.pressing import Browser
from tests.reading import Page, read

commits = pytest.mark.django_db(transaction=True)  # mail waits for the end of the transaction


@pytest.fixture
def mail_server(settings) -> None:
    """An installation that sends mail."""
    settings.EMAIL_HOST = "mail.practice.example"
    settings.SITE_URL = "https://practice.example"


def invite(browser: Browser, client: Client) -> Page:
    answer = browser.post(f"/clients/{client.public_id}/invite/")
    assert (answer.status_code, answer.url) == (303, f"/clients/{client.public_id}/invite/")
    return read(browser.get(answer.url))


def shown(page: Page) -> str:
    """Return the link that a page shows, or nothing."""
    inputs = {a.get("id"): a.get("value") for tag, a in page.tags if tag == "input"}
    return inputs.get("invitation-link", "")


def test_the_link_is_shown_once_and_only_its_fingerprint_is_kept(as_alice, ben):
    first = invite(as_alice, ben)
    second = read(as_alice.get(f"/clients/{ben.public_id}/invite/", follow=True))

    token = re.fullmatch(r"http://testserver/invitation/([\w-]+)/", shown(first))[1]
    assert first.heads == ["Invitation made"]
    assert "Ben Bright" in second.heads
    assert "/invitation/" not in second.source
    assert len(token) >= 43
    assert token not in str(list(Invitation.objects.values()))
    assert Invitation.objects.get().fingerprint == Invitation.fingerprint_of(token)


def test_the_link_is_shown_on_the_page_of_that_client_alone(as_alice, ann, ben):
    as_alice.post(f"/clients/{ben.public_id}/invite/")

    elsewhere = as_alice.get(f"/clients/{ann.public_id}/invite/")

    assert (elsewhere.status_code, elsewhere.url) == (303, f"/clients/{ann.public_id}/")
    assert shown(read(as_alice.get(f"/clients/{ben.public_id}/invite/")))


def test_no_session_keeps_the_link_or_the_address(as_alice, ben):
    answer = as_alice.post(f"/clients/{ben.public_id}/invite/")
    kept = [session.get_decoded() for session in BrowserSession.objects.all()]
    token = shown(read(as_alice.get(answer.url))).split("/")[-2]

    assert len(token) >= 43
    assert token not in str(kept)
    assert "invitation/" not in str(kept)
    assert "ben" not in str(kept).lower()
    assert "<" not in str(kept)


def test_an_answer_to_nobody_in_particular_shows_no_link(as_alice, ben):
    """Another browser of the same therapist, and one whose session is over."""
    as_alice.post(f"/clients/{ben.public_id}/invite/")

    elsewhere = browser_of(ben.therapist.user)

    answer = elsewhere.get(f"/clients/{ben.public_id}/invite/")
    assert (answer.status_code, answer.url) == (303, f"/clients/{ben.public_id}/")


def test_without_a_mail_server_no_mail_is_sent(as_alice, ben):
    page = invite(as_alice, ben)

    assert mail.outbox == []
    assert "Give this link to Ben yourself; no mail is sent from here." in page.text


@commits
def test_who_is_not_to_be_contacted_is_sent_no_link(as_alice, ben, mail_server):
    Client.objects.filter(pk=ben.pk).update(do_not_contact=True)

    page = invite(as_alice, ben)

    assert mail.outbox == []
    assert "Give this link to Ben yourself; no mail is sent from here." in page.text


@commits
def test_with_a_mail_server_a_link_is_sent_to_the_client(as_alice, ben, mail_server):
    page = invite(as_alice, ben)

    [letter] = mail.outbox
    assert letter.to == ["ben@mail.example"]
    assert letter.subject == "Your invitation to Stillwater"
    path = re.search(r"https://practice\.example(/invitation/\S+/)", letter.body)[1]
    assert Browser().get(path).status_code == 200
    assert "It was sent to ben@mail.example." in page.text


@commits
def test_what_is_shown_is_not_what_was_sent(as_alice, ben, mail_server):
    """The therapist sees the one; the other is proof that somebody reads the client's mail."""
    link = shown(invite(as_alice, ben))

    [letter] = mail.outbox
    assert link.startswith("https://practice.example/invitation/")
    assert f"{link}\n" not in letter.body
    sent = re.search(r"https://\S+", letter.body)[0]
    assert len(sent) >= len(link) + 40


@pytest.mark.parametrize("backend", ["Down", "Unreachable"])
@commits
def test_with_the_mail_server_down_the_link_is_there_and_it_is_said(
    as_alice, ben, mail_server, settings, backend, caplog
):
    settings.EMAIL_BACKEND = f"tests.mail_servers.{backend}"

    page = invite(as_alice, ben)

    assert "Invitation made" in page.heads
    assert "It could not be sent to ben@mail.example." in page.text
    assert Browser().get(shown(page)).status_code == 200
    assert "An invitation was not sent" in caplog.text
    assert "ben@" not in caplog.text


@commits
def test_mail_waits_for_the_end_of_the_transaction(as_alice, ben, mail_server, settings):
    settings.EMAIL_BACKEND = "tests.mail_servers.OutsideOfTransactions"

    page = invite(as_alice, ben)

    assert len(mail.outbox) == 1
    assert "It was sent to ben@mail.example." in page.text


@commits
def test_an_address_is_not_flooded(as_alice, ben, mail_server):
    pages = [invite(as_alice, ben) for _ in range(7)]

    assert len(mail.outbox) == 5
    assert "It was sent to ben@mail.example." in pages[4].text
    assert "It could not be sent to ben@mail.example." in pages[5].text
    assert shown(pages[6])


@commits
def test_an_address_is_one_however_it_is_written(as_alice, ben, mail_server):
    for written in (
        "ben@mail.example",
        "BEN@mail.example",
        "Ben@Mail.Example",
        " ben@MAIL.example",
    ):
        Client.objects.filter(pk=ben.pk).update(email=written)
        for _ in range(2):
            invite(as_alice, ben)

    assert len(mail.outbox) == 5


def test_a_forged_host_makes_no_link(as_alice, ben):
    answer = as_alice.post(f"/clients/{ben.public_id}/invite/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert Invitation.objects.count() == 0


@pytest.mark.parametrize("changed", [{"email": ""}, {"account": True}], ids=str)
def test_who_has_no_address_or_an_account_already_is_not_invited(as_alice, ben, changed):
    if "account" in changed:
        changed = {"account": UserFactory(email=ben.email)}
    Client.objects.filter(pk=ben.pk).update(**changed)

    answer = as_alice.post(f"/clients/{ben.public_id}/invite/")

    assert answer.status_code == 303
    assert Invitation.objects.count() == 0
    assert shown(read(as_alice.get(answer.url))) == ""


@pytest.mark.parametrize("has_account", [False, True])
def test_the_therapists_pages_do_not_tell_who_has_an_account(as_alice, alice, bob, has_account):
    client = ClientFactory(therapist=alice, name="Dora Dean", email="dora@mail.example")
    if has_account:
        ClientFactory(therapist=bob, account=UserFactory(email="dora@mail.example"))

    invite(as_alice, client)

    page = read(as_alice.get(f"/clients/{client.public_id}/"))
    assert "Dora cannot sign in yet." in page.text
    assert "account" not in page.text.replace("Your account", "")
