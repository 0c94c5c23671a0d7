"""`manage.py fill`: made-up practices in the product's own tables, by the product's own rules."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test import Client as Browser

from benchmarks.fill import PASSWORD, TOTP_SECRET, NotEmpty, bulk, fill, load, probe_email
from benchmarks.fill.ids import ALL, public_id
from benchmarks.fill.plan import Plan
from clients.models import Client
from practice.accounts.models import Therapist, User
from practice.diary.models import Session
from relationships.models import Event, Participation, Relationship
from tests.accounts.second_factor import code_of
from tests.conftest import browser_of

pytestmark = pytest.mark.database
NOW = datetime(2026, 3, 4, 15, tzinfo=UTC)


def rules() -> list:
    """Return every constraint, index and trigger that the database has."""
    tables = connection.introspection.table_names()
    on_postgresql = connection.vendor == "postgresql"
    return (bulk.OfPostgreSQL if on_postgresql else bulk.OfSQLite)(tables).read()


@pytest.mark.django_db(transaction=True)
def test_what_is_filled_is_as_the_product_makes_it(capsys):
    before = rules()
    fill(700, now=NOW)

    assert rules() == before
    assert list(load.faults()) == []
    call_command("verify_audit")
    assert capsys.readouterr().out.endswith("Every chain is whole.\n")
    # Some of everything, as often as planned.
    work = Relationship.objects.all()
    assert [work.count(), Event.objects.count()] == [1400, pytest.approx(2_800, rel=0.05)]
    assert work.active().count() == pytest.approx(140, rel=0.4)
    assert Participation.objects.count() == pytest.approx(1_470, rel=0.03)
    assert Session.objects.count() == pytest.approx(2_940, rel=0.1)
    for client in Client.objects.all()[:20]:
        made = client.sort_name, client.search_text
        client.save()  # makes both anew
        assert made == (client.sort_name, client.search_text)
    # The database goes on counting after them, and holds its rules.
    Client(therapist=Therapist.objects.first(), name="One More", time_zone="Europe/London").save()
    assert Client.objects.order_by("-pk")[0].name == "One More"
    with pytest.raises(IntegrityError):
        Event.objects.all()._raw_delete("default")


@pytest.mark.django_db(transaction=True)
def test_a_probe_signs_in_with_password_and_code_and_opens_its_list(settings):
    settings.SECOND_FACTOR_FOR_THERAPISTS = True
    fill(60, now=NOW)
    browser = Browser()
    sign_in = {"login": probe_email(20), "password": PASSWORD}
    browser.post("/sign-in/", sign_in)
    code = code_of(TOTP_SECRET)
    browser.post("/sign-in/code/", {"code": code})

    assert b"20 clients" in browser.get("/clients/?include=inactive").content
    # So does a client of theirs, whose work goes on.
    client = Client.objects.exclude(account=None).filter(therapist__user__email=probe_email(20))[0]
    assert browser_of(client.account).get("/dashboard/").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_rule_that_would_be_broken_loads_nothing(monkeypatch):
    monkeypatch.setattr("benchmarks.fill.work.LENGTH", timedelta(0))

    with pytest.raises(IntegrityError):
        fill(20, now=NOW)
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_rule_that_is_not_made_again_is_found(monkeypatch):
    rules = bulk.OfPostgreSQL if connection.vendor == "postgresql" else bulk.OfSQLite
    make = rules.make
    forgetful = {
        "postgresql": lambda self, read: make(self, [read[0], read[1][1:], read[2]]),
        "sqlite": lambda self, read: make(self, read[1:]),
    }
    monkeypatch.setattr(rules, "make", forgetful[connection.vendor])

    with pytest.raises(bulk.RulesLost):
        fill(20, now=NOW)
    assert not User.objects.exists()


def test_it_fills_no_database_with_people_in_it(alice, settings):
    settings.DEBUG = True

    with pytest.raises(NotEmpty):
        fill(20)
    with pytest.raises(CommandError, match="nothing was touched"):
        call_command("fill", clients=20)


@pytest.mark.django_db
def test_it_is_for_development_only():
    with pytest.raises(CommandError, match="development only"):
        call_command("fill", clients=20)


def test_public_ids_are_unlike_their_neighbours_and_each_is_there_once():
    ids = [public_id(number) for number in (*range(10_000), ALL - 1)]

    assert len({*ids}) == len(ids)
    assert {len(one) for one in ids} == {10}
    assert len({one[:2] for one in ids[:100]}) > 50


def test_the_clients_of_a_therapist_lie_among_those_of_others():
    plan = Plan(10_000)

    assert plan.probes == [20, 500, 5_000]
    assert sum(plan.sizes) == len(plan.owners) == 10_000
    of_500 = [number for number, owner in enumerate(plan.owners) if owner == 1]
    assert len(of_500) == 500
    assert max(b - a for a, b in pairwise(of_500)) < 250
