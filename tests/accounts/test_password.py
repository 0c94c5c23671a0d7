"""Passwords: forgotten, changed, and too weak."""

import re
import subprocess
import sys
from smtplib import SMTPRecipientsRefused
from threading import Timer
from unittest.mock import Mock

import pytest
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, connections
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from practice.accounts import after_response
from practice.accounts.after_response import close_connections
from practice.accounts.models import Therapist
from practice.web.logging import WithoutValues
from tests.factories import PASSWORD
from tests.reading import read

NEW = "another quiet harbour"


def link_in_mail() -> str:
    [letter] = mail.outbox
    return re.search(r"https?://testserver(/password/reset/\S+)", letter.body)[1]


def ask_for_link(browser: Browser, email: str):
    return browser.post("/password/reset/", {"email": email})


def test_a_forgotten_password_can_be_chosen_anew(alice):
    browser = Browser()
    answer = ask_for_link(browser, "Alice@practice.example")
    assert (answer.status_code, answer.url) == (302, "/password/reset/sent/")
    assert mail.outbox[0].to == ["alice@practice.example"]

    form = browser.get(link_in_mail(), follow=True)
    place = form.redirect_chain[-1][0]
    saved = browser.post(place, {"password1": NEW, "password2": NEW}, follow=True)

    assert "Password changed" in read(saved).heads
    alice.user.refresh_from_db()
    assert alice.user.check_password(NEW)
    assert mail.outbox[-1].subject == "Your password was changed – Stillwater"


def test_the_link_works_once(alice):
    browser = Browser()
    ask_for_link(browser, "alice@practice.example")
    link = link_in_mail()
    place = browser.get(link, follow=True).redirect_chain[-1][0]
    browser.post(place, {"password1": NEW, "password2": NEW})

    again = Browser().get(link, follow=True)

    assert "This link no longer works" in read(again).heads


@pytest.mark.parametrize("link", ["1-abc", "zzzzzzz-abc-def", "1-set-password", "\x00-x"])
def test_a_forged_link_does_not_work(alice, link):
    answer = Browser().get(f"/password/reset/{link}/", follow=True)

    assert read(answer).heads[0] in ("This link no longer works", "Page not found")


def test_an_unknown_address_gets_the_same_answer_and_no_mail(alice):
    known = ask_for_link(Browser(), "alice@practice.example")
    mail.outbox.clear()

    unknown = ask_for_link(Browser(), "nobody@practice.example")

    assert (unknown.status_code, unknown.url) == (known.status_code, known.url)
    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_the_answer_is_there_before_anybody_looks_for_an_account(alice, monkeypatch):
    """So it takes as long for everybody, whatever the mail takes."""
    begun = []
    monkeypatch.setattr(after_response, "Timer", lambda *timer: begun.append(timer) or Mock())
    asked = []
    for email in ("alice@practice.example", "nobody@practice.example"):
        with CaptureQueriesContext(connection) as queries:
            ask_for_link(Browser(), email)
        asked.append([query["sql"] for query in queries])

    known, unknown = asked
    assert known == unknown
    assert mail.outbox == []

    for _, work, args in begun:
        work(*args)
    assert [letter.to for letter in mail.outbox] == [["alice@practice.example"]]


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_fails_changes_no_answer(alice, settings, caplog):
    settings.EMAIL_BACKEND = "tests.accounts.test_password.Refusing"

    answer = ask_for_link(Browser(), "alice@practice.example")

    assert (answer.status_code, answer.url) == (302, "/password/reset/sent/")
    [line] = [record for record in caplog.records if record.levelname == "ERROR"]
    told = WithoutValues("%(message)s").format(line)
    assert told.startswith("Failed: sending a link for a new password")
    assert told.endswith("smtplib.SMTPRecipientsRefused")
    assert "alice@" not in told


class Refusing(BaseEmailBackend):
    """A mail server that names whom it refuses."""

    def send_messages(self, messages):
        raise SMTPRecipientsRefused({messages[0].to[0]: (550, b"no such mailbox")})


@pytest.fixture
def threads(transactional_db, monkeypatch) -> list[Timer]:
    """Have what waits for an answer done soon, as the server does; the threads that do it."""
    begun = []

    def soon(_: float, *work: object) -> Timer:
        begun.append(Timer(0, *work))
        return begun[-1]

    monkeypatch.setattr(after_response, "Timer", soon)
    monkeypatch.setattr(after_response, "close_connections", close_connections)
    return begun


def test_it_is_done_in_a_thread_of_its_own(alice, threads):
    answer = ask_for_link(Browser(), "alice@practice.example")
    threads[0].join(timeout=120)

    assert answer.url == "/password/reset/sent/"
    assert Browser().get(link_in_mail()).status_code == 302


def test_that_thread_leaves_no_connection_open(alice, threads):
    held = []

    def ask() -> None:
        Therapist.objects.get()
        held.append(connections["default"])  # a thread has its own
        assert held[0].connection

    after_response.run_after_response("asking", ask)
    threads[0].join(timeout=120)

    assert held[0] is not connection
    assert held[0].connection is None


def test_a_server_that_ends_does_it_first():
    script = (
        "from practice.accounts.after_response import run_after_response as run\n"
        "run('it', lambda: print('done'))"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert done.stdout == "done\n"


@pytest.mark.parametrize("typed", ["", "alice", "\x00"])
def test_what_is_no_address_is_refused(db, typed):
    answer = ask_for_link(Browser(), typed)

    assert answer.status_code == 422
    assert read(answer).heads[0] == "There is a problem"


def test_a_forged_host_gets_no_mail(alice):
    answer = Browser().post(
        "/password/reset/", {"email": "alice@practice.example"}, headers={"Host": "evil.example"}
    )

    assert answer.status_code == 400
    assert mail.outbox == []


@pytest.mark.parametrize("weak", ["short", "password1234", "alice@practice.example", ""])
def test_a_weak_password_is_refused(as_alice, alice, weak):
    answer = as_alice.post(
        "/password/change/", {"oldpassword": PASSWORD, "password1": weak, "password2": weak}
    )

    assert answer.status_code == 422
    assert read(answer).heads[0] == "There is a problem"
    alice.user.refresh_from_db()
    assert alice.user.check_password(PASSWORD)


def test_a_password_is_changed_by_who_knows_it(as_alice, alice):
    answer = as_alice.post(
        "/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )

    assert answer.status_code == 302
    assert as_alice.get("/clients/").status_code == 200
    alice.user.refresh_from_db()
    assert alice.user.check_password(NEW)


def test_after_the_change_one_is_on_a_page_that_says_so(as_alice):
    page = read(
        as_alice.post(
            "/password/change/",
            {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW},
            follow=True,
        )
    )

    assert "Password changed" in page.heads


def test_other_browsers_are_signed_out_by_a_change(as_alice, alice):
    other = Browser()
    other.force_login(alice.user)

    as_alice.post(
        "/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    )

    assert other.get("/clients/").status_code == 302


def test_a_wrong_present_password_changes_nothing(as_alice, alice):
    answer = as_alice.post(
        "/password/change/", {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    )

    assert answer.status_code == 422
    assert read(answer).text.count("Check your current password") == 2
    alice.user.refresh_from_db()
    assert alice.user.check_password(PASSWORD)
