"""What an entry says, its place in a chain without gaps, and that nothing can be changed."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import ProgrammingError, transaction
from django.utils import timezone

from practice.accounts.access import Role
from practice.audit.chaining import AT_ONCE, chain_everything
from practice.audit.models import Chain, Entry, Unchained, Verb
from practice.audit.sealing import NOTHING, seal, seal_of_entry, seal_of_head, seal_of_place
from practice.web.logging import REQUEST_ID, WithRequestId
from tests.application_role import application
from tests.audit.entries import at_once, columns_of, new_columns_of, record
from tests.raw_sql import insert, on_postgresql, on_sqlite, refused, sql


def entries(chain: int) -> list[Entry]:
    """Return what has a place in a chain, in order."""
    return list(Entry.objects.filter(chain=chain, number__isnull=False).order_by("number"))


@pytest.fixture
def fresh(alice) -> Entry:
    """An entry that is in no chain yet."""
    record(alice)
    return Entry.objects.get(number=None)


@pytest.fixture
def two(alice) -> tuple[Entry, ...]:
    """Two entries of Alice's chain."""
    for verb in (Verb.CLIENT_ADDED, Verb.CLIENT_OPENED):
        Entry.record(verb, by=alice.user, therapist=alice, about="client:bcdfghjkmn")
    chain_everything()
    return tuple(entries(alice.pk))


# What an entry says.


def test_an_entry_says_who_did_what_about_what_and_when(alice):
    before = timezone.now()

    Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice, about="client:bcdfghjkmn")

    entry = Entry.objects.get()
    assert (entry.therapist, entry.by, entry.role) == (alice, alice.user_id, "therapist")
    assert (entry.verb, entry.about, entry.outcome) == (
        "client_opened",
        "client:bcdfghjkmn",
        "done",
    )
    assert before <= entry.at <= timezone.now()


def test_an_entry_is_sealed_at_once_and_has_no_place_yet(fresh):
    assert fresh.seal == seal_of_entry(fresh)
    assert (fresh.number, fresh.mac) == (None, "")
    assert fresh.place == f"unchained entry {fresh.pk}"


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
    record(alice)
    chain_everything()

    assert [entry.number for entry in entries(alice.pk)] == [1, 2, 3]


def test_recording_costs_one_query(alice, two, django_assert_num_queries):
    with django_assert_num_queries(1):
        Entry.record(Verb.CLIENT_OPENED, by=alice.user, therapist=alice)


# Chaining.


def test_every_practice_has_a_chain_and_the_installation_its_own(alice, bob, two):
    Entry.record(Verb.CLIENT_OPENED, by=bob.user, therapist=bob.pk)
    Entry.record(Verb.SIGN_IN_FAILED, by=None, therapist=None)

    assert chain_everything() == 2

    (theirs,), (nobodys,) = entries(bob.pk), entries(0)
    assert [e.number for e in entries(alice.pk)] == [1, 2]
    assert (theirs.number, theirs.place) == (1, "entry 1")
    assert (nobodys.number, nobodys.therapist) == (1, None)


def test_each_place_is_sealed_together_with_the_one_before(alice, two):
    first, second = entries(alice.pk)

    assert first.mac == seal_of_place(NOTHING, 1, first.seal)
    assert second.mac == seal_of_place(first.mac, 2, second.seal)


def test_the_head_knows_the_length_and_the_last_seal(alice, two):
    head = Chain.objects.get(chain=alice.pk)

    assert (head.length, head.mac) == (2, two[-1].mac)
    assert head.head_mac == seal_of_head(head)


def test_places_follow_the_order_of_writing(alice, two):
    record(alice, 3)

    assert chain_everything() == 3
    assert chain_everything() == 0

    assert [entry.number for entry in entries(alice.pk)] == [1, 2, 3, 4, 5]
    assert [e.pk for e in entries(alice.pk)] == sorted(e.pk for e in entries(alice.pk))


def test_a_chain_is_locked_for_a_bounded_number_of_entries_at_once(
    alice, monkeypatch, django_assert_num_queries
):
    record(alice, 5)
    monkeypatch.setattr("practice.audit.chaining.AT_ONCE", 2)

    assert AT_ONCE == 500
    assert chain_everything() == 5
    assert [entry.number for entry in entries(alice.pk)] == [1, 2, 3, 4, 5]


def test_a_chain_that_cannot_grow_keeps_no_other_from_growing(alice, bob, two, caplog):
    record(alice, 2)
    record(bob)
    first = Unchained.objects.filter(chain=alice.pk).first()
    Unchained.objects.filter(pk=first.pk).update(number=3, mac="x")  # by somebody who tampers

    assert chain_everything() == 1

    assert [entry.number for entry in entries(bob.pk)] == [1]
    assert f"Chain {alice.pk} cannot grow" in caplog.text


@on_postgresql
def test_the_servers_role_can_chain_and_neither_read_nor_change_entries(alice, fresh):
    with application():
        assert not Entry.objects.exists()
        for statement in (
            "UPDATE audit_unchained SET seal = 'x'",
            "DELETE FROM audit_unchained",
            "UPDATE audit_entry SET number = 1, mac = 'x'",
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                sql(statement)
        assert set(Unchained.objects.values_list("seal", flat=True)) == {fresh.seal}
        assert chain_everything() == 1

    assert [entry.number for entry in entries(alice.pk)] == [1]


# The id of a request.


def test_what_one_request_writes_has_one_id(as_alice, alice, client):
    client.get("/")

    assert REQUEST_ID.get() == ""
    assert Entry.record(Verb.EXPORTED, by=alice.user, therapist=alice).request_id == ""


def test_the_id_of_a_request_stands_in_the_log():
    line = logging.makeLogRecord({"msg": "x"})

    WithRequestId().filter(line)

    assert line.request_id == "-"


# Tampering.


def test_an_entry_is_not_changed(two, fresh):
    for column in columns_of(fresh):
        with refused():
            sql(f"UPDATE audit_entry SET {column} = {column}")  # noqa: S608


def test_an_entry_that_is_chained_takes_nothing_else_along(fresh):
    for column in columns_of(fresh).keys() - {"number", "mac", "therapist_id", "chain"}:
        with refused():
            changed = "'2001-01-01'" if column == "at" else "'987'"
            sql(f"UPDATE audit_entry SET number = 1, mac = 'x', {column} = {changed}")  # noqa: S608
    with refused():
        sql("UPDATE audit_entry SET number = 1, mac = 'x', chain = 0, therapist_id = NULL")


def test_an_entry_has_a_number_and_a_seal_of_it_or_neither(fresh):
    with refused():
        sql("UPDATE audit_entry SET number = 1")
    with refused():
        sql("UPDATE audit_entry SET mac = 'x'")


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
            unique_fields=["id"],
        )


def test_the_orm_cannot_delete_an_entry(two, alice):
    record(alice)
    with refused():
        two[1].delete()
    with refused():
        Entry.objects.filter(number=None).delete()
    with refused():
        Entry.objects.all()._raw_delete("default")


@pytest.mark.parametrize("table", ["audit_entry", "audit_chain"])
def test_plain_sql_cannot_delete(two, table):
    with refused():
        sql(f"DELETE FROM {table}")  # noqa: S608


@pytest.mark.parametrize("then", ["DO UPDATE SET outcome = 'x'", "DO UPDATE SET mac = ''"])
@pytest.mark.parametrize("key", ["id", "writer, writer_number"])
def test_an_entry_is_not_changed_by_an_upsert(two, key, then):
    same = columns_of(two[0], number=None, mac="")
    with refused():
        insert(Entry, then=f"ON CONFLICT ({key}) {then}", **same)


def test_an_entry_begins_without_a_place(two):
    with refused():
        insert(Entry, **new_columns_of(two[0], number=3, mac="x"))


def test_a_number_is_given_once(two, alice):
    record(alice)
    with refused():
        sql("UPDATE audit_entry SET number = 2, mac = 'x' WHERE number IS NULL")
    with refused():
        insert(Entry, **columns_of(two[0], number=None, mac=""))
    with refused():
        insert(Entry, **new_columns_of(two[0], writer_number=two[0].writer_number))


@on_sqlite
@pytest.mark.parametrize("how", ["REPLACE", "INSERT OR REPLACE", "INSERT OR IGNORE"])
def test_an_entry_is_not_replaced(two, how):
    with refused():
        insert(Entry, how=how, **new_columns_of(two[0], id=two[0].pk))
    with refused():
        insert(Entry, how=how, **new_columns_of(two[0], writer_number=two[0].writer_number))
    with refused():
        insert(Chain, how=how, **columns_of(Chain.objects.get(chain=two[0].chain), length=1))


@on_sqlite
@pytest.mark.parametrize("table", ["audit_entry", "audit_unchained"])
def test_an_entry_is_not_changed_by_an_update_that_replaces(two, alice, table):
    record(alice)
    with refused():
        sql(f"UPDATE OR REPLACE {table} SET number = 1, mac = 'x' WHERE number IS NULL")  # noqa: S608


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
        insert(Entry, **new_columns_of(two[0], therapist_id=bob.pk))
    with refused():
        insert(Entry, **new_columns_of(two[0], chain=0))


def test_only_a_purge_says_how_far(two):
    with refused():
        insert(Entry, **new_columns_of(two[0], through=1))
    with refused():
        insert(Entry, **new_columns_of(two[0], verb="purged"))
    insert(Entry, **new_columns_of(two[0], verb="purged", through=3))
    assert chain_everything() == 0  # it would be the third itself


def test_a_purge_that_is_in_no_chain_lets_nothing_go(two):
    insert(Entry, **new_columns_of(two[0], verb="purged", through=2))

    with refused():
        sql("DELETE FROM audit_entry WHERE number = 1")


# Races.


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_never_fork_a_chain(alice):
    """Half of them write, and all of them chain."""

    def write() -> None:
        for _ in range(5):
            record(alice)
            chain_everything()

    assert at_once(*[write] * 4, *[chain_everything] * 4) == []
    chain_everything()

    macs = [NOTHING, *(entry.mac for entry in entries(alice.pk))]
    assert [entry.number for entry in entries(alice.pk)] == list(range(1, 21))
    assert all(
        entry.mac == seal_of_place(former, entry.number, entry.seal)
        for entry, former in zip(entries(alice.pk), macs, strict=False)
    )


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_who_finds_a_chain_locked_goes_on_and_chains_the_others(alice, bob):
    record(alice)
    record(bob)
    Chain.begin(alice.pk)
    chained = []

    with transaction.atomic():
        Chain.lock(alice.pk)
        assert at_once(lambda: chained.append(chain_everything())) == []

    assert chained == [1]
    assert Unchained.objects.get().chain == alice.pk


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_writing_waits_for_nobody(alice):
    """Not for who has the chain, nor for who has written and not finished yet."""
    Chain.begin(alice.pk)
    with transaction.atomic():
        assert Chain.lock(alice.pk)
        record(alice)
        assert at_once(lambda: record(alice, 3)) == []

    assert Entry.objects.count() == 4
