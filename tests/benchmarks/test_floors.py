"""The floor of a page: what it asks of the database and writes, recorded and done again, bare."""

import pickle

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from benchmarks.floors import record
from benchmarks.server.bare import FILE, BarePage, bare_pages
from clients.models import Client
from practice.accounts.access import as_therapist
from practice.accounts.models import Therapist
from practice.audit.models import Entry, Verb


@pytest.fixture
def bare(alice: Therapist, ann: Client, settings, tmp_path, monkeypatch):
    """Have a page recorded, which asks for clients, writes of one and says little."""
    with record() as found, as_therapist(alice):
        [*Client.objects.filter(therapist=alice, name="100 %")]
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice, about=ann)
    asked = [statement for statement in found.asked if "SELECT" in statement.sql]
    file = tmp_path / "bare"
    file.write_bytes(pickle.dumps({("a page", 1): BarePage(asked, found.looks, b"<p>Rows</p>")}))
    monkeypatch.setenv(FILE, str(file))
    settings.ROOT_URLCONF = "benchmarks.server.product_urls"
    (engine,) = settings.TEMPLATES
    more = settings.BASE_DIR / "benchmarks/server/templates"
    settings.TEMPLATES = [engine | {"DIRS": [*engine["DIRS"], more]}]
    yield
    bare_pages.cache_clear()


def test_a_bare_page_asks_writes_and_shows_what_was_recorded(bare, as_alice, ann):
    before = Entry.objects.count()
    with CaptureQueriesContext(connection) as queries:
        answer = as_alice.get("/bare/a_page/1/")

    assert answer.content == b"<p>Rows</p>"
    assert any("'100 %'" in query["sql"] for query in queries)
    assert Entry.objects.count() == before + 1
    assert Entry.objects.latest("pk").about == f"client:{ann.public_id}"
