"""What whoever runs the service does to somebody's account is recorded, and told to its owner."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.management.commands import changepassword as djangos
from django.core import mail
from django.core.management import CommandError, call_command, get_commands

from practice.accounts.factors import has_second_factor
from practice.accounts.models import User
from practice.audit.models import Entry
from tests.accounts.second_factor import add_app
from tests.factories import PASSWORD
from tests.pressing import Browser

NEW = "another quiet harbour"
TYPED = "Alice@Practice.example"  # an address as people type it
ACTS: dict[str, tuple[str, ...]] = {
    "a password": ("changepassword", TYPED),
    "a reset": ("reset_account", TYPED),
    "factors": ("accounts", "reset-factors", TYPED),
    "an address": ("accounts", "change-email", TYPED, "alice@elsewhere.example"),
    "closing": ("accounts", "disable", TYPED),
    "opening": ("accounts", "enable", TYPED),
}
VERBS = {
    "a password": ("password_changed", "done"),
    "a reset": ("password_changed", "done"),
    "factors": ("second_factor_removed", "done"),
    "an address": ("settings_changed", "email address"),
    "closing": ("settings_changed", "disabled"),
    "opening": ("settings_changed", "enabled"),
}
TOLD = {
    "a password": "chosen a new password",
    "a reset": "chosen a new password",
    "factors": "removed the second step",
    "an address": "changed the address that you sign in with: from now on it is alice@",
    "closing": "closed your account for now",
    "opening": "opened your account again",
}


@pytest.fixture
def run(monkeypatch, alice) -> Callable[..., str]:
    """Run a command, and type a password if it asks for one."""
    monkeypatch.setattr("practice.management.operator.getpass", lambda _: NEW)

    def command(*words: str) -> str:
        out = StringIO()
        call_command(*words, stdout=out)
        return out.getvalue()

    return command


def sign_in(password: str = PASSWORD) -> Browser:
    browser = Browser()
    browser.post("/sign-in/", {"login": "alice@practice.example", "password": password})
    return browser


def is_in(browser: Browser) -> bool:
    return browser.get("/account/").status_code == 200


@pytest.mark.parametrize("act", ACTS)
def test_it_is_recorded_as_the_operators_and_told_to_the_owner(run, alice, act):
    if act == "opening":
        alice.user.disable()

    run(*ACTS[act])

    entry = Entry.objects.get(verb=VERBS[act][0], about=f"account:{alice.user.pk}")
    assert (entry.role, entry.by, entry.outcome) == ("operator", None, VERBS[act][1])
    [letter] = mail.outbox
    assert letter.to == ["alice@practice.example"]
    assert letter.subject == "Your account was changed for you – Stillwater"
    assert f"Whoever runs Stillwater has {TOLD[act]}" in " ".join(letter.body.split())
    assert NEW not in letter.body


def test_a_new_password_signs_out_everywhere(run):
    before = sign_in()

    run("changepassword", TYPED)

    assert not is_in(before)
    assert not is_in(sign_in())
    assert is_in(sign_in(NEW))


def test_djangos_own_command_is_not_the_one_that_runs():
    assert get_commands()["changepassword"] == "practice"
    assert djangos.Command.__module__ == "django.contrib.auth.management.commands.changepassword"


@pytest.mark.parametrize("act", ["a password", "a reset"])
def test_a_weak_password_changes_nothing(run, monkeypatch, act):
    monkeypatch.setattr("practice.management.operator.getpass", lambda _: "short")

    with pytest.raises(CommandError, match="too short"):
        run(*ACTS[act])

    assert is_in(sign_in())
    assert mail.outbox == []


def test_who_has_lost_everything_signs_in_by_password(run, alice):
    add_app(sign_in())

    run(*ACTS["factors"])

    assert not has_second_factor(alice.user)
    assert is_in(sign_in())


def test_nobody_signs_in_to_a_disabled_account_until_it_is_enabled(run):
    before = sign_in()
    run("accounts", "disable", TYPED)
    assert not is_in(before)
    assert not is_in(sign_in())

    run("accounts", "enable", TYPED)

    assert is_in(sign_in())


def test_nothing_is_done_twice(run):
    with pytest.raises(CommandError, match="is not disabled"):
        run("accounts", "enable", TYPED)
    run("accounts", "disable", TYPED)
    with pytest.raises(CommandError, match="is disabled already"):
        run("accounts", "disable", TYPED)

    assert Entry.objects.filter(verb="settings_changed").count() == 1
    assert len(mail.outbox) == 1


def test_who_was_erased_stays_erased(run, alice):
    alice.user.close()

    with pytest.raises(CommandError, match="was erased"):
        run("accounts", "enable", alice.user.email)

    assert not User.objects.get(pk=alice.user.pk).is_active


def test_the_list_tells_what_an_operator_needs(run, alice, ann):
    add_app(sign_in())
    ann.account.disable()

    said = run("accounts", "list")

    assert "alice@practice.example  therapist, second factor, last sign-in 20" in said
    assert "ann@mail.example  client, password alone, last sign-in never, disabled" in said
    assert said.endswith("2 accounts.\n")
    assert run("accounts", "list", "MAIL.") == said.splitlines(True)[1] + "1 account.\n"


@pytest.mark.parametrize("act", ACTS)
def test_an_unknown_address_is_said(run, act):
    name, *words = ACTS[act]

    with pytest.raises(CommandError, match=r"no account for nobody@practice.example"):
        run(name, *[w.replace(TYPED, "nobody@practice.example") for w in words])


def test_without_a_mail_server_the_operator_is_asked_to_tell_them(run, settings):
    settings.EMAIL_HOST = ""
    assert "No mail was sent: tell alice@practice.example yourself" in run(*ACTS["closing"])

    settings.EMAIL_HOST = "mail.practice.example"
    assert "yourself" not in run(*ACTS["opening"])


@pytest.mark.parametrize("server", ["Down", "Unreachable"])
def test_a_mail_that_cannot_be_sent_undoes_nothing_and_is_said(run, settings, capsys, server):
    settings.EMAIL_BACKEND = f"tests.mail_servers.{server}"

    run(*ACTS["closing"])

    assert not is_in(sign_in())
    assert "The mail to alice@practice.example could not be sent" in capsys.readouterr().err


def test_there_are_no_superusers():
    with pytest.raises(CommandError, match="invite_therapist"):
        call_command("createsuperuser")
