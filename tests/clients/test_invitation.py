"""Accepting an invitation: a link that works once, for whoever reads the mail of one address.

Where mail is set up, a link comes by mail, and whoever opens it has shown that the mailbox is
theirs; the link that the therapist is shown only has it sent. Where no mail is sent, nothing shows
whose a mailbox is. Before that is shown, everybody reads the same.
"""

import re
from datetime import timedelta
from unittest.mock import Mock

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core import mail
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clients.models import Client, Invitation
from practice.accounts import after_response
from practice.accounts.models import User
from practice.audit.models import Entry
from tests.access.walk import same
from tests.conftest import browser_of
from tests.factories import PASSWORD, ClientFactory, UserFactory
from tests.reading import read

SECRET = "a brand new harbour"
CHOSEN = {"new_password1": SECRET, "new_password2": SECRET}
GONE = "This link no longer works"


@pytest.fixture
def mail_server(settings) -> None:
    """An installation that sends mail."""
    settings.EMAIL_HOST = "mail.practice.example"


@pytest.fixture
def link(ben: Client) -> str:
    """The link of an invitation to Ben, as Alice is shown it."""
    return f"/invitation/{Invitation.create_for(ben)}/"


@pytest.fixture
def mailed(ben: Client, link: str, mail_server: None) -> str:
    """The link that came by mail."""
    return mailed_link(link)


def mailed_link(link: str) -> str:
    """Have a link sent, as whoever has the one that is shown can; return what came by mail."""
    Browser().post(link)
    return re.search(r"http://testserver(/invitation/\S+/)", mail.outbox[-1].body)[1]


def account_of(client: Client) -> User | None:
    return Client.objects.get(pk=client.pk).account


def is_gone(answer: object) -> bool:
    return answer.status_code == 410 and read(answer).heads == [GONE]


def sign_in(email: str = "ben@mail.example", password: str = SECRET, place: str = "") -> Browser:
    browser = Browser()
    browser.post("/sign-in/", {"login": email, "password": password, "next": place})
    return browser


def is_in(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


# Before the mailbox is proven, everybody reads the same.

PEOPLE = {
    "nobody": lambda email: None,
    "an account": lambda email: UserFactory(email=email),
    "an account whose mailbox nobody has proven": lambda email: UserFactory(
        email=email, email_verified_at=None
    ),
    "a closed account": lambda email: UserFactory(email=email, is_active=False),
    "somebody's client": lambda email: ClientFactory(email=email, account=UserFactory(email=email)),
}


@pytest.fixture(params=["", "mail.practice.example"], ids=["no mail", "mail"])
def either(request, settings) -> None:
    """Both kinds of installation."""
    settings.EMAIL_HOST = request.param


def told(answer: object, link: str, email: str) -> str:
    """Return all that an answer says, without the link and the address it was asked with."""
    return repr(same(answer)).replace(link, "LINK").replace(email, "EMAIL")


@pytest.mark.parametrize("asker", ["the inviting therapist", "visitor", "somebody else"])
@pytest.mark.parametrize(
    "sent",
    [CHOSEN, None, {}, {"new_password1": "short", "new_password2": "short"}],
    ids=["POST of a password", "GET", "POST", "POST of a weak password"],
)
def test_an_invitation_does_not_tell_who_has_an_account(alice, either, asker, sent, time_machine):
    """Neither when it is opened nor after: what the next look at it says is the same, too."""
    time_machine.move_to(timezone.now(), tick=False)
    everything = set()
    for number, make in enumerate(PEOPLE.values()):
        email = f"person-{number}@mail.example"
        make(email)
        client = ClientFactory(therapist=alice, name="Dora Dean", email=email)
        link = f"/invitation/{Invitation.create_for(client)}/"
        browser = {
            "visitor": Browser,
            "the inviting therapist": lambda: browser_of(alice.user),
            "somebody else": lambda: browser_of(UserFactory(email="zoe@mail.example")),
        }[asker]()
        answers = [browser.get(link)]
        if sent is not None:
            answers += [browser.post(link, sent), browser.post(link, sent), browser.get(link)]
            browser.logout()
            answers += [browser.get(link)]
        if asker == "the inviting therapist":
            page = browser_of(alice.user).get(f"/clients/{client.public_id}/")
            assert "Dora cannot sign in yet." in read(page).text
        everything.add(tuple(told(answer, link, email) for answer in answers))
        User.objects.filter(email="zoe@mail.example").update(email=f"zoe{number}@mail.example")

    assert len(everything) == 1


def test_as_many_questions_are_asked_of_the_database_whoever_has_an_account(alice, either):
    """So the wait for the answer does not tell it either."""
    counted = set()
    for number, make in enumerate(PEOPLE.values()):
        email = f"person-{number}@mail.example"
        make(email)
        link = f"/invitation/{Invitation.create_for(ClientFactory(therapist=alice, email=email))}/"
        with CaptureQueriesContext(connection) as queries:
            Browser().get(link)
            Browser().post(link, CHOSEN)
        counted.add(len(queries))

    assert len(counted) == 1


def test_looking_accepts_nothing_and_makes_no_account(ben, link, either):
    for _ in range(2):
        Browser().get(link)

    assert account_of(ben) is None
    assert not User.objects.filter(email=ben.email).exists()
    assert Invitation.objects.get().accepted_at is None
    assert mail.outbox == []


# Where mail is set up, the link that is shown only has another sent.


def test_the_link_that_is_shown_has_one_sent_to_the_address_it_was_made_for(link, mail_server):
    page = read(Browser().get(link))
    assert page.heads == ["Your invitation"]
    assert (
        "Alice Archer invites you to Stillwater. To go on, open the link that we send to "
        "ben@mail.example." in page.text
    )
    assert "Ben Bright" not in page.all_text

    answer = Browser().post(link, {"email": "thief@evil.example"}, follow=True)

    assert answer.redirect_chain == [(link, 303)]
    assert read(answer).heads[0] == "The link is on its way"
    [letter] = mail.outbox
    assert letter.to == ["ben@mail.example"]
    assert letter.subject == "Your invitation to Stillwater"


def test_it_makes_no_account(ben, link, mail_server):
    Browser().post(link, CHOSEN)

    assert not User.objects.filter(email=ben.email).exists()
    assert account_of(ben) is None


def test_nobody_waits_for_the_mail_and_its_failure_is_not_told(
    link, mail_server, settings, caplog, monkeypatch
):
    settings.EMAIL_BACKEND = "tests.mail_servers.Down"
    begun = []
    monkeypatch.setattr(after_response, "Timer", lambda *timer: begun.append(timer) or Mock())

    answer = Browser().post(link, follow=True)

    assert read(answer).heads[0] == "The link is on its way"
    assert caplog.text == ""  # as long as nobody has tried
    ((_, work, args),) = begun
    work(*args)
    assert "Failed: sending an invitation" in caplog.text
    assert "ben@" not in caplog.text


def test_nobody_is_flooded_by_whoever_has_the_link(link, mail_server):
    answers = [Browser().post(link, follow=True) for _ in range(7)]

    assert len(mail.outbox) == 5
    assert len({told(answer, link, "ben@mail.example") for answer in answers}) == 1


def test_a_link_made_before_mail_was_set_up_makes_no_account_after_that(ben, link, settings):
    settings.EMAIL_HOST = "mail.practice.example"

    Browser().post(link, CHOSEN)

    assert not User.objects.filter(email=ben.email).exists()


def test_whoever_is_signed_in_with_another_account_is_told_so(link, either):
    browser = browser_of(UserFactory())

    page = read(browser.get(link))

    assert "You are signed in with another account." in page.text
    assert page.value_of("new_password1") is None


# The link that came by mail, for whoever has no account.


def test_the_page_says_who_invites_whom(mailed):
    page = read(Browser().get(mailed))

    assert page.heads == ["Your invitation"]
    assert (
        "Alice Archer invites you to Stillwater. Choose a password for ben@mail.example."
        in page.text
    )
    assert "Ben Bright" not in page.all_text


def test_choosing_a_password_makes_the_account_and_signs_in(ben, mailed):
    browser = Browser()

    answer = browser.post(mailed, CHOSEN, follow=True)

    assert answer.redirect_chain == [("/dashboard/", 303)]
    assert read(answer).heads[:2] == ["Your account is ready", "Hello, Ben"]
    account = account_of(ben)
    assert account.email == "ben@mail.example"
    assert account.check_password(SECRET)
    assert account.email_verified_at is not None
    assert Invitation.objects.get().accepted_at is not None


def test_looking_at_what_came_by_mail_accepts_nothing(ben, mailed):
    for _ in range(2):
        Browser().get(mailed)

    assert account_of(ben) is None
    assert not User.objects.filter(email=ben.email).exists()
    assert Invitation.objects.get().accepted_at is None


def test_a_link_works_once(ben, link, mailed):
    Browser().post(mailed, CHOSEN)

    for used in (link, mailed):
        assert is_gone(Browser().get(used))
        assert is_gone(Browser().post(used, dict.fromkeys(CHOSEN, "the thief chose this")))
    assert account_of(ben).check_password(SECRET)


def test_whoever_opens_it_while_another_uses_it_reads_that_it_is_used(ben, mailed):
    faster = [Browser()]

    def meanwhile(execute, sql, *arguments):
        if '"accounts_user"."email" = ' in sql and faster:
            assert faster.pop().post(mailed, CHOSEN).status_code == 303
        return execute(sql, *arguments)

    with connection.execute_wrapper(meanwhile):
        answer = Browser().post(mailed, dict.fromkeys(CHOSEN, "the slower chose this"))

    assert not faster
    assert is_gone(answer)
    assert account_of(ben).check_password(SECRET)


@pytest.mark.parametrize(
    ("age", "works"),
    [
        (timedelta(days=7) - timedelta(minutes=1), True),
        (timedelta(days=7), False),
        (timedelta(days=400), False),
    ],
    ids=str,
)
def test_a_link_works_for_seven_days(ben, mailed, age, works, time_machine):
    made = Invitation.objects.get().created_at
    time_machine.move_to(made + age, tick=False)

    answer = Browser().post(mailed, CHOSEN)

    assert (answer.status_code == 303) is works
    assert (account_of(ben) is not None) is works


@pytest.mark.parametrize("token", ["x", "A" * 43, "\x00", "é" * 20, "a" * 900])
def test_a_forged_link_does_not_work(db, either, token):
    assert is_gone(Browser().get(f"/invitation/{token}/"))
    assert is_gone(Browser().get(f"/invitation/{token}/{token}/"))


@pytest.mark.parametrize("proof", ["x", "A" * 43, "\x00", "é" * 20, "a:b", "None", "a" * 900])
def test_a_forged_proof_of_the_mailbox_does_not_work(ben, link, either, proof):
    assert is_gone(Browser().get(f"{link}{proof}/"))
    assert is_gone(Browser().post(f"{link}{proof}/", CHOSEN))
    assert not User.objects.filter(email=ben.email).exists()


def test_the_proof_of_one_invitation_is_none_of_another(alice, ben, mailed):
    """A therapist invites an address of their own, and tries what comes there elsewhere."""
    proof = mailed.split("/")[-2]
    victim = ClientFactory(therapist=alice, email="victim@mail.example")
    link = f"/invitation/{Invitation.create_for(victim)}/"

    assert is_gone(Browser().post(f"{link}{proof}/", CHOSEN))
    Client.objects.filter(pk=ben.pk).update(email="victim@mail.example")
    assert is_gone(Browser().post(mailed, CHOSEN))
    assert not User.objects.filter(email="victim@mail.example").exists()


def test_a_key_that_the_server_had_before_still_proves_a_mailbox(mailed, settings):
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key, of later, and as long as it has to be to be one"

    assert Browser().get(mailed).status_code == 200


def test_a_new_link_replaces_an_older_one(ben, link, mailed):
    second = f"/invitation/{Invitation.create_for(ben)}/"

    assert is_gone(Browser().get(link))
    assert is_gone(Browser().get(mailed))
    assert Browser().get(second).status_code == 200


def test_a_link_is_bound_to_the_address_it_was_made_for(ben, link, mailed):
    Client.objects.filter(pk=ben.pk).update(email="someone.else@mail.example")

    for made in (link, mailed):
        assert is_gone(Browser().get(made))
        assert is_gone(Browser().post(made, CHOSEN))
    assert account_of(ben) is None


@pytest.mark.parametrize(
    "typed",
    [
        {"new_password1": "short", "new_password2": "short"},
        {"new_password1": SECRET, "new_password2": "another one entirely"},
        {"new_password1": "ben@mail.example", "new_password2": "ben@mail.example"},
        {"new_password1": "", "new_password2": ""},
        {},
    ],
    ids=str,
)
def test_a_refused_password_makes_nothing(ben, mailed, typed):
    answer = Browser().post(mailed, typed)

    assert answer.status_code == 422
    assert read(answer).heads[0] == "There is a problem"
    assert account_of(ben) is None
    assert not User.objects.filter(email=ben.email).exists()
    assert Browser().get(mailed).status_code == 200


def test_the_address_cannot_be_changed_on_the_way(ben, mailed):
    Browser().post(mailed, CHOSEN | {"email": "thief@evil.example", "username": "thief"})

    assert account_of(ben).email == "ben@mail.example"


# The link that came by mail, for whoever has an account already.


@pytest.fixture
def owner(ben: Client) -> User:
    """Ben has an account already, from another therapist of the installation."""
    return UserFactory(email="ben@mail.example")


def test_an_existing_accounts_password_is_never_changed(ben, owner, mailed):
    answer = Browser().post(mailed, CHOSEN)

    owner.refresh_from_db()
    assert answer.status_code == 200
    assert owner.check_password(PASSWORD)
    assert account_of(ben) is None


def test_its_owner_is_asked_to_sign_in(owner, mailed):
    page = read(Browser().get(mailed))

    assert "You have an account already. Sign in to accept." in page.text
    assert (f"/sign-in/?next={mailed}", "Sign in") in page.links


@pytest.mark.parametrize("which", ["link", "mailed"])
def test_its_owner_accepts_when_signed_in(request, ben, bob, owner, mailed, which):
    """Whoever has proven the mailbox once need not do it again."""
    link = request.getfixturevalue(which)
    record = ClientFactory(therapist=bob, account=owner)
    browser = browser_of(owner)
    assert "Accept the invitation" in read(browser.get(link)).text
    assert account_of(ben) is None

    answer = browser.post(link, follow=True)

    assert answer.redirect_chain == [("/dashboard/", 303)]
    assert "Invitation accepted" in read(answer).heads
    assert set(owner.clients.all()) == {ben, record}
    assert is_gone(browser.get(link))


@pytest.mark.parametrize("which", ["link", "mailed"])
def test_another_account_cannot_accept(request, ben, owner, mailed, which):
    link = request.getfixturevalue(which)
    browser = browser_of(UserFactory())

    answer = browser.post(link, CHOSEN)

    assert "You are signed in with another account." in read(answer).text
    assert account_of(ben) is None
    assert Invitation.objects.get().accepted_at is None


# An account that was made before anybody had proven the mailbox.


@pytest.fixture
def stolen(bob: object) -> Browser:
    """Bob, as Ben: he made an account for Ben's address while no mail was sent, and linked it.

    He has a second factor for it, too, and stays signed in.
    """
    account = UserFactory(email="ben@mail.example", email_verified_at=None)
    ClientFactory(therapist=bob, name="Bens Twin", email=account.email, account=account)
    browser = browser_of(account)
    TOTP.activate(account, generate_totp_secret())
    RecoveryCodes.activate(account)
    return browser


def test_the_owner_of_the_mailbox_gets_the_account_and_nothing_that_was_added_before(
    ben, bob, stolen, mailed
):
    assert read(Browser().get(mailed)).heads == ["Your invitation"]
    halfway = Browser()
    halfway.post("/sign-in/", {"login": "ben@mail.example", "password": PASSWORD})
    assert halfway.get("/sign-in/code/").status_code == 200
    browser = Browser()

    answer = browser.post(mailed, CHOSEN, follow=True)

    assert answer.redirect_chain == [("/dashboard/", 303)]
    assert "Bob Baker" not in read(answer).text
    assert not is_in(stolen)
    assert halfway.get("/sign-in/code/").status_code == 302
    account = User.objects.get(email="ben@mail.example")
    assert account.email_verified_at is not None
    assert account.check_password(SECRET)
    assert not account.authenticator_set.exists()
    assert list(account.clients.all()) == [ben]
    assert is_in(sign_in())


def test_the_therapist_who_loses_the_link_to_an_account_finds_it_on_record(bob, stolen, mailed):
    twin = bob.clients.get()

    Browser().post(mailed, CHOSEN)

    entry = Entry.objects.get(about=f"client:{twin.public_id}", verb="client_changed")
    assert (entry.therapist, entry.outcome) == (bob, "account unlinked")
    page = read(browser_of(bob.user).get(f"/clients/{twin.public_id}/"))
    assert "Bens cannot sign in yet." in page.text


def test_whoever_made_it_cannot_accept_without_proof_of_the_mailbox(ben, stolen, link, mail_server):
    page = read(stolen.get(link))
    stolen.post(link)

    assert "Accept the invitation" not in page.text
    assert account_of(ben) is None


def test_whoever_made_it_and_reads_the_mail_is_its_owner_and_loses_nothing(ben, stolen, mailed):
    answer = stolen.post(mailed, follow=True)

    assert "Invitation accepted" in read(answer).heads
    account = account_of(ben)
    assert account.email_verified_at is not None
    assert account.authenticator_set.count() == 2
    assert account.clients.count() == 2
    assert is_in(stolen)


# Where no mail is sent, nothing shows whose a mailbox is.


def test_without_mail_a_password_is_chosen_then_one_signs_in_and_accepts(ben, link):
    browser = Browser()
    page = read(browser.get(link))
    assert "Choose a password for ben@mail.example." in page.text
    assert (f"/sign-in/?next={link}", "Sign in to accept") in page.links

    chosen = browser.post(link, CHOSEN, follow=True)
    assert chosen.redirect_chain == [(f"/sign-in/?next={link}", 303)]
    assert read(chosen).heads[0] == "Sign in to accept"
    assert account_of(ben) is None

    typed = {"login": "ben@mail.example", "password": SECRET, "next": link}
    page = read(browser.post("/sign-in/", typed, follow=True))
    assert "Alice Archer invites ben@mail.example to Stillwater. Accept the invitation" in page.text
    answer = browser.post(link, follow=True)

    assert answer.redirect_chain == [("/dashboard/", 303)]
    assert "Invitation accepted" in read(answer).heads
    account = account_of(ben)
    assert account.email == "ben@mail.example"
    assert account.email_verified_at is None
    assert is_gone(browser.get(link))


def test_without_mail_an_existing_accounts_password_is_never_changed(ben, owner, link):
    answer = Browser().post(link, CHOSEN)

    owner.refresh_from_db()
    assert answer.url == f"/sign-in/?next={link}"
    assert owner.check_password(PASSWORD)
    assert account_of(ben) is None
    browser = sign_in(password=PASSWORD)
    assert "Invitation accepted" in read(browser.post(link, follow=True)).heads
    assert account_of(ben) == owner


def test_without_mail_a_password_is_chosen_once(ben, link):
    Browser().post(link, CHOSEN)
    Browser().post(link, dict.fromkeys(CHOSEN, "the thief chose this"))

    assert User.objects.get(email=ben.email).check_password(SECRET)


def test_without_mail_guessing_who_has_an_account_is_seen_by_its_owner(ben, owner, link):
    Browser().post(link, CHOSEN)
    sign_in(password=SECRET)

    assert Entry.objects.filter(verb="sign_in_failed", about=f"account:{owner.pk}").count() == 1


def test_the_clock_of_the_server_counts(ben, link):
    made = Invitation.objects.get().created_at

    assert abs(made - timezone.now()) < timedelta(minutes=1)
