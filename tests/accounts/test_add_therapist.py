"""The command that adds a therapist."""

import getpass
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from practice.accounts.models import Therapist, User
from tests.commits import depth

SECRET = "a quiet harbour at dusk"


@pytest.fixture(autouse=True)
def keyboard(monkeypatch) -> list[str]:
    """What is typed when a password is asked for."""
    typed = [SECRET]
    command = "practice.management.operator.getpass"
    monkeypatch.setattr(command, lambda prompt="": typed[0])
    return typed


def add(*arguments: str) -> str:
    out = StringIO()
    call_command("add_therapist", *arguments, stdout=out)
    return out.getvalue()


def test_a_therapist_is_added_and_can_sign_in(db, client):
    said = add("Hannah Okafor", "Hannah@Practice.example", "--time-zone", "Europe/Berlin")

    therapist = Therapist.objects.get()
    assert said == "Hannah Okafor can sign in as hannah@practice.example.\n"
    assert (therapist.name, therapist.slug, therapist.time_zone) == (
        "Hannah Okafor",
        "hannah-okafor",
        "Europe/Berlin",
    )
    answer = client.post("/sign-in/", {"login": "hannah@practice.example", "password": SECRET})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("zone", "kept"),
    [("US/Eastern", "America/New_York"), ("GB", "Europe/London"), ("Etc/UTC", "UTC")],
)
def test_a_zone_is_kept_under_its_name_on_the_list(db, zone, kept):
    add("Hannah Okafor", "hannah@practice.example", "--time-zone", zone)

    assert Therapist.objects.get().time_zone == kept


def test_what_pasting_brings_is_taken_away(db):
    add("\u200bHannah Okafor", "hannah@practice.example\u200b")

    therapist = Therapist.objects.get()
    assert (therapist.name, therapist.user.email) == ("Hannah Okafor", "hannah@practice.example")


def test_two_therapists_of_one_name_have_two_addresses(db):
    add("Hannah Okafor", "one@practice.example")
    add("Hannah Okafor", "two@practice.example")

    slugs = set(Therapist.objects.values_list("slug", flat=True))
    assert len(slugs) == 2
    assert all(slug.startswith("hannah-okafor") for slug in slugs)


@pytest.mark.parametrize("name", ["Олена Коваль", "李美玲", "Zoë Hartmann"])
def test_a_name_in_any_script_has_an_address(db, name):
    add(name, "one@practice.example")

    assert Therapist.objects.get().slug != ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("Hannah Okafor", "hannah"),
        ("Hannah Okafor", ""),
        ("", "hannah@practice.example"),
        ("Hannah\x07", "hannah@practice.example"),
        ("Hannah Okafor", "hannah@practice.example", "--time-zone", "Mars/Olympus"),
        ("Hannah Okafor", "hannah@practice.example", "--time-zone", "Factory"),
    ],
    ids=repr,
)
def test_what_is_wrong_is_said_and_nobody_is_added(db, arguments):
    with pytest.raises(CommandError):
        add(*arguments)

    assert (User.objects.count(), Therapist.objects.count()) == (0, 0)


def test_an_address_is_used_once(alice):
    with pytest.raises(CommandError, match=r"There is an account for alice@practice.example"):
        add("Alice Archer", "Alice@practice.example")

    assert Therapist.objects.count() == 1


@pytest.mark.parametrize("weak", ["", "short", "password1234", "hannah@practice.example"])
def test_a_weak_password_is_refused(db, keyboard, weak):
    keyboard[0] = weak

    with pytest.raises(CommandError):
        add("Hannah Okafor", "hannah@practice.example")

    assert User.objects.count() == 0


def test_the_password_is_asked_for_and_never_an_argument():
    assert getpass.getpass is not None
    with pytest.raises(CommandError):
        call_command("add_therapist", "A", "a@practice.example", "--password", "x")


def test_while_the_password_is_typed_nothing_is_locked(db, monkeypatch):
    depths = []
    before = depth()

    def typed(prompt: str) -> str:
        depths.append(depth())
        return SECRET

    monkeypatch.setattr("practice.management.operator.getpass", typed)
    add("Hannah Okafor", "hannah@practice.example")

    assert depths == [before]
