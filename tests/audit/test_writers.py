"""Every thread that writes counts what it has committed: without gaps, and without a lock."""

from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from practice.audit import verify
from practice.audit.models import Entry
from practice.audit.sealing import began_at
from tests.audit.entries import at_once, record

pytestmark = pytest.mark.django_db(transaction=True)


def lines() -> list[tuple[int, int]]:
    """Return what was written: by the how manieth writer, and as its how manieth line."""
    rows = list(Entry.objects.order_by("pk").values_list("writer", "writer_number"))
    writers = list(dict.fromkeys(writer for writer, _ in rows))
    return [(writers.index(writer) + 1, number) for writer, number in rows]


@pytest.fixture(autouse=True)
def nothing_is_missing():
    yield
    assert list(verify.faults_of_writers()) == []


def test_a_thread_counts_what_it_writes_in_every_chain(alice, bob):
    record(alice, 2)
    record(bob)
    with transaction.atomic():
        record(alice, 2)
        record(bob)

    assert lines() == [(1, number) for number in range(1, 7)]


def test_each_thread_counts_for_itself(alice):
    assert at_once(*[lambda: record(alice, 3)] * 4) == []

    assert sorted(lines()) == [(writer, n) for writer in (1, 2, 3, 4) for n in (1, 2, 3)]


def undo() -> None:
    raise ZeroDivisionError


def test_a_savepoint_that_is_rolled_back_gives_its_numbers_back(alice):
    with transaction.atomic():
        record(alice)
        with suppress(ZeroDivisionError), transaction.atomic():
            record(alice, 2)
            undo()
        record(alice)
        with transaction.atomic():
            record(alice)

    assert lines() == [(1, 1), (1, 2), (1, 3)]


def test_savepoints_in_savepoints(alice):
    with transaction.atomic():
        with transaction.atomic():
            record(alice)
            with suppress(ZeroDivisionError), transaction.atomic():
                record(alice)
                undo()
        record(alice)

    assert lines() == [(1, 1), (1, 2)]


def test_after_a_transaction_that_was_rolled_back_another_writer_begins(alice):
    record(alice, 2)
    with suppress(ZeroDivisionError), transaction.atomic():
        record(alice, 2)
        undo()
    record(alice, 2)

    assert lines() == [(1, 1), (1, 2), (2, 1), (2, 2)]


@pytest.mark.parametrize("is_done", [True, False])
def test_nobody_counts_on_a_commit_of_which_nobody_knows(alice, monkeypatch, is_done):
    """The connection is lost while the database commits, or just before."""
    commit = connection._commit

    def commit_and_lose() -> None:
        if is_done:
            commit()
        raise OperationalError("server closed the connection unexpectedly")

    record(alice)
    with monkeypatch.context() as patch:
        patch.setattr(connection, "_commit", commit_and_lose)
        with pytest.raises(OperationalError):
            record(alice)
    record(alice)

    assert lines() == [(1, 1), *([(1, 2)] if is_done else []), (2, 1)]


def test_a_hook_that_breaks_leaves_a_writer_in_doubt_and_no_hole(alice):
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        record(alice)
        transaction.on_commit(undo)
        record(alice)
    record(alice)

    assert lines() == [(1, 1), (1, 2), (2, 1)]


def test_what_a_hook_records_counts_too(alice):
    with transaction.atomic():
        record(alice)
        transaction.on_commit(lambda: record(alice))
        record(alice)
    record(alice)

    assert len(set(lines())) == 4


def test_who_finds_the_clock_set_back_is_another_writer(alice):
    record(alice)
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        record(alice, 2)

    assert lines() == [(1, 1), (2, 1), (2, 2)]


def test_a_writer_is_named_after_when_it_began(alice):
    before = timezone.now()
    record(alice)

    began = began_at(Entry.objects.get().writer)
    assert timedelta(seconds=-1) <= began - before <= timedelta(seconds=2)
    assert began_at("no writer") is None
