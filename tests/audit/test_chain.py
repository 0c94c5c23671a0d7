"""The chain: what an entry says, that numbers have no gaps, and that nothing can be changed."""

import logging
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections, transaction
from django.utils import timezone

from practice.audit.models import Chain, Entry, Role, Verb
from practice.audit.seal import NOTHING, seal, seal_of_entry, seal_of_head
from practice.web.request_id import WithRequestId, request_id
from tests.relationships.test_rules_in_the_database import (
    insert,
    on_postgresql,
    on_sqlite,
    refused,
    sql,
)


def entries(chain: int) -> list[Entry]:
    return list(Entry.objects.filter(chain=chain).order_by("number"))


@pytest.fixture
def two(alice) -> tuple[Entry, Entry]:
    return tuple(
        Entry.record(verb, by=alice.user, therapist=alice, about="client:bcdfghjkmn")
        for verb in (Verb.CLIENT_ADDED, Verb.CLIENT_OPENED)
    )


def columns_of(entry: Entry, **changes: object) -> dict[str, object]:
    fields = [field for field in entry._meta.concrete_fields if field.column]
    return {field.column: getattr(entry, field.attname) for field in fields} | changes


# What an entry says.


def test_an_entry_says_who_did_what_about_what_and_when(alice):
    before = timezone.now()

    entry = Entry.record(
        Verb.CLIENT_OPENED, by=alice.user, therapist=alice, about="client:bcdfghjkmn"
    )

    entry.refresh_from_db()
    assert (entry.therapist, entry.by, entry.role) == (alice, alice.user_id, "therapist")
    assert (entry.verb, entry.about, entry.outcome) == (
        "client_opened",
        "client:bcdfghjkmn",
        "done",
    )
    assert before <= entry.at <= timezone.now()


def test_every_practice_has_a_chain_and_the_installation_its_own(alice, bob, two):
    theirs = Entry.record(Verb.CLIENT_OPENED, by=bob.user, therapist=bob.pk)
    nobodys = Entry.record(Verb.SIGN_IN_FAILED, by=None, therapist=None)

    assert [e.number for e in entries(alice.pk)] == [1, 2]
    assert (theirs.chain, theirs.number) == (bob.pk, 1)
    assert (nobodys.chain, nobodys.number, nobodys.therapist) == (0, 1, None)


def test_each_entry_is_sealed_together_with_the_one_before(alice, two):
    first, second = entries(alice.pk)

    assert first.mac == seal_of_entry(first, NOTHING)
    assert second.mac == seal_of_entry(second, first.mac)


def test_the_head_knows_the_length_and_the_last_seal(alice, two):
    head = Chain.objects.get(chain=alice.pk)

    assert (head.length, head.mac) == (2, two[-1].mac)
    assert head.head_mac == seal_of_head(head)


def test_the_part_somebody_plays_is_written_down(alice, bob, ann, as_alice):
    assert Role.of(alice.user, alice.pk) == Role.THERAPIST
    assert Role.of(alice.user, None) == Role.THERAPIST
    assert Role.of(bob.user, alice.pk) == Role.CLIENT  # a therapist may be a colleague's client
    assert Role.of(ann.account, alice.pk) == Role.CLIENT
    assert Role.of(None, alice.pk) == Role.OPERATOR


def test_a_seal_speaks_of_the_instant_not_of_the_clock():
    at = datetime(2026, 7, 1, 12, tzinfo=UTC)

    assert seal("x", at) == seal("x", timezone.localtime(at))
    assert seal("x", at) != seal("x", at + timedelta(microseconds=1))


def test_another_key_makes_other_seals(settings):
    before = seal("x", 1)
    settings.AUDIT_KEY = "another key, as long as it has to be"

    assert seal("x", 1) != before


def test_nothing_is_recorded_without_a_key(settings, alice):
    settings.AUDIT_KEY = ""

    with pytest.raises(ImproperlyConfigured, match="AUDIT_KEY"):
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)


def test_what_is_undone_leaves_no_entry(alice, two):
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)
        1 / 0  # noqa: B018

    assert len(entries(alice.pk)) == 2
    assert Entry.record(Verb.CLIENT_OPENED, by=None, therapist=alice).number == 3


@pytest.mark.django_db(transaction=True)
def test_a_chain_is_held_inside_a_transaction_only(alice):
    with pytest.raises(transaction.TransactionManagementError):
        Entry.hold(alice)


def test_recording_costs_three_queries(alice, two, django_assert_num_queries):
    with django_assert_num_queries(3):
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)


# The id of a request.


def test_what_one_request_writes_has_one_id(as_alice, alice, client):
    client.get("/")

    assert request_id() == ""
    assert Entry.record(Verb.EXPORTED, by=alice.user, therapist=alice).request_id == ""


def test_the_id_of_a_request_stands_in_the_log():
    line = logging.makeLogRecord({"msg": "x"})

    WithRequestId().filter(line)

    assert line.request_id == "-"


# Tampering.


def test_an_entry_is_not_changed(two):
    for column in columns_of(two[0]):
        with refused():
            sql(f"UPDATE audit_entry SET {column} = {column}")  # noqa: S608


def test_the_orm_cannot_change_an_entry(two):
    entry = two[0]
    entry.outcome = "other"

    with refused():
        entry.save()
    with refused():
        Entry.objects.update(outcome="other")
    with refused():
        Entry.objects.filter(number=1).update(at=timezone.now())
    with refused():
        Entry.objects.bulk_update([entry], ["outcome"])
    with refused():
        Entry.objects.bulk_create(
            [entry],
            update_conflicts=True,
            update_fields=["outcome"],
            unique_fields=["chain", "number"],
        )


def test_the_orm_cannot_delete_an_entry(two):
    with refused():
        two[1].delete()
    with refused():
        Entry.objects.all().delete()
    with refused():
        Entry.objects.all()._raw_delete("default")


@pytest.mark.parametrize("table", ["audit_entry", "audit_chain"])
def test_plain_sql_cannot_delete(two, table):
    with refused():
        sql(f"DELETE FROM {table}")  # noqa: S608


@pytest.mark.parametrize("then", ["DO UPDATE SET outcome = 'x'", "DO UPDATE SET mac = ''"])
def test_an_entry_is_not_changed_by_an_upsert(two, then):
    with refused():
        insert(Entry, then=f"ON CONFLICT (chain, number) {then}", **columns_of(two[0]))


def test_a_number_is_given_once(two):
    with refused():
        insert(Entry, **columns_of(two[0]))


@on_sqlite
@pytest.mark.parametrize("how", ["REPLACE", "INSERT OR REPLACE", "INSERT OR IGNORE"])
def test_an_entry_is_not_replaced(two, how):
    with refused():
        insert(Entry, how=how, **columns_of(two[0]))
    with refused():
        insert(Entry, how=how, **columns_of(two[0], number=99), rowid=1)
    with refused():
        insert(Chain, how=how, **columns_of(Chain.objects.get(chain=two[0].chain), length=1))


@on_sqlite
def test_an_entry_is_not_changed_by_an_update_that_replaces(two):
    with refused():
        sql("UPDATE OR REPLACE audit_entry SET number = 1 WHERE number = 2")


@on_postgresql
@pytest.mark.parametrize("table", ["audit_entry", "audit_chain"])
def test_the_audit_is_not_truncated(two, table):
    with refused():
        sql(f"TRUNCATE {table}")


@on_postgresql
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET outcome = 'x'",
        "DELETE FROM audit_entry",
        "TRUNCATE audit_entry",
        "DELETE FROM audit_chain",
    ],
)
def test_not_even_a_replica_changes_the_audit(two, statement):
    sql("SET LOCAL session_replication_role = replica")

    with refused():
        sql(statement)


def test_a_head_does_not_go_back(two):
    with refused():
        sql("UPDATE audit_chain SET length = length - 1")
    with refused():
        sql("UPDATE audit_chain SET mac = 'x'")


def test_an_entry_belongs_to_the_chain_of_its_therapist(two, bob):
    with refused():
        insert(Entry, **columns_of(two[0], number=3, therapist_id=bob.pk))
    with refused():
        insert(Entry, **columns_of(two[0], number=3, chain=0))


def test_only_a_purge_says_how_far(two):
    with refused():
        insert(Entry, **columns_of(two[0], number=3, through=1))
    with refused():
        insert(Entry, **columns_of(two[0], number=3, verb="purged"))
    with refused():
        insert(Entry, **columns_of(two[0], number=3, verb="purged", through=3))


# Races.


def at_once(*deeds) -> list[BaseException]:
    """Do everything at the same moment, in threads; return what went wrong."""
    start, wrong = Barrier(len(deeds)), []

    def run(deed) -> None:
        try:
            start.wait()
            deed()
        except BaseException as error:
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_never_fork_a_chain(alice):
    def write() -> None:
        for _ in range(5):
            Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)

    assert at_once(*[write] * 8) == []

    macs = [NOTHING, *(entry.mac for entry in entries(alice.pk))]
    assert [entry.number for entry in entries(alice.pk)] == list(range(1, 41))
    assert all(
        entry.mac == seal_of_entry(entry, former)
        for entry, former in zip(entries(alice.pk), macs, strict=False)
    )
