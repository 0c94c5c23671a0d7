"""For whoever watches over the service, and what browsers and robots ask for unasked."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

from practice.version import PROJECT
from tests.factories import UserFactory
from tests.pressing import Browser
from tests.reading import read

pytestmark = [pytest.mark.database, pytest.mark.django_db]
RUN_MIGRATE = "the tables are not those of this version: run manage.py migrate"


@pytest.mark.django_db(transaction=True)
def test_whether_it_is_alive_is_no_question_to_the_database(client, django_assert_num_queries):
    client.force_login(UserFactory())

    with django_assert_num_queries(0):
        assert client.get("/livez").status_code == 200


def test_it_is_alive_and_ready(client):
    assert client.get("/livez").content == b"ok\n"
    assert client.get("/readyz").content == b"ok\n"


def test_it_is_not_ready_before_the_tables_are_those_of_this_version(client, caplog):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'relationships'")

    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.content.decode() == f"not ready: {RUN_MIGRATE}\n"
    assert f"Not ready: {RUN_MIGRATE}" in caplog.messages


def test_an_empty_database_is_not_ready_either(client, caplog):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME TO elsewhere")

    assert client.get("/readyz").content.decode() == f"not ready: {RUN_MIGRATE}\n"


def test_why_the_database_does_not_answer_is_for_the_log_alone(client, caplog, monkeypatch):
    def away(*_: object) -> None:
        raise OperationalError("connection to 192.0.2.7 refused\nDETAIL: more")

    monkeypatch.setattr("practice.database.state.MigrationExecutor", away)

    assert client.get("/readyz").content == b"not ready\n"
    said = "Not ready: the database does not answer: connection to 192.0.2.7 refused"
    assert said in caplog.messages


def test_a_role_that_no_policy_binds_is_named_in_the_log_alone(
    client, caplog, settings, monkeypatch
):
    def refuse() -> None:
        raise ImproperlyConfigured("Let DATABASE_URL name another role.")

    monkeypatch.setattr("practice.site.health.refuse_powerful_role", refuse)
    settings.PRODUCTION = True

    assert client.get("/readyz").content == b"not ready\n"
    assert "Not ready: Let DATABASE_URL name another role." in caplog.messages


def test_whom_to_tell_of_a_weakness(client, settings):
    settings.SECURITY_CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404

    settings.SECURITY_CONTACT = "mailto:security@practice.example"
    lines = client.get("/.well-known/security.txt").content.decode().splitlines()

    assert lines[0] == "Contact: mailto:security@practice.example"
    expires = datetime.fromisoformat(lines[1].removeprefix("Expires: "))
    assert expires > datetime.now(UTC) + timedelta(days=30)


@pytest.mark.parametrize(
    ("path", "kind"), [("/robots.txt", "text/plain"), ("/favicon.ico", "image/x-icon")]
)
def test_what_is_asked_for_unasked_is_there_without_a_question_to_the_database(
    client, django_assert_num_queries, path, kind
):
    with django_assert_num_queries(0):
        answer = client.get(path)

    assert answer.status_code == 200
    assert answer["Content-Type"].partition(";")[0] in (kind, "image/vnd.microsoft.icon")
    answer.close()


def test_robots_are_let_in_nowhere(client):
    answer = client.get("/robots.txt")

    assert answer.getvalue() == b"User-agent: *\nDisallow: /\n"


def test_therapists_read_the_version_at_the_foot_of_the_page(as_alice, as_ann):
    version = (PROJECT.read_text()).partition('version = "')[2].partition('"')[0]

    assert f"Stillwater {version}" in read(as_alice.get("/account/")).source
    for browser in (as_ann, Browser()):
        assert version not in read(browser.get("/help/")).source
