"""What a test has committed is gone after it, and the rules of the database are not."""

import pytest
from django.apps import apps
from django.db import DatabaseError, models, transaction
from django.test import TransactionTestCase

from practice.audit.models import Entry
from relationships.models import Event
from tests.conftest import browser_of
from tests.factories import ClientFactory, start
from tests.raw_sql import sql

pytestmark = pytest.mark.django_db(transaction=True)
BY_MIGRATIONS = {"auth.Permission", "contenttypes.ContentType"}


def tables_with_rows() -> set[str]:
    return {model._meta.label for model in apps.get_models() if model._base_manager.exists()}


def put_back() -> None:
    TransactionTestCase._fixture_teardown(None)


def test_what_was_committed_is_gone_and_so_are_history_and_audit(alice, couples):
    couples.end(by=alice.user, reason="completed")
    browser_of(alice.user).get("/clients/")
    assert {"audit.Entry", "relationships.Event", "accounts.BrowserSession"} <= tables_with_rows()

    put_back()

    assert tables_with_rows() == BY_MIGRATIONS


@pytest.mark.parametrize("model", [Entry, Event])
def test_what_the_database_refuses_it_refuses_again(model: type[models.Model]):
    put_back()
    start(ClientFactory())

    with pytest.raises(DatabaseError), transaction.atomic():
        sql(f"DELETE FROM {model._meta.db_table}")  # noqa: S608
