"""Very many rows at once: made first, written in one go."""

from datetime import UTC, date, datetime

import pytest

from clients.models import Client
from practice.database import bulk
from practice.imports.models import ImportedNote
from tests.factories import ClientFactory

pytestmark = pytest.mark.django_db

LEAP_DAY, ADDED = date(1988, 2, 29), datetime(2024, 10, 27, 0, 59, 59, 999_999, tzinfo=UTC)


def test_ids_that_were_reserved_are_given_to_nobody_else(alice):
    before = ClientFactory(therapist=alice)
    reserved = bulk.reserve_ids(Client, 3)
    after = ClientFactory(therapist=alice)

    ids = [before.pk, *reserved, *bulk.reserve_ids(Client, 2), after.pk]

    assert len(set(ids)) == 7
    assert min(reserved) > before.pk
    assert after.pk > max(reserved)


def test_of_a_table_that_never_had_a_row_ids_are_reserved_too(db):
    first, second = (bulk.reserve_ids(ImportedNote, 2) for _ in range(2))

    assert len({*first, *second}) == 4
    assert list(bulk.reserve_ids(ImportedNote, 0)) == []


def test_rows_wait_in_their_order_and_are_then_what_they_were(alice, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    pks = bulk.reserve_ids(Client, 3)
    names = ["Síle O’Neill", '100% \\ "quoted"\n\'', "Ben"]
    with bulk.Rows() as rows:
        rows.add(
            Client(id=pk, therapist=alice, name=name, date_of_birth=LEAP_DAY, added_at=ADDED)
            for pk, name in zip(pks, names, strict=True)
        )
        rows.add([])
        assert not Client.objects.exists()
        written = list(rows.write())

    assert sum(number for _, number in written) == 3
    assert {table for table, _ in written} == {"clients_client"}
    clients = list(Client.objects.order_by("pk"))
    assert [(c.pk, c.name) for c in clients] == list(zip(pks, names, strict=True))
    assert {(c.date_of_birth, c.added_at, c.person_id == c.pk) for c in clients} == {
        (LEAP_DAY, ADDED, True)
    }
    assert Client.objects.search("o'neill sile").exists()
    assert all(c.public_id for c in clients)


def test_rows_that_wait_are_in_no_folder(alice, settings):
    before = set(settings.DATA_DIR.iterdir())
    with bulk.Rows() as rows:
        rows.add([Client(therapist=alice, name="Carl")])
        assert set(settings.DATA_DIR.iterdir()) == before


def test_rows_without_ids_are_given_one(alice):
    bulk.insert(Client(therapist=alice, name=name) for name in ("Ann", "Ben"))

    ann, ben = Client.objects.order_by("name")
    assert ann.pk != ben.pk
