"""What the log says of an error, and what it keeps to itself."""

import io
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured, SuspiciousOperation
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import IntegrityError, OperationalError, transaction
from django.test import Client as Browser

from clients.models import Invitation
from practice.web.logging import WithoutValues
from tests.factories import UserFactory

TOKEN = "canary-token-0123456789"
JOIN, RESET = f"/invitation/{TOKEN}/", f"/password/reset/1-{TOKEN}/"
JOINED = "/invitation/<str:token>/"


@pytest.fixture
def log(monkeypatch) -> Iterator[io.StringIO]:
    """What the log of an installation says, line by line."""
    lines = io.StringIO()
    console = logging.getLogger("django").handlers[0]
    monkeypatch.setattr(console, "stream", lines)
    return lines


def logged() -> str:
    """Return what the log says of the error being handled."""
    record = logging.LogRecord("django.request", 40, "", 1, "%s", ("/x/",), sys.exc_info())
    return WithoutValues().format(record)


def test_an_error_tells_where_it_broke_and_not_with_which_words():
    name, other = "Ann Ashby", "Ben Bright"
    try:
        try:
            int(name)
        except ValueError as error:
            raise LookupError(other) from error
    except LookupError:
        told = logged()

    assert "builtins.ValueError\nwhich led to\n" in told
    assert told.endswith("builtins.LookupError")
    assert "test_logging.py" in told
    assert told.startswith("/x/")
    assert name not in told
    assert other not in told


def test_a_row_that_the_database_refuses_is_not_quoted(db):
    known = UserFactory()
    try:
        with transaction.atomic():
            UserFactory(email=known.email)
    except IntegrityError:
        told = logged()

    assert told.endswith("django.db.utils.IntegrityError")
    assert known.email not in told


def test_what_the_database_says_of_itself_is_kept_in_one_line():
    try:
        raise OperationalError("the database system is starting up\nDETAIL: something else")
    except OperationalError:
        told = logged()

    assert told.endswith("django.db.utils.OperationalError: the database system is starting up")


def test_every_line_of_the_log_passes_both(settings):
    console = settings.LOGGING["handlers"]["console"]

    assert "by_route" in console["filters"]
    assert console["formatter"] == "without_values"


def test_a_server_without_a_mail_server_does_not_write_the_mails_to_the_log():
    """Mails hold the links with which a password is chosen anew."""
    told = subprocess.run(
        [sys.executable, "-c", "from practice import settings; print(settings.EMAIL_BACKEND)"],
        env={"SECRET_KEY": "anything", "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout.strip() == "django.core.mail.backends.dummy.EmailBackend"


# Addresses.


@pytest.mark.django_db
def test_a_page_that_is_not_there_is_told_by_its_route(log, ann, as_bob):
    as_bob.get(f"/clients/{ann.public_id}/?q=Ashby")

    assert "Not Found: /clients/<id:client_id>/" in log.getvalue()
    assert ann.public_id not in log.getvalue()
    assert "Ashby" not in log.getvalue()


@pytest.mark.parametrize(
    "path",
    [
        "/Ann-Ashby/",
        f"/invitation/{TOKEN}/{TOKEN}/Ashby/",
        "/O'Ashby\" Ashby",
        "/a%20b/Ashby HTTP Ashby",
        "/%0AAshby",
        f"/password/reset/{TOKEN}/more/?next=Ashby",
    ],
)
def test_of_an_unknown_address_nothing_is_repeated(log, db, path):
    Browser().get(path)

    assert "Not Found: /…" in log.getvalue()
    assert "Ashby" not in log.getvalue()
    assert TOKEN not in log.getvalue()


def test_a_method_that_is_not_allowed(log, db):
    Browser().put(JOIN)

    assert f"Method Not Allowed (PUT): {JOINED}" in log.getvalue()
    assert TOKEN not in log.getvalue()


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "Referer checking failed - no Referer."),
        ({"Origin": "https://Ashby.example"}, "Origin checking failed - … does not match"),
        ({"Origin": "Ann Ashby does not match"}, "Origin checking failed - … does not match"),
        (
            {"Referer": f"https://Ashby.example{JOIN}?next=Ashby"},
            "Referer checking failed - … does not match",
        ),
    ],
)
def test_a_form_that_is_refused(log, db, headers, why):
    for place in (JOIN, RESET):
        Browser(enforce_csrf_checks=True).post(place, secure=True, headers=headers)

    assert log.getvalue().count(f"Forbidden ({why}") == 2
    assert TOKEN not in log.getvalue()
    assert "Ashby" not in log.getvalue()


@pytest.mark.parametrize(
    "host",
    [
        "Ashby.example",
        "Ann Ashby",
        "Ashby'.",
        "ann@Ashby.example",
        "Ashby.testserver:80",
        "Ashby\n",
    ],
)
def test_a_forged_host(log, db, host):
    Browser().get(JOIN, headers={"Host": host})

    assert "Invalid HTTP_HOST header: …" in log.getvalue()
    assert "ashby" not in log.getvalue().lower()
    assert TOKEN not in log.getvalue()


def test_a_method_that_somebody_made_up(log, db):
    Browser().generic("ASHBY", JOIN)

    assert f"Method Not Allowed (…): {JOINED}" in log.getvalue()
    assert "ASHBY" not in log.getvalue()


def test_the_name_of_this_service_may_stand_there(log, settings):
    settings.ALLOWED_HOSTS = ["practice.example", ".praxis.example"]
    for host in ("practice.example", "www.praxis.example:8443", "ashby.example"):
        logging.getLogger("some.library").warning("Moved to https://%s/clients/", host)

    assert "https://practice.example/clients/" in log.getvalue()
    assert "https://www.praxis.example:8443/clients/" in log.getvalue()
    assert "https://…/clients/" in log.getvalue()


def test_what_django_holds_for_suspicious(log, db, monkeypatch):
    def suspect(*_: str) -> None:
        raise SuspiciousOperation(f"Nobody asks for {JOIN}")

    monkeypatch.setattr(Invitation, "open", suspect)
    Browser().get(JOIN)

    assert f"Nobody asks for {JOINED}" in log.getvalue()
    assert TOKEN not in log.getvalue()


def test_a_page_that_breaks(log, db, monkeypatch):
    def break_down(token: str, proof: str) -> None:
        raise LookupError(token)

    monkeypatch.setattr(Invitation, "open", break_down)
    Browser(raise_request_exception=False).get(JOIN)

    assert f"Internal Server Error: {JOINED}" in log.getvalue()
    assert "builtins.LookupError" in log.getvalue()
    assert TOKEN not in log.getvalue()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (f"GET {JOIN}?q=Ashby HTTP/1.1", f'"GET {JOINED} HTTP/1.1" 404 -'),
        (f"GET /invitation/{TOKEN.replace('-', '%2D')}/ HTTP/1.1", f'"GET {JOINED} HTTP/1.1"'),
        (f"GET {JOIN}{TOKEN}/ HTTP/1.1", '"GET /invitation/<str:token>/<str:proof>/ HTTP/1.1" 404'),
        (f"POST {RESET} HTTP/1.1", '"POST /password/reset/(?P<uidb36>'),
        (f"GET https://practice.example{JOIN} HTTP/1.0", f"https://…{JOINED} HTTP/1.0"),
        ("GET /Ashby/x.php?y=Ashby HTTP/1.1", '"GET /… HTTP/1.1" 404 -'),
        ("GET http://evil.example?Ashby/ HTTP/1.1", "http://…/… HTTP/1.1"),
        ("GET //Ashby HTTP/1.1", '"GET /… HTTP/1.1" 404 -'),
        ("GET /static/app.js?Ashby HTTP/1.1", '"GET /static/… HTTP/1.1" 404 -'),
    ],
)
def test_the_development_servers_line_for_a_request(log, line, told):
    server = object.__new__(WSGIRequestHandler)
    server.requestline, server.request = line, None

    server.log_request(404)

    assert told in log.getvalue()
    for secret in (TOKEN, TOKEN.replace("-", "%2D"), "Ashby"):
        assert secret not in log.getvalue()


def test_whoever_else_writes_to_the_log_passes_the_same(log):
    address = "ann@mail.example"
    try:
        raise ValueError(address)
    except ValueError:
        logging.getLogger("some.library").exception("Nobody is at %s", JOIN)

    assert f"Nobody is at {JOINED}" in log.getvalue()
    assert TOKEN not in log.getvalue()
    assert address not in log.getvalue()


def test_what_has_only_a_slash_in_it_stays(log):
    logging.getLogger("some.library").warning("%s is not in TCP/IP, RFC 1034/1035", "mfa/email/x")
    logging.getLogger("django.utils.autoreload").info("%s changed, reloading.", "/practice/x.py")

    assert "mfa/email/x is not in TCP/IP, RFC 1034/1035" in log.getvalue()
    assert "/practice/x.py changed, reloading." in log.getvalue()


# Lines.


LINE = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING|ERROR) ([0-9a-f]{16}|-) \S.*")


def lines_of(log: io.StringIO) -> list[re.Match]:
    """Return the lines of the log, each with its level and the id of its request."""
    found = [LINE.fullmatch(line) for line in log.getvalue().splitlines()]
    assert None not in found, log.getvalue()
    return found


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/nowhere/", {}),
        ("/sign-in/", {"Host": "elsewhere.example"}),
        ("/.well-known/security.txt", {}),
    ],
)
def test_what_somebody_asked_for_in_vain_is_one_line_with_time_level_and_id(
    log, db, settings, path, headers
):
    settings.SECURITY_CONTACT = ""
    Browser().get(path, headers=headers)

    [line] = lines_of(log)
    assert line[2] != "-"


def test_every_line_of_a_request_has_its_id_and_no_other_has_it(log, db, monkeypatch):
    def tell(*_: object) -> None:
        logging.getLogger("django.practice").warning("Something about it.")
        raise Invitation.Unusable

    monkeypatch.setattr(Invitation, "open", tell)
    for _ in range(2):
        Browser().get(JOIN)
    logging.getLogger("django.practice").warning("Something else.")

    first, gone, second, gone_too, other = [line[2] for line in lines_of(log)]
    assert first == gone != second == gone_too
    assert other == "-"


def test_what_an_operator_has_to_set_is_kept():
    try:
        raise ImproperlyConfigured("Set AUDIT_KEY.")
    except ImproperlyConfigured:
        assert logged().endswith("django.core.exceptions.ImproperlyConfigured: Set AUDIT_KEY.")
