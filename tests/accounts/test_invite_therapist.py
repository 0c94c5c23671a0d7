"""A therapist chooses their own password, by a link that works once, for a week."""

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from practice.accounts.models import Therapist, User
from practice.audit.models import Entry
from tests.pressing import Browser
from tests.reading import read

pytestmark = pytest.mark.django_db

EMAIL = "hannah@practice.example"
SECRET = "a quiet harbour at dusk"


@pytest.fixture(autouse=True)
def site(settings) -> None:
    settings.SITE_URL = "https://practice.example"


@pytest.fixture
def mail_server(settings) -> None:
    settings.EMAIL_HOST = "mail.practice.example"


def invite(email: str = EMAIL) -> str:
    out = StringIO()
    call_command("invite_therapist", "Hannah Okafor", email, stdout=out)
    return out.getvalue()


def path_in(text: str) -> str:
    return re.search(r"https://practice\.example(/\S+)", text)[1]


def choose(path: str, password: str = SECRET) -> bool:
    """Choose a password by a link, as people do; return whether it was taken."""
    browser = Browser()
    answer = browser.get(path, follow=True)
    if "This link no longer works" in read(answer).heads:
        return False
    browser.post(answer.redirect_chain[-1][0], {"password1": password, "password2": password})
    return User.objects.get(email=EMAIL).check_password(password)


def is_let_in(password: str = SECRET) -> bool:
    browser = Browser()
    browser.post("/sign-in/", {"login": EMAIL, "password": password})
    return browser.get("/account/").status_code == 200


def test_without_mail_the_link_is_handed_over_and_lets_them_in():
    said = invite("Hannah@Practice.example")

    assert said.startswith("Hand this link to Hannah Okafor. It works once, for 7 days:\n")
    assert choose(path_in(said))
    assert is_let_in()
    assert Therapist.objects.get().name == "Hannah Okafor"
    assert Entry.objects.get(verb="therapist_added").role == "operator"


def test_with_mail_the_link_is_in_the_mail_alone(mail_server):
    said = invite()

    [letter] = mail.outbox
    assert (letter.to, letter.subject) == ([EMAIL], "Your place as a therapist – Stillwater")
    assert "/password/" not in said
    assert choose(path_in(letter.body))
    assert is_let_in()


def test_it_works_once():
    path = path_in(invite())
    choose(path)

    assert not choose(path, "another quiet harbour")
    assert is_let_in()


@pytest.mark.parametrize(("days", "works"), [(6.9, True), (7.1, False)])
def test_it_works_for_a_week(time_machine, days, works):
    path = path_in(invite())
    time_machine.move_to(timezone.now() + timedelta(days=days))

    assert choose(path) == works


def test_until_then_nobody_signs_in():
    invite()

    assert not is_let_in("")
    assert not is_let_in(User.objects.get().password)


def test_invited_again_the_first_link_is_over_and_nobody_is_added_twice():
    first, second = path_in(invite()), path_in(invite())

    assert not choose(first)
    assert choose(second)
    assert Therapist.objects.count() == 1


def test_who_has_a_password_is_not_invited_again():
    choose(path_in(invite()))

    with pytest.raises(CommandError, match=r"an account for hannah@practice\.example already"):
        invite()


def test_a_clients_account_is_nobody_to_invite(ann):
    with pytest.raises(CommandError, match=r"an account for ann@mail\.example already"):
        invite("ann@mail.example")


def test_a_mail_that_cannot_be_sent_leaves_the_link_to_be_handed_over(mail_server, settings):
    settings.EMAIL_BACKEND = "tests.mail_servers.Down"

    assert choose(path_in(invite()))


def test_a_link_has_to_lead_somewhere(settings):
    settings.SITE_URL = ""

    with pytest.raises(CommandError, match="Set SITE_URL"):
        invite()
    assert User.objects.count() == 0
