"""After SECRET_KEY was changed: nothing breaks, and the former key can go."""

from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command

from practice.accounts.factors import CANNOT_CHECK
from tests.accounts.passkey import add_passkey
from tests.accounts.second_factor import SECURITY, add_app, code_of, codes_of, confirm
from tests.conftest import browser_of
from tests.factories import PASSWORD
from tests.pressing import Browser
from tests.reading import read

OTHER = "another key, of later, and as long as it has to be to be one"


@pytest.fixture
def app(as_alice) -> str:
    """The key of Alice's authenticator app."""
    return add_app(as_alice)


@pytest.fixture
def changed(app, settings) -> str:
    """SECRET_KEY is another, and nobody has kept the former; return that."""
    former, settings.SECRET_KEY = settings.SECRET_KEY, OTHER
    settings.SECRET_KEY_FALLBACKS = []
    return former


def second_step() -> tuple[Browser, str]:
    browser = Browser()
    typed = {"login": "alice@practice.example", "password": PASSWORD}
    return browser, browser.post("/sign-in/", typed).url


@pytest.mark.parametrize("query", ["", "?recovery"])
def test_a_code_that_cannot_be_checked_is_a_sentence_and_the_log_says_what_to_set(
    changed, app, caplog, query
):
    browser, place = second_step()

    answer = browser.post(f"{place.partition('?')[0]}{query}", {"code": code_of(app)})

    assert answer.status_code == 422
    assert CANNOT_CHECK in read(answer).text
    assert any("SECRET_KEY_FALLBACKS" in line for line in caplog.messages)
    assert browser.get("/account/").status_code == 302


def test_confirming_by_a_code_is_a_sentence_too(changed, app, alice):
    browser = browser_of(alice.user)

    answer = browser.post("/sign-in/again/code/", {"code": code_of(app)})

    assert answer.status_code == 422
    assert CANNOT_CHECK in read(answer).text


def test_the_security_page_and_the_codes_do_not_break(changed, alice):
    browser = browser_of(alice.user)
    confirm(browser)

    assert "10 of 10 not used yet" in read(browser.get(SECURITY)).text
    page = read(browser.get(f"{SECURITY}codes/"))
    assert "The codes that you have can no longer be read" in page.text
    assert codes_of(browser) == []


def test_new_codes_are_made_in_place_of_those_that_nobody_can_read(changed, alice):
    browser = browser_of(alice.user)
    confirm(browser)

    assert browser.get(f"{SECURITY}codes/new/").status_code == 200
    browser.post(f"{SECURITY}codes/new/")

    assert len(codes_of(browser)) == 10


def test_a_passkey_works_as_before(changed, alice):
    browser = browser_of(alice.user)
    confirm(browser)

    assert add_passkey(browser).url == SECURITY


def test_used_codes_are_counted(as_alice, app):
    browser, _ = second_step()
    browser.post("/sign-in/code/?recovery", {"code": codes_of(as_alice)[3]})

    assert "9 of 10 not used yet" in read(as_alice.get(SECURITY)).text


def test_after_the_rotation_the_former_key_can_go(changed, app, settings, alice):
    settings.SECRET_KEY_FALLBACKS = [changed]
    out = StringIO()

    call_command("rotate_secret_key", stdout=out)

    assert out.getvalue().startswith("2 encrypted with the present key.")
    settings.SECRET_KEY_FALLBACKS = []
    browser, place = second_step()
    browser.post(place, {"code": code_of(app)})
    assert browser.get("/account/").status_code == 200
    confirm(browser)
    assert len(codes_of(browser)) == 10


def test_what_no_key_opens_is_counted_and_left_as_it_is(changed, alice):
    before = [*Authenticator.objects.order_by("pk").values_list("data", flat=True)]

    with pytest.raises(CommandError, match="2 cannot be read with any key"):
        call_command("rotate_secret_key", stdout=StringIO())

    assert [*Authenticator.objects.order_by("pk").values_list("data", flat=True)] == before


def test_codes_that_were_used_stay_used(as_alice, app, settings):
    code = codes_of(as_alice)[3]
    browser, _ = second_step()
    browser.post("/sign-in/code/?recovery", {"code": code})

    call_command("rotate_secret_key", stdout=StringIO())

    assert code not in codes_of(as_alice)
    assert len(codes_of(as_alice)) == 9


def test_new_keys_are_long_enough_and_never_the_same():
    made = []
    for _ in range(2):
        out = StringIO()
        call_command("make_keys", stdout=out)
        made += [line.partition("=") for line in out.getvalue().splitlines()]

    assert [name for name, _, _ in made] == ["SECRET_KEY", "AUDIT_KEY"] * 2
    keys = {key for _, _, key in made}
    assert len(keys) == 4
    assert min(map(len, keys)) >= 43
    assert all(len(key) >= 50 for name, _, key in made if name == "SECRET_KEY")
