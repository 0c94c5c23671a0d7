"""Mail goes when what it tells has been committed, and nobody waits for it."""

import smtplib
from functools import partial

import pytest
from django.core import mail
from django.db import connection, transaction

from practice.accounts import after_response
from practice.accounts.after_response import run_after_response
from practice.accounts.models import User
from tests.accounts.second_factor import SECURITY, add_app
from tests.commits import Postbox, depth

LETTER = mail.EmailMessage("Hello", "Hello.", to=["ann@mail.example"])


@pytest.fixture
def in_a_request(db, monkeypatch):
    monkeypatch.setattr(Postbox, "depth_of_the_test", depth())


def test_a_mail_inside_a_transaction_is_noticed(in_a_request):
    with pytest.raises(AssertionError, match="inside a transaction"), transaction.atomic():
        LETTER.send()

    LETTER.send()
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_what_comes_later_waits_for_the_commit():
    with transaction.atomic():
        run_after_response("greeting", LETTER.send)
        assert mail.outbox == []

    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_told():
    with pytest.raises(ZeroDivisionError), transaction.atomic():  # noqa: PT012
        run_after_response("greeting", LETTER.send)
        1 / 0  # noqa: B018

    assert mail.outbox == []


@pytest.mark.django_db(transaction=True)
def test_what_comes_up_meanwhile_is_part_of_it(caplog):
    """So a failure is told under one name, and a server that ends waits for one thread."""

    def fails() -> None:
        raise smtplib.SMTPServerDisconnected

    run_after_response("all of it", partial(run_after_response, "a part of it", fails))

    assert "Failed: all of it" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_no_connection_is_held_while_a_mail_is_sent():
    """A pool has few, and a mail server may be slow: others would wait for it in vain."""
    held = []

    def look_up_and_send() -> None:
        assert not User.objects.exists()
        run_after_response("a letter", lambda: held.append(connection.connection))

    run_after_response("all of it", look_up_and_send)

    assert held == [None]


def test_who_changes_a_way_into_their_account_does_not_wait_for_the_mail(as_alice, monkeypatch):
    begun = []

    class Waiting:
        def __init__(self, _: float, *work: object) -> None:
            begun.append(work)

        def start(self) -> None:
            pass

    monkeypatch.setattr(after_response, "Timer", Waiting)
    add_app(as_alice)
    as_alice.post(f"{SECURITY}app/remove/")

    assert mail.outbox == []
    assert len(begun) == 2  # that the app has come, and that it has gone
