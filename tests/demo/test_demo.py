"""The demo: fictional people whom others drive by name."""

import socket
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.test import Client as Browser
from django.utils import timezone

from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.demo import people
from relationships.models import Event, Relationship
from tests.conftest import browser_of
from tests.factories import counters_of, history_of, true_counters_of
from tests.reading import read

pytestmark = pytest.mark.django_db
NOON = datetime(2025, 11, 20, 12, tzinfo=UTC)


def therapist(name: str) -> Therapist:
    return Therapist.objects.get(user__email=f"{name}@stillwater.example")


def ties_of(name: str) -> list[tuple[str, str]]:
    relationships = Relationship.objects.filter(clients__name=name).order_by("kind")
    return [(relationship.kind, relationship.status) for relationship in relationships]


def test_whoever_signs_in_to_the_demo_as_a_client_can_book(hours_pass):
    """The weekly sessions ahead are booked by the therapist, and leave what a client may book."""
    saturday = NOON + timedelta(days=2)  # before four weeks with a session each
    with time_machine.travel(saturday, tick=False):
        people.load(saturday)
        for name in ("maya", "erik", "jonah"):
            account = User.objects.get(email=f"{name}@stillwater.example")
            for relationship in Relationship.objects.filter(clients__account=account):
                page = read(browser_of(account).get(f"/book/{relationship.public_id}/"))
                assert [to for to in page.addresses if to.startswith("/book/")]


def test_the_demo_keeps_its_contract():
    people.load(NOON)

    # Hannah has about forty clients, a third of them inactive; Bob has twelve.
    hannah, bob = therapist("hannah"), therapist("bob")
    assert 38 <= hannah.clients.count() <= 44
    assert 0.28 <= hannah.clients.inactive().count() / hannah.clients.count() <= 0.42
    assert (bob.clients.count(), bob.clients.inactive().count()) == (12, 3)
    kinds = Counter(hannah.relationships.values_list("kind", flat=True))
    assert kinds["couples"] >= 2
    assert kinds["family"] >= 1

    # Who can sign in, and what they then see.
    assert ties_of("Maya Lindqvist") == [("couples", "ended"), ("individual", "active")]
    assert ties_of("Erik Lindqvist") == [("couples", "ended")]
    assert ties_of("Jonah Whitfield") == [("individual", "ended")]
    for name in ("maya", "erik", "jonah"):
        account = User.objects.get(email=f"{name}@stillwater.example")
        assert account.check_password(people.PASSWORD)
        assert account.clients.count() == 1

    # Somebody has come three times, and something has ended today.
    [vikram] = Relationship.objects.filter(clients__name="Vikram Menon")
    assert history_of(vikram) == ["started", "ended", "restarted", "ended", "restarted"]
    todays = [t for t in Relationship.objects.ended() if t.ended_at.date() == NOON.date()]
    assert [person.name for relationship in todays for person in relationship.people] == [
        "Tessa Quill"
    ]

    # Every counter tells the truth, and every history is in order.
    everybody = list(Client.objects.order_by("pk"))
    assert counters_of(*everybody) == true_counters_of(*everybody)
    for relationship in Relationship.objects.all():
        events = list(relationship.events.order_by("pk"))
        assert [e.at for e in events] == sorted(e.at for e in events)
        assert all(event.at <= NOON for event in events)
        assert events[0].at == relationship.started_at
        assert (events[-1].kind == "ended") == relationship.is_ended
        assert all(
            person.added_at.date() <= relationship.started_at.date()
            for person in relationship.people
        )


MOMENTS = [
    datetime(2026, 1, 1, 0, 1, tzinfo=UTC),
    datetime(2025, 6, 30, 23, 1, tzinfo=UTC),  # a minute past midnight in London
    datetime(2028, 2, 29, 9, tzinfo=UTC),
]


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_something_has_ended_today_at_any_time_of_any_day(now):
    with time_machine.travel(now, tick=False):
        people.load()

        [relationship] = Relationship.objects.filter(clients__name="Tessa Quill")
        assert timezone.localdate(relationship.ended_at) == timezone.localdate(now)
        assert relationship.started_at < relationship.ended_at < now
        assert not Event.objects.filter(at__gt=now).exists()
        assert not Client.objects.filter(added_at__gt=now).exists()


def state() -> list[list[tuple]]:
    clients = Client.objects.order_by("public_id").values_list(
        "public_id", "name", "email", "phone", "added_at", "active_relationships"
    )
    relationships = Relationship.objects.order_by("public_id").values_list(
        "public_id", "kind", "status", "started_at", "ended_at", "end_reason", "end_note"
    )
    return [list(clients), list(relationships)]


def test_the_demo_is_the_same_every_time():
    from django.db import transaction

    states = []
    for _ in range(2):
        with transaction.atomic():
            people.load(NOON)
            states.append(state())
            transaction.set_rollback(True)

    assert states[0] == states[1]
    assert len(states[0][0]) > 50


def test_the_demo_can_be_used():
    people.load()

    # Who stands on the sign-in page can sign in.
    for _, role, email in people.SIGN_INS:
        browser = Browser()
        answer = browser.post("/sign-in/", {"login": email, "password": people.PASSWORD})
        led = {"therapist": [], "client": [("/dashboard/", 303)]}[role]
        assert answer.status_code == 302
        assert browser.get("/", follow=True).redirect_chain == led

    # Nobody in it can be written to.
    emails = {*Client.objects.values_list("email", flat=True)}
    emails |= {*User.objects.values_list("email", flat=True)}
    assert all(email.endswith(".example") for email in emails if email)

    # The article can be followed in it.
    browser = Browser()
    browser.force_login(therapist("hannah").user)
    page = read(browser.get("/clients/", {"include": "inactive", "q": "jonah"}))
    assert "Jonah Whitfield Inactive" in page.text
    assert "1 client matches “jonah”: 0 active and 1 inactive" in page.text


# The command.


def test_the_command_refuses_without_the_demos_settings():
    with pytest.raises(CommandError, match="STILLWATER_DEMO=1"):
        call_command("demo", "--no-server", stdout=StringIO())

    assert User.objects.count() == 0


def test_the_command_refuses_a_database_with_people_in_it(settings, alice):
    settings.DEMO = True

    with pytest.raises(CommandError, match="nothing was touched"):
        call_command("demo", "--no-server", stdout=StringIO())

    assert User.objects.count() == 1
    assert Client.objects.count() == 0


def test_the_command_fills_an_empty_database_and_says_how_to_sign_in(settings):
    settings.DEMO = True
    out = StringIO()

    call_command("demo", "--no-server", stdout=out)

    assert "hannah@stillwater.example" in out.getvalue()
    assert people.PASSWORD in out.getvalue()
    assert therapist("hannah").clients.exists()


@pytest.mark.parametrize("place", ["9999999", "0", "abc", "127.0.0.1:65536", "٣", "1" * 5000, ":"])
def test_what_is_no_port_is_said_before_anything_is_loaded(settings, place):
    settings.DEMO = True

    with pytest.raises(CommandError, match=r"is no port\. Name one from 1 to 65535"):
        call_command("demo", place, stdout=StringIO())

    assert User.objects.count() == 0


def test_a_port_in_use_is_said_before_the_accounts_are_listed_and_another_is_offered(settings):
    settings.DEMO = True
    out = StringIO()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CommandError, match="address already in use") as refusal:
            call_command("demo", str(port), stdout=out)

    assert out.getvalue() == ""
    assert User.objects.count() == 0
    offered = int(str(refusal.value).rpartition(" ")[2])
    assert port < offered < port + 200


def test_a_place_that_is_not_of_this_machine_is_said(settings):
    settings.DEMO = True

    with pytest.raises(CommandError, match=r"Port 8000 of 192\.0\.2\.7 cannot be used"):
        call_command("demo", "192.0.2.7:8000", stdout=StringIO())


def test_the_demo_shows_what_happens_to_sessions(hours_pass):
    with time_machine.travel(NOON, tick=False):
        people.load(NOON)
        hannah = therapist("hannah")
        [(series, number)] = (
            hannah.sessions.filter(series__isnull=False)
            .order_by()
            .values_list("series")
            .annotate(number=Count("pk"))
        )
        [moved] = hannah.sessions.filter(moved_at__isnull=False)
        [dropped] = hannah.sessions.filter(state="cancelled", starts_at__gt=NOON)
        [not_held] = hannah.sessions.filter(state="not_held")
        browser = browser_of(hannah.user)
        today = read(browser.get("/")).text
        week = dropped.starts_at.date() - timedelta(days=dropped.starts_at.weekday())
        diary = read(browser.get(f"/diary/{week}/")).text
        of_series = hannah.sessions.filter(series=series).upcoming().first()
        details = read(browser.get(f"/sessions/{of_series.public_id}/")).text

    assert number == 12
    assert "Maya Lindqvist moved a session from" in today
    assert moved.relationship.people[0].name == "Maya Lindqvist"
    assert "Cancelled by you" in diary
    assert "Put back" in diary
    assert not_held.starts_at < NOON
    assert "weekly until" in details
