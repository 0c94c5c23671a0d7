"""What the database refuses of merged records (`docs/domain.md` 2.14): by plain SQL."""

import pytest
from django.utils import timezone

from clients.models import Client
from practice.records.merging import merge
from tests.factories import ClientFactory
from tests.raw_sql import columns_of, insert, refused, set_columns

pytestmark = pytest.mark.database(each=True)


@pytest.fixture
def anna(alice) -> Client:
    return ClientFactory(therapist=alice, name="Anna Zell")


@pytest.fixture
def how(alice) -> dict:
    return {"merged_at": timezone.now(), "merged_by_id": alice.user_id}


def test_a_record_is_merged_into_one_of_the_same_therapist(ann, carl, how):
    with refused():
        set_columns(carl, merged_into_id=ann.pk, **how)


def test_so_is_one_that_is_added(ann, carl, how):
    values = columns_of(carl) | {"public_id": "bbbbbbbbbb", "merged_into_id": ann.pk} | how
    del values["id"]
    with refused():
        insert(Client, **values)


def test_it_is_merged_into_another_record(ann, how):
    with refused():
        set_columns(ann, merged_into_id=ann.pk, **how)


def test_into_one_that_there_is(ann, how):
    with refused():
        set_columns(ann, merged_into_id=99_999, **how)


@pytest.mark.parametrize("missing", ["merged_at", "merged_by_id"])
def test_merged_means_moment_and_person(ann, anna, how, missing):
    with refused():
        set_columns(anna, merged_into_id=ann.pk, **how | {missing: None})


@pytest.mark.parametrize("kept", ["merged_at", "merged_by_id"])
def test_what_is_not_merged_has_neither(ann, how, kept):
    with refused():
        set_columns(ann, **{kept: how[kept]})


def test_nothing_is_merged_into_a_record_that_is_merged(alice, ann, anna, ben, how):
    merge(anna, into=ann, by=alice.user)

    with refused():
        set_columns(ben, merged_into_id=anna.pk, **how)


def test_nor_is_a_record_that_others_are_merged_into(alice, ann, anna, ben, how):
    merge(anna, into=ann, by=alice.user)

    with refused():
        set_columns(ann, merged_into_id=ben.pk, **how)


def test_a_record_that_others_are_merged_into_stays(alice, ann, anna):
    merge(anna, into=ann, by=alice.user)

    with refused():
        Client.objects.filter(pk=ann.pk)._raw_delete(Client.objects.db)


def test_whose_record_it_is_the_database_works_out(alice, ann, anna):
    merge(anna, into=ann, by=alice.user)

    assert {*Client.objects.values_list("pk", "person_id")} == {
        (ann.pk, ann.pk),
        (anna.pk, ann.pk),
    }
