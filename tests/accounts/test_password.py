"""Passwords: forgotten, changed, and too weak."""

import re

import pytest
from django.core import mail
from django.test import Client as Browser

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
