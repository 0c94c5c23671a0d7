"""For whoever watches over the service."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from tests.factories import UserFactory

pytestmark = pytest.mark.database

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_whether_it_is_alive_is_no_question_to_the_database(client, django_assert_num_queries):
    client.force_login(UserFactory())

    with django_assert_num_queries(0):
        assert client.get("/livez").status_code == 200


def test_it_is_alive_and_ready(client):
    assert client.get("/livez").content == b"ok\n"
    assert client.get("/readyz").content == b"ok\n"


def test_it_is_not_ready_before_the_tables_are_those_of_this_version(client):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'relationships'")

    answer = client.get("/readyz")

    assert (answer.status_code, answer.content) == (503, b"not ready\n")


def test_whom_to_tell_of_a_weakness(client, settings):
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404

    settings.SECURITY_CONTACT = "mailto:security@practice.example"
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()

    assert lines[0] == "Contact: mailto:security@practice.example"
    expires = datetime.fromisoformat(lines[1].removeprefix("Expires: "))
    assert expires > datetime.now(UTC) + timedelta(days=30)
