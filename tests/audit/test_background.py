"""A server chains what is written by itself, in a thread of its own."""

import time
from threading import Lock

import pytest
from django.db import OperationalError

from practice.audit import background, sealing
from practice.audit.models import Entry, Unchained
from tests.audit.entries import record

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def chaining(monkeypatch):
    """The thread of a server that has little patience, woken as a server's is."""
    monkeypatch.setattr(background, "PAUSE", 0.05)
    monkeypatch.setattr(background, "AFTER_TROUBLE", 0.05)
    chaining = background.Chaining()
    chain, busy, is_over = chaining.chain, Lock(), []

    def chain_while_the_test_lasts() -> None:
        with busy:
            is_over or chain()

    chaining.chain = chain_while_the_test_lasts
    sealing.committed.connect(chaining.wake)
    yield chaining
    sealing.committed.disconnect(chaining.wake)
    with busy:  # the database is for the next test
        is_over.append(True)


def until(happened) -> None:
    patience = time.monotonic() + 120
    while not happened():
        assert time.monotonic() < patience
        time.sleep(0.01)


def test_what_is_written_is_chained_soon(alice, chaining):
    for number in (1, 2):
        record(alice, 2)
        until(lambda: not Unchained.objects.exists())
        assert Entry.objects.filter(number__isnull=False).count() == 2 * number


def test_several_entries_wake_one_thread(alice, chaining):
    record(alice)
    first = chaining.thread
    record(alice, 3)

    assert chaining.thread is first


def test_nothing_is_begun_before_anything_is_written(chaining):
    assert chaining.thread is None


def test_while_the_database_is_away_it_tries_again(alice, chaining, monkeypatch, caplog):
    outages = [OperationalError("away"), OperationalError("away")]
    chain = background.chain_everything

    def out() -> int:
        if outages:
            raise outages.pop()
        return chain()

    monkeypatch.setattr(background, "chain_everything", out)
    record(alice)

    until(lambda: not Unchained.objects.exists())
    assert caplog.text.count("has to wait: OperationalError") == 2
