"""What therapists are compared with: worked out once a day, never while a page is waited for."""

import re
from collections.abc import Callable
from io import StringIO
from typing import ClassVar

import pytest
from django.core.cache import cache, caches
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from practice.accounts import after_response
from practice.database.waiting import without_limit
from practice.profiles import figures as figures_module
from practice.profiles.figures import count_installation, usual_here
from practice.profiles.models import Profile
from practice.profiles.stats import Installation
from tests.factories import start
from tests.profiles import DAY, HOUR, NOW, colleagues, practice_of, session

pytestmark = [pytest.mark.database, pytest.mark.django_db]


@pytest.fixture
def public(alice):
    """Alice, who has earned all that compares, among four colleagues."""
    practice_of(alice, 9, 3, ago=50)
    colleagues(4, 2)
    Profile.objects.create(therapist=alice, is_published=True)
    return "/therapists/alice/"


def compared(browser, address: str) -> bool:
    return "See You Again" in browser.get(address).content.decode()


def test_an_installation_without_sessions_compares_nobody():
    assert count_installation(NOW) == Installation(0, 0, 0)
    assert not usual_here(NOW).is_comparable


def test_until_they_have_been_counted_nobody_is_compared(client, public):
    assert usual_here(NOW) == Installation()

    assert not compared(client, public)
    assert compared(client, public)  # the first page had them counted, when it was on its way


class Begun:
    """A timer whose time does not come."""

    waiting: ClassVar[list] = []

    def __init__(self, _: float, work: Callable, args: list) -> None:
        self.work, self.args = work, args

    def start(self) -> None:
        self.waiting.append(self)


def test_no_page_waits_for_them_or_writes_anything_for_their_sake(client, public, monkeypatch):
    monkeypatch.setattr(after_response, "Timer", Begun)
    monkeypatch.setattr(Begun, "waiting", [])
    with CaptureQueriesContext(connection) as context:
        client.get(public)

    asked = [query["sql"] for query in context]
    assert sum("profiles_clientvisit" in sql for sql in asked) == 1  # for Alice's own
    assert not [sql for sql in asked if re.match("INSERT|UPDATE|DELETE", sql)]
    assert usual_here(NOW) == Installation()
    (begun,) = Begun.waiting

    begun.work(*begun.args)

    assert usual_here(NOW).therapists == 5


def test_they_are_counted_once_a_day(public, individual):
    first = count_installation(NOW)
    session(individual, NOW - 30 * DAY, booked_at=NOW - 40 * DAY)

    assert usual_here(NOW + 13 * HOUR) == first


def test_yesterdays_serve_until_todays_have_been_counted(client, public):
    yesterday = count_installation(NOW)
    practice_of(colleagues(1)[0], 3)
    assert usual_here(NOW + DAY) == yesterday

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("practice.profiles.views.timezone.now", lambda: NOW + DAY)
        client.get(public)

    assert usual_here(NOW + DAY).therapists == yesterday.therapists + 1


def test_one_process_counts_them_however_many_look(public, monkeypatch):
    counted = []
    monkeypatch.setattr(figures_module, "count_installation", counted.append)
    midnight = NOW.replace(hour=0)

    for _ in range(3):
        figures_module._count_once(midnight)
    assert counted == [midnight]

    figures_module._count_once(midnight + DAY)
    assert counted == [midnight, midnight + DAY]


def test_they_are_kept_for_good_also_where_many_try_to_sign_in(monkeypatch):
    shared = caches["shared"]
    monkeypatch.setattr(figures_module, "cache", shared)
    counted = count_installation(NOW - 400 * DAY)

    for n in range(shared._max_entries + 50):
        shared.set(f"allauth:rl:login:ip:{n}", [1.0], timeout=3600)

    assert shared.get("allauth:rl:login:ip:0") is None  # there was no room for all
    assert shared.get(figures_module.LATEST) == (NOW.replace(hour=0) - 400 * DAY, counted)


def test_a_clock_that_is_set_back_has_nothing_counted_anew(client, public):
    count_installation(NOW + 3 * DAY)
    kept = cache.get(figures_module.LATEST)

    client.get(public)

    assert cache.get(figures_module.LATEST) == kept


def test_what_is_recorded_this_morning_was_not_there_at_midnight(individual, carl):
    """Made at one or at ten o'clock, it must say the same."""
    session(individual, NOW - 5 * DAY)
    at_one = count_installation(NOW - 9 * HOUR)
    session(start(carl), NOW - 30 * DAY, booked_at=NOW - HOUR)

    assert count_installation(NOW) == at_one


def test_the_command_counts_them_before_anybody_looks(client, public):
    said = StringIO()

    call_command("count_figures", stdout=said)

    assert said.getvalue() == "5 therapists with figures.\n"
    assert compared(client, public)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL counts by itself")
def test_the_command_has_sqlite_count_what_its_indexes_find(individual):
    """Else it looks through all work of a therapist for that of one client."""
    call_command("count_figures", stdout=StringIO())

    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tbl FROM sqlite_stat1")
        assert ("clients_client",) in cursor.fetchall()


def test_what_nobody_waits_for_has_no_limit():
    if connection.vendor != "postgresql":
        before = [*connection.savepoint_ids]
        with without_limit():
            assert connection.savepoint_ids == before  # no transaction: others can write
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 3000")
        with without_limit():
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("0",)
