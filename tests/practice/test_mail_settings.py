"""A mail server of one's own: `send_test_mail` and doctor say in words what it did."""

import socket
import time
from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from practice.management.doctor import network
from practice.management.doctor.findings import Level
from tests.harness.installation import free_port
from tests.smtp_server import HOST, Inbox, make_certificate, smtp_server

TO = "ann@mail.example"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def trusted(certificate, monkeypatch):
    """A certificate that this machine trusts, as OpenSSL is told that it does."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    return certificate


@pytest.fixture
def mail_by(settings) -> Callable[..., None]:
    """Set what EMAIL_TLS and its like say in `practice.settings`."""

    def configure(port: int, tls: str = "none", password: str = "") -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, port
        settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = tls == "starttls", tls == "implicit"
        settings.EMAIL_HOST_USER = "stillwater" if password else ""
        settings.EMAIL_HOST_PASSWORD = password
        settings.EMAIL_TIMEOUT = 10
        settings.DEFAULT_FROM_EMAIL = "Stillwater <post@practice.example>"

    return configure


def send(address: str = TO) -> str:
    """Return what the command says, whether it succeeded or not."""
    said = StringIO()
    try:
        call_command("send_test_mail", address, stdout=said)
    except CommandError as error:
        return f"Failed: {error}"
    return said.getvalue()


@pytest.mark.parametrize("tls", ["none", "starttls", "implicit"])
def test_a_message_is_taken_by_each_way_of_tls(inbox, trusted, mail_by, tls):
    given = None if tls == "none" else trusted
    with smtp_server(inbox, tls=tls, certificate=given, password="deep water") as port:
        mail_by(port, tls, password="deep water")
        said = send()
        [finding] = network.mail()

    [message] = inbox.messages
    assert said.startswith(f"{HOST} has taken the message for {TO}. ")
    assert (message["To"], message["From"]) == (TO, "Stillwater <post@practice.example>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert finding.level is Level.GOOD


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(inbox, certificate, mail_by, tls):
    with smtp_server(inbox, tls=tls, certificate=certificate) as port:
        mail_by(port, tls)
        said = send()
        [finding] = network.mail()

    assert said.startswith(f"Failed: The certificate of {HOST}, port {port}, is not to be trusted")
    assert finding.level is Level.WRONG
    assert f"Failed: {finding.text}" == said
    assert inbox.messages == []


def test_a_certificate_of_another_host_is_not_trusted(inbox, tmp_path, mail_by, monkeypatch):
    other = make_certificate(tmp_path, "127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    with smtp_server(inbox, tls="starttls", certificate=other) as port:
        mail_by(port, "starttls")
        said = send()

    assert "is not to be trusted: IP address mismatch" in said
    assert inbox.messages == []


def test_a_wrong_password_is_said_and_nobody_reads_it_again(inbox, trusted, mail_by):
    with smtp_server(inbox, tls="starttls", certificate=trusted, password="right") as port:
        mail_by(port, "starttls", password="wrong water")
        said = send()

    assert "refuses EMAIL_HOST_USER and EMAIL_HOST_PASSWORD: 535" in said
    assert "wrong water" not in said


def test_a_receiver_whom_the_server_refuses_is_named_with_its_reason(inbox, mail_by):
    inbox.refused[TO] = "550 5.1.1 no such mailbox"
    with smtp_server(inbox) as port:
        mail_by(port)
        said = send()

    assert said == f"Failed: {HOST} refuses the receiver: {TO}: 550 5.1.1 no such mailbox"


def test_a_message_that_the_server_refuses_after_reading_it(inbox, mail_by):
    inbox.after_data = "554 5.7.1 looks like spam"
    with smtp_server(inbox) as port:
        mail_by(port)
        said = send()

    assert said == f"Failed: {HOST} refuses the message: 554 5.7.1 looks like spam"


def test_a_server_without_starttls_gets_no_message_in_the_clear(inbox, mail_by):
    with smtp_server(inbox) as port:
        mail_by(port, "starttls")
        said = send()

    assert said.startswith(f"Failed: {HOST} has no STARTTLS: set EMAIL_TLS=implicit")
    assert inbox.messages == []


def test_a_server_that_does_not_begin_with_tls(inbox, mail_by):
    with smtp_server(inbox) as port:
        mail_by(port, "implicit")
        said = send()

    assert "does not speak TLS as it is asked to" in said
    assert "set EMAIL_TLS=starttls" in said


def test_a_server_that_asks_for_no_password(inbox, mail_by):
    with smtp_server(inbox) as port:
        mail_by(port, password="given all the same")
        said = send()

    assert said == f"Failed: {HOST} asks nobody for a password: unset EMAIL_HOST_USER."


def test_nothing_listens(mail_by):
    port = free_port()
    mail_by(port)

    assert send() == (
        f"Failed: Nothing listens at {HOST}, port {port}: look at EMAIL_HOST and EMAIL_PORT."
    )


def test_a_server_that_says_nothing_is_not_waited_for_longer_than_was_set(mail_by, settings):
    with socket.create_server((HOST, 0)) as silent:
        mail_by(silent.getsockname()[1])
        settings.EMAIL_TIMEOUT = 0.2
        began = time.monotonic()
        said = send()

    assert time.monotonic() - began < 5
    assert "did not answer within 0.2 seconds" in said
    assert "EMAIL_TLS=implicit" in said


def test_a_host_that_nobody_knows(mail_by, settings):
    mail_by(25)
    settings.EMAIL_HOST = "mail.invalid"

    assert send() == "Failed: Nobody knows a machine mail.invalid: look at EMAIL_HOST."


def test_without_a_mail_server_nothing_is_sent(settings):
    settings.EMAIL_HOST = ""

    assert send() == "Failed: EMAIL_HOST is not set: no mail is sent."


def test_without_a_sender_nothing_is_sent(inbox, mail_by, settings):
    with smtp_server(inbox) as port:
        mail_by(port)
        settings.DEFAULT_FROM_EMAIL = "no-reply@localhost"
        said = send()

    assert said == "Failed: Set DEFAULT_FROM_EMAIL to an address that you may send from."
    assert inbox.messages == []


@pytest.mark.parametrize("address", ["ann", "ann@", "ann@mail.example\nBcc: ben@mail.example"])
def test_what_is_no_address_is_refused(mail_by, address):
    mail_by(free_port())

    assert send(address) == f"Failed: {address} is not an email address."
