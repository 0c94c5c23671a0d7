"""`/metrics` for whoever watches, and errors that are told without anybody's data."""

import logging
from datetime import timedelta

import pytest
import sentry_sdk
from django.core import mail
from django.db import OperationalError
from django.utils import timezone
from sentry_sdk.transport import Transport

from practice.diary.models import Session
from practice.notifications.models import Waiting
from practice.web import errors

pytestmark = [pytest.mark.database, pytest.mark.django_db]
SECRET = "Ann Ashby has a cough"


def numbers(client, **headers: str) -> dict[str, float]:
    """Return what /metrics says, by name and labels."""
    answer = client.get("/metrics", **headers)
    assert answer.status_code == 200
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_requests_are_counted_by_route_and_never_by_address(client, as_alice, ann):
    labels = 'method="GET",route="clients/<id:client_id>/",status="200"'
    of_a_client = f"stillwater_requests_total{{{labels}}}"
    before = numbers(client).get(of_a_client, 0)

    as_alice.get(f"/clients/{ann.public_id}/")
    as_alice.get("/clients/?q=ashby")

    text = client.get("/metrics").content.decode()
    assert numbers(client)[of_a_client] == before + 1
    assert ann.public_id not in text
    assert "ashby" not in text.lower()


def test_a_method_that_nobody_knows_adds_no_series(client):
    client.generic("ASHBY", "/help/")

    assert "ASHBY" not in client.get("/metrics").content.decode()


def test_wrong_passwords_are_counted(client, alice):
    before = numbers(client)["stillwater_failed_sign_ins_total"]

    client.post("/sign-in/", {"login": alice.user.email, "password": "wrong"})

    assert numbers(client)["stillwater_failed_sign_ins_total"] == before + 1


def test_what_waits_to_be_sent_is_counted_with_its_age(client, individual, settings):
    assert numbers(client)["stillwater_outbox"] == 0
    soon, length = timezone.now() + timedelta(days=3), timedelta(minutes=50)
    Session.book(individual, starts_at=soon, length=length, by=individual.therapist.user)
    Session.objects.update(tell_at=timezone.now() - timedelta(minutes=9))

    found = numbers(client)
    assert Waiting.objects.count() == found["stillwater_outbox"] == 1
    assert 530 < found["stillwater_outbox_seconds"] < 560
    assert found["stillwater_database_up"] == 1


def test_while_the_database_is_away_it_says_that(client, monkeypatch):
    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("practice.notifications.models.Waiting.depth", away)

    assert numbers(client)["stillwater_database_up"] == 0


@pytest.mark.parametrize(
    ("token", "headers", "status"),
    [
        ("", {}, 200),
        ("", {"REMOTE_ADDR": "192.0.2.7"}, 404),
        ("", {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, 404),
        ("a-token", {}, 404),
        ("a-token", {"HTTP_AUTHORIZATION": "Bearer another"}, 404),
        ("a-token", {"HTTP_AUTHORIZATION": "Bearer é"}, 404),
        (
            "a-token",
            {"HTTP_AUTHORIZATION": "Bearer a-token", "HTTP_X_FORWARDED_FOR": "192.0.2.7"},
            200,
        ),
    ],
)
def test_who_may_read_it(client, settings, token, headers, status):
    settings.METRICS_TOKEN = token

    assert client.get("/metrics", **headers).status_code == status


# Errors.


def broken() -> None:
    raise ValueError(SECRET)


def log_an_error() -> None:
    try:
        broken()
    except ValueError:
        logging.getLogger("django.practice").exception("Failed: %s", "/clients/abcdefghij/")


@pytest.fixture
def handler(settings, monkeypatch) -> errors.MailHandler:
    """The handler of the log, which mails at once."""
    settings.ERRORS_TO = ["operator@practice.example"]
    [found] = [h for h in logging.getLogger("django").handlers if type(h).__name__ == "MailHandler"]
    monkeypatch.setattr(found, "mailed", {})
    monkeypatch.setattr(errors, "Thread", AtOnce)
    return found


class AtOnce:
    def __init__(self, target, args, name) -> None:
        self.start = lambda: target(*args)


def test_an_error_is_mailed_without_its_words(handler):
    log_an_error()

    [message] = mail.outbox
    assert message.to == ["operator@practice.example"]
    assert "builtins.ValueError" in message.body
    assert "in broken" in message.body
    assert "/clients/<id:client_id>/" in message.body
    assert SECRET not in message.body
    assert "abcdefghij" not in message.body


def test_the_same_error_is_mailed_once_and_many_are_not_all_mailed(handler):
    log_an_error()
    log_an_error()
    assert len(mail.outbox) == 1

    assert [handler.is_new(("file", line)) for line in range(errors.MOST)].count(True) == 19
    assert not handler.is_new(("file", 99))


def test_a_mail_server_that_is_away_costs_no_more_than_a_line(handler, monkeypatch, caplog):
    def away(*_: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(errors, "send_mail", away)

    log_an_error()

    assert "An error could not be mailed: ConnectionRefusedError" in caplog.messages


def test_nobody_is_mailed_where_nobody_is_named(handler, settings):
    settings.ERRORS_TO = []

    log_an_error()

    assert mail.outbox == []


class Collecting(Transport):
    """Sends nothing; keeps what would have been."""

    sent: list = []

    def capture_envelope(self, envelope) -> None:
        self.sent += [item.payload.json for item in envelope.items if item.type == "event"]


@pytest.fixture
def sentry(monkeypatch):
    monkeypatch.setattr(Collecting, "sent", [])
    errors.tell_sentry("https://public@sentry.example/1", "0.1.0", transport=Collecting)
    yield Collecting.sent
    sentry_sdk.init(default_integrations=False, auto_enabling_integrations=False)


def test_sentry_gets_an_error_without_its_words(sentry, alice, caplog):
    log_an_error()

    [event] = sentry
    [error] = event["exception"]["values"]
    assert error["type"] == "ValueError"
    assert error["stacktrace"]["frames"][-1]["function"] == "broken"
    assert SECRET not in str(event)
    assert "abcdefghij" not in str(event)
    assert {*event} <= {*errors.KEPT, "exception", "tags"}


def test_sentry_gets_no_words_of_what_is_logged_without_an_exception(sentry):
    logging.getLogger("django.request").error("It broke: %s", SECRET)

    [event] = sentry
    assert SECRET not in str(event)
    assert event["message"].startswith("django.request: ")
