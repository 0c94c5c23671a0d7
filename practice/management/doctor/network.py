"""What is reached by the network: the mail server, and the service as people reach it."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import get_connection
from django.utils import timezone

from practice.management.doctor.findings import Finding, advice, good, wrong
from practice.management.mail_failures import in_words

PATIENCE = 10  # seconds
SOON = timedelta(days=14)  # that a certificate runs out


def mail() -> Iterator[Finding]:
    """Whether the mail server lets us in. No mail is sent."""
    if not settings.EMAIL_HOST:
        yield advice("EMAIL_HOST is not set: no mail is sent, and you hand over every link.")
        return
    try:
        with get_connection():
            yield good(
                f"The mail server {settings.EMAIL_HOST} lets us in. Whether it takes a message, "
                "send_test_mail tells."
            )
    except OSError as error:
        yield wrong(in_words(error))


def service() -> Iterator[Finding]:
    """Whether the service is ready at its address, and for how long its certificate is good."""
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme != "https" or not parts.hostname:
        return  # the settings say so
    web = HTTPSConnection(
        parts.hostname, parts.port, timeout=PATIENCE, context=ssl.create_default_context()
    )
    try:
        web.connect()
        yield from _certificate(web.sock)
        web.request("GET", "/readyz")
        answer = web.getresponse()
        said = answer.read(200).decode(errors="replace").strip()
    except (OSError, HTTPException) as error:
        yield wrong(f"{settings.SITE_URL} cannot be reached from here: {error}")
        return
    finally:
        web.close()
    if answer.status != 200:
        yield wrong(f"{settings.SITE_URL}/readyz answers {answer.status}: {said or 'nothing'}")
    elif not answer.getheader("Strict-Transport-Security"):
        yield wrong("The server in front takes away what keeps browsers to https (HSTS).")
    else:
        yield good(f"{settings.SITE_URL} is ready.")


def _certificate(web: socket.socket) -> Iterator[Finding]:
    certificate = web.getpeercert() if isinstance(web, ssl.SSLSocket) else None
    ends = str(certificate.get("notAfter", "")) if certificate else ""
    if not ends:
        return
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
    said = f"The certificate is good until {until:%Y-%m-%d}."
    yield wrong(said) if until < timezone.now() + SOON else good(said)
