"""Another address to sign in with: confirmed by its own mail, and told to the old one."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from practice.accounts.factors import has_second_factor
from practice.accounts.models import User
from practice.audit.models import Entry
from tests.accounts.second_factor import add_app
from tests.conftest import browser_of
from tests.factories import PASSWORD, ClientFactory, UserFactory
from tests.reading import read

PAGE = "/account/email/"
NEW = "ann@elsewhere.example"
commits = pytest.mark.django_db(transaction=True)  # the old address is told at the end of it


@pytest.fixture(autouse=True)
def mail_server(settings) -> None:
    """An installation that sends mail."""
    settings.EMAIL_HOST = "mail.practice.example"


def confirm(browser: Browser) -> Browser:
    """Say again who one is."""
    browser.post(f"/sign-in/again/?next={PAGE}", {"password": PASSWORD})
    return browser


@pytest.fixture
def sure_ann(as_ann: Browser) -> Browser:
    return confirm(as_ann)


def ask(browser: Browser, email: str = NEW) -> object:
    return browser.post(PAGE, {"email": email})


def link_in_mail() -> str:
    return re.search(r"http://testserver(/account/email/\S+/)", mail.outbox[-1].body)[1]


def sign_in(email: str) -> bool:
    browser = Browser()
    browser.post("/sign-in/", {"login": email, "password": PASSWORD})
    return browser.get("/account/").status_code == 200


def address_of(account: User) -> str:
    return User.objects.get(pk=account.pk).email


def is_gone(answer: object) -> bool:
    return answer.status_code == 410 and read(answer).heads[-1] == "This link no longer works"


def test_who_one_is_has_to_be_said_again(as_ann):
    for send in (as_ann.get, as_ann.post):
        assert send(PAGE).url == "/sign-in/again/?next=%2Faccount%2Femail%2F"
    as_ann.post("/sign-in/again/", {"password": "wrong"})

    assert as_ann.get(PAGE).status_code == 302


def test_a_visitor_is_sent_to_sign_in(db):
    assert Browser().get(PAGE).url == "/sign-in/?next=/account/email/"


@commits
def test_the_whole_way(sure_ann, ann):
    page = read(sure_ann.get("/account/"))
    assert (PAGE, "Change your email address") in page.links

    answer = sure_ann.post(PAGE, {"email": NEW}, follow=True)
    assert answer.redirect_chain == [("/account/", 303)]
    assert read(answer).heads[0] == "The link is on its way"
    [letter] = mail.outbox
    assert letter.to == [NEW]
    assert letter.subject == "Confirm your email address – Stillwater"
    assert address_of(ann.account) == "ann@mail.example"

    page = read(sure_ann.get(link_in_mail()))
    assert page.heads == ["Confirm your email address"]
    assert f"From now on you sign in with {NEW}." in page.text
    changed = sure_ann.post(link_in_mail(), follow=True)

    assert changed.redirect_chain == [("/account/", 303)]
    assert read(changed).heads[0] == "Email address changed"
    assert NEW in read(changed).text
    assert sign_in(NEW)
    assert not sign_in("ann@mail.example")
    assert Entry.objects.get(verb="settings_changed").outcome == "email address"


@commits
def test_the_old_address_is_told(sure_ann):
    ask(sure_ann)
    sure_ann.post(link_in_mail())

    told = mail.outbox[-1]
    assert told.to == ["ann@mail.example"]
    assert told.subject == "Your email address was changed – Stillwater"
    assert NEW in told.body
    assert "If it was not" in told.body
    assert "Forgotten your password" not in told.body  # no link comes to this address any more
    assert "&" not in told.body
    assert "<" not in told.body


@commits
def test_what_is_changed_stays_so_when_the_old_address_cannot_be_told(
    sure_ann, ann, settings, caplog
):
    ask(sure_ann)
    link = link_in_mail()
    settings.EMAIL_BACKEND = "tests.mail_servers.Down"

    answer = sure_ann.post(link)

    assert answer.url == "/account/"
    assert address_of(ann.account) == NEW
    assert "Failed: sending account/email/email_changed" in caplog.text
    assert "ann@" not in caplog.text


def test_looking_changes_nothing(sure_ann, ann):
    ask(sure_ann)
    for _ in range(2):
        assert sure_ann.get(link_in_mail()).status_code == 200

    assert address_of(ann.account) == "ann@mail.example"


def test_the_link_works_once(sure_ann, ann):
    ask(sure_ann)
    first = link_in_mail()
    sure_ann.post(first)
    ask(confirm(sure_ann), "ann@third.example")
    sure_ann.post(link_in_mail())

    assert is_gone(sure_ann.get(first))
    assert is_gone(sure_ann.post(first))
    assert address_of(ann.account) == "ann@third.example"


@pytest.mark.parametrize(
    ("age", "works"),
    [(timedelta(hours=23), True), (timedelta(hours=25), False), (timedelta(days=400), False)],
    ids=str,
)
def test_the_link_works_for_a_day(sure_ann, ann, age, works, time_machine, settings):
    settings.IDLE_LIMIT = settings.SESSION_LIMIT = timedelta(days=500)
    ask(sure_ann)
    link = link_in_mail()
    time_machine.move_to(timezone.now() + age)

    answer = browser_of(ann.account).post(link)

    assert (answer.status_code == 303) is works
    assert (address_of(ann.account) == NEW) is works


@pytest.mark.parametrize("token", ["x", "A" * 300, "\x00", "é" * 20, "None"])
def test_a_forged_link_does_not_work(sure_ann, token):
    assert is_gone(sure_ann.get(f"{PAGE}{token}/"))
    assert is_gone(sure_ann.post(f"{PAGE}{token}/"))


def test_the_link_names_nobody(sure_ann):
    ask(sure_ann)

    assert "elsewhere" not in link_in_mail()
    assert len(link_in_mail()) < 1000


def test_nobody_but_the_account_it_was_made_for_uses_the_link(sure_ann, ann, bob):
    ask(sure_ann)
    link = link_in_mail()

    assert is_gone(browser_of(bob.user).post(link))
    visitor = Browser().get(link)
    assert visitor.url == f"/sign-in/?next={link}"
    assert address_of(ann.account) == "ann@mail.example"
    assert address_of(bob.user) == "bob@practice.example"


def test_whoever_gets_the_account_back_ends_what_somebody_else_asked_for(sure_ann, ann):
    """A link asked for before the password was chosen anew works no more."""
    ask(sure_ann, "thief@evil.example")
    link = link_in_mail()
    ann.account.claim("another quiet harbour")

    assert is_gone(browser_of(ann.account).post(link))
    assert address_of(ann.account) == "ann@mail.example"


def test_a_link_for_a_new_password_that_went_to_the_old_address_works_no_more(sure_ann, ann):
    Browser().post("/password/reset/", {"email": "ann@mail.example"})
    reset = re.search(r"https?://testserver(/password/reset/\S+)", mail.outbox[-1].body)[1]
    ask(sure_ann)
    sure_ann.post(link_in_mail())
    mail.outbox.clear()

    assert "This link no longer works" in read(Browser().get(reset, follow=True)).heads
    Browser().post("/password/reset/", {"email": "ann@mail.example"})
    assert mail.outbox == []


# Whose the new address is.


def test_asking_does_not_tell_who_has_an_account(sure_ann, bob):
    told = []
    for email in (NEW, bob.user.email):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(sure_ann, email)
        told.append((answer.status_code, answer.url, len(queries)))
        assert mail.outbox[-1].to == [email]

    assert told[0] == told[1]


def test_an_address_that_somebody_signs_in_with_is_not_taken_from_them(sure_ann, ann, bob):
    ask(sure_ann, "Bob@Practice.Example")
    link = link_in_mail()

    answer = sure_ann.post(link)

    assert answer.status_code == 409
    assert read(answer).heads[-1] == "There is an account for this address already"
    assert address_of(ann.account) == "ann@mail.example"
    assert address_of(bob.user) == "bob@practice.example"


def test_of_two_who_ask_for_one_address_one_gets_it(sure_ann, ann):
    other = UserFactory(email="zoe@mail.example")
    as_zoe = confirm(browser_of(other))
    ask(sure_ann)
    links = [link_in_mail()]
    ask(as_zoe)
    links.append(link_in_mail())

    answers = [as_zoe.post(links[1]), sure_ann.post(links[0])]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert (address_of(ann.account), address_of(other)) == ("ann@mail.example", NEW)


@pytest.mark.parametrize(
    "typed", ["", "ann", "ann@", "\x00", "a" * 250 + "@mail.example", "ann@mail.example"]
)
def test_what_is_no_new_address_is_refused(sure_ann, typed):
    answer = ask(sure_ann, typed)

    assert answer.status_code == 422
    assert read(answer).heads[0] == "There is a problem"
    assert mail.outbox == []


def test_what_pasting_brings_is_no_part_of_the_address(sure_ann, ann):
    ask(sure_ann, " Ann@Elsewhere.Example\u200b ")
    sure_ann.post(link_in_mail())

    assert address_of(ann.account) == NEW


def test_nobody_is_flooded(sure_ann, ann):
    answers = [ask(sure_ann, f"ann{number}@elsewhere.example") for number in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [422]
    assert "Too many tries. Wait 15 minutes" in read(answers[-1]).text
    assert len(mail.outbox) == 5


def test_nobody_waits_for_the_mail_and_its_failure_is_not_told(sure_ann, settings, caplog):
    settings.EMAIL_BACKEND = "tests.mail_servers.Down"

    answer = ask(sure_ann)

    assert (answer.status_code, answer.url) == (303, "/account/")
    assert "Failed: sending account/email/confirm_email" in caplog.text
    assert "ann@" not in caplog.text


def test_addresses_that_were_kept_beside_the_account_lead_to_it_no_more(sure_ann, ann):
    EmailAddress.objects.create(user=ann.account, email="ann@mail.example", verified=True)
    ask(sure_ann)
    sure_ann.post(link_in_mail())

    assert not EmailAddress.objects.exists()
    assert not sign_in("ann@mail.example")


# An account of which nobody has shown whose it is.


def test_whoever_is_signed_in_and_reads_the_mail_shows_that_it_is_theirs(alice):
    account = UserFactory(email="ben@mail.example", email_verified_at=None)
    record = ClientFactory(therapist=alice, email=account.email, account=account)
    browser = browser_of(account)
    add_app(browser)
    page = read(browser.get("/account/"))
    assert (PAGE, "Confirm or change your email address") in page.links
    assert "ben@mail.example" in read(confirm(browser).get(PAGE)).source

    ask(browser, "ben@mail.example")
    told = len(mail.outbox)
    answer = browser.post(link_in_mail(), follow=True)

    assert read(answer).heads[0] == "Email address confirmed"
    account.refresh_from_db()
    assert account.email_verified_at is not None
    assert has_second_factor(account)
    assert list(account.clients.all()) == [record]
    assert len(mail.outbox) == told  # nothing has changed that would have to be told


def test_the_owner_of_the_mailbox_alone_shows_nothing_without_the_account(alice):
    """They are asked to sign in, which whoever made the account can and they cannot."""
    account = UserFactory(email="ben@mail.example", email_verified_at=None)
    ask(confirm(browser_of(account)), "ben@mail.example")

    assert Browser().post(link_in_mail()).url == f"/sign-in/?next={link_in_mail()}"
    account.refresh_from_db()
    assert account.email_verified_at is None


# Where no mail is sent, the operator does it.


def test_without_mail_nothing_is_offered(sure_ann, settings):
    settings.EMAIL_HOST = ""

    page = read(sure_ann.get("/account/"))

    assert PAGE not in page.addresses
    assert "To change it, ask whoever runs this service." in page.text
    assert sure_ann.get(PAGE).status_code == 404
    assert ask(sure_ann).status_code == 404


def test_the_operator_changes_it(ann, capsys):
    call_command("accounts", "change-email", "Ann@mail.example", "Ann@Elsewhere.example")

    assert NEW in capsys.readouterr().out
    assert sign_in(NEW)
    entry = Entry.objects.get(verb="settings_changed")
    assert (entry.role, entry.outcome) == ("operator", "email address")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("nobody@mail.example", NEW, "no account for nobody@mail.example"),
        ("ann@mail.example", "bob@practice.example", "an account for bob@practice.example already"),
        ("ann@mail.example", "no address", "valid email"),
    ],
)
def test_the_operator_is_told_what_is_wrong(ann, bob, old, new, words):
    with pytest.raises(CommandError, match=words):
        call_command("accounts", "change-email", old, new)

    assert address_of(ann.account) == "ann@mail.example"
