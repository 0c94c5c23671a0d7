"""What an operator sets is read as they mean it, or refused with its name."""

import runpy
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from practice.environment import OFF, ON, Environment
from tests.practice.source import ROOT

SWITCHES = ("BEHIND_TLS_PROXY", "DEBUG", "HSTS_PRELOAD", "HSTS_SUBDOMAINS")
CHOICES = ("EMAIL_TLS",)
SWITCHES += ("SEND_MESSAGES_IN_SERVER",)
SWITCHES += ("SECOND_FACTOR_FOR_THERAPISTS", "STILLWATER_DEMO")
NUMBERS = ("EMAIL_PORT", "EMAIL_TIMEOUT", "MESSAGE_GRACE", "THREADS")
NUMBERS += ("TRUSTED_PROXIES", "WEB_CONCURRENCY")


@pytest.fixture
def settings_with(monkeypatch) -> Callable[..., dict[str, Any]]:
    """Read the settings anew, as an operator has set these."""

    def read(**environment: str) -> dict[str, Any]:
        for name in (*SWITCHES, *NUMBERS, *CHOICES, "DATABASE_URL"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "practice" / "settings.py"))

    return read


@pytest.mark.parametrize("word", [*ON, *(word.upper() for word in ON), " yes "])
def test_a_switch_is_on(word):
    assert Environment({"DEBUG": word}).switch("DEBUG") is True


@pytest.mark.parametrize("word", [*OFF, *(word.title() for word in OFF)])
def test_a_switch_is_off(word):
    assert Environment({"DEBUG": word}).switch("DEBUG", default=True) is False


@pytest.mark.parametrize("word", ["", None])
def test_what_is_not_set_is_the_default(word):
    environment = Environment({} if word is None else {"ANY": word})

    assert environment.switch("ANY", default=True) is True
    assert environment.number("ANY", 8) == 8
    assert environment.text("ANY", "so") == "so"
    assert environment.words("ANY") == []


@pytest.mark.parametrize("word", ["maybe", "2", "-1", "tru", "1 0"])
def test_what_is_neither_on_nor_off_is_refused_with_its_name(word):
    with pytest.raises(ImproperlyConfigured, match="Set DEBUG to 1 or 0"):
        Environment({"DEBUG": word}).switch("DEBUG")


@pytest.mark.parametrize("word", ["abc", "1.5", "-1", "10", "1e3", "٣", "9" * 5000])
def test_what_is_no_number_is_refused_with_its_name(word):
    with pytest.raises(ImproperlyConfigured, match="Set TRUSTED_PROXIES to a number from 0 to 9"):
        Environment({"TRUSTED_PROXIES": word}).number("TRUSTED_PROXIES", 0, most=9)


@pytest.mark.parametrize(
    "url", ["practice", "postgres://u:p/w#d@host/name", "mysql://host/name", "postgres://[::/x"]
)
def test_an_address_of_no_database_is_refused_and_not_repeated(url, tmp_path):
    with pytest.raises(ImproperlyConfigured, match="Set DATABASE_URL to an address") as refusal:
        Environment({"DATABASE_URL": url}).database("DATABASE_URL", tmp_path / "x")

    assert url not in str(refusal.value)


@pytest.mark.parametrize(
    ("word", "is_on"), [("true", True), ("1", True), ("on", True), ("no", False), ("OFF", False)]
)
def test_the_pool_is_a_switch_like_others(word, is_on, tmp_path):
    url = f"postgres://u:p@host/name?pool={word}"
    found = Environment({"DATABASE_URL": url}).database("DATABASE_URL", tmp_path / "x")

    assert bool(found["OPTIONS"]["pool"]) is is_on


def test_a_pool_that_is_neither_on_nor_off_is_refused(tmp_path):
    url = "postgres://u:p@host/name?pool=maybe"
    with pytest.raises(ImproperlyConfigured, match=r"Write .pool=true"):
        Environment({"DATABASE_URL": url}).database("DATABASE_URL", tmp_path / "x")


@pytest.mark.parametrize(
    "address", ["abc", "https://s.example/1", "https://k@s.example/", "k@s.example"]
)
def test_what_is_no_address_of_sentry_is_refused_and_not_repeated(address):
    with pytest.raises(ImproperlyConfigured, match="Set SENTRY_DSN to the address") as refusal:
        Environment({"SENTRY_DSN": address}).sentry("SENTRY_DSN")

    assert address not in str(refusal.value)


@pytest.mark.parametrize("address", ["", "https://key@host.example/1"])
def test_an_address_of_sentry_is_as_it_was_written(address):
    assert Environment({"SENTRY_DSN": address}).sentry("SENTRY_DSN") == address


@pytest.mark.parametrize("name", ["plain.sqlite3", "with space.sqlite3", "50%2F.sqlite3", "a?b#c"])
def test_the_file_may_have_any_name(tmp_path, name):
    found = Environment({}).database("DATABASE_URL", tmp_path / name)

    assert found["NAME"] == str(tmp_path / name)


@pytest.mark.parametrize("name", [*SWITCHES, *NUMBERS, *CHOICES])
def test_every_switch_number_and_choice_of_the_settings_is_read_so(settings_with, name):
    with pytest.raises(ImproperlyConfigured, match=f"^Set {name} to "):
        settings_with(**{name: "abc"})


def test_no_setting_is_read_past_the_readers():
    source = (ROOT / "practice" / "settings.py").read_text()

    assert "environ[" not in source
    assert "environ." not in source
    assert source.count("env.switch(") == len(SWITCHES)
    assert source.count("env.number(") == len(NUMBERS)
    assert source.count("env.choice(") == len(CHOICES)


@pytest.mark.parametrize(
    ("tls", "port", "is_started", "is_implicit"),
    [("", 587, True, False), ("Implicit", 465, False, True), ("none", 25, False, False)],
)
def test_each_way_of_tls_has_its_port(settings_with, tls, port, is_started, is_implicit):
    found = settings_with(EMAIL_HOST="localhost", EMAIL_TLS=tls)
    other = settings_with(EMAIL_HOST="localhost", EMAIL_TLS=tls, EMAIL_PORT="2525")

    assert (found["EMAIL_PORT"], other["EMAIL_PORT"]) == (port, 2525)
    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (is_started, is_implicit)


def test_without_a_mail_server_there_is_no_tls(settings_with):
    found = settings_with(EMAIL_HOST="", EMAIL_TLS="implicit")

    assert (found["EMAIL_USE_TLS"], found["EMAIL_USE_SSL"]) == (False, False)


def test_a_word_that_is_no_choice_is_refused_with_those_that_are(settings_with):
    words = "^Set EMAIL_TLS to starttls, implicit or none.$"
    with pytest.raises(ImproperlyConfigured, match=words):
        settings_with(EMAIL_TLS="ssl")


def test_true_keeps_the_second_factor_and_trusts_the_proxy(settings_with):
    found = settings_with(SECOND_FACTOR_FOR_THERAPISTS="true", BEHIND_TLS_PROXY="true")

    assert found["SECOND_FACTOR_FOR_THERAPISTS"] is True
    assert found["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")
    assert found["ALLAUTH_TRUSTED_PROXY_COUNT"] == 1


def test_other_names_are_not_spoken_for_unless_it_is_asked(settings_with):
    usual, asked = settings_with(), settings_with(HSTS_SUBDOMAINS="1", HSTS_PRELOAD="on")

    names = ("SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD")
    assert [usual[name] for name in names] == [False, False]
    assert [asked[name] for name in names] == [True, True]


def test_the_data_may_lie_outside_the_checkout(settings_with, tmp_path):
    found = settings_with(DATA_DIR=str(tmp_path))

    assert found["DATABASES"]["default"]["NAME"] == f"{tmp_path}/stillwater.sqlite3"
