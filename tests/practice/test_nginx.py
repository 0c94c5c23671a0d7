"""nginx as `deploy/nginx.conf` says, before gunicorn: TLS, headers, limits, what its log keeps."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from practice.management.doctor import network
from tests.harness.installation import until
from tests.practice.serving import SAFE, Nginx, find_nginx, gunicorn
from tests.practice.source import ROOT

pytestmark = pytest.mark.skipif(
    not (find_nginx() and shutil.which("openssl")), reason="nginx or openssl is not here"
)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory) -> Iterator[Nginx]:
    folder: Path = tmp_path_factory.mktemp("service")
    migrated = SAFE | {"DATA_DIR": str(folder)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(command, cwd=ROOT, env=migrated, check=True)
    with gunicorn(folder) as app:
        server = Nginx(folder, app)
        with server.serve():
            yield server


def test_people_are_led_to_https(nginx):
    web = HTTPConnection("127.0.0.1", nginx.plain_port, timeout=10)
    web.request("GET", "/sign-in/?next=/clients/", headers={"Host": "localhost"})
    answer = web.getresponse()
    web.close()

    assert answer.status == 301
    assert answer.headers["Location"] == "https://localhost/sign-in/?next=/clients/"


def test_pages_come_with_their_headers_and_say_nothing_of_the_server(nginx):
    answer = nginx.ask("GET", "/sign-in/")

    assert answer.status == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Server"] == "nginx"
    assert "__Host-csrf=" in answer.headers["Set-Cookie"]


def test_a_form_of_the_page_is_ours_on_any_port(nginx):
    """An `Origin` with a port, as the browser sends it, is what the proxy passes on as `Host`."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    page = nginx.ask("GET", "/sign-in/")
    cookie = page.headers["Set-Cookie"].partition(";")[0]
    token = cookie.partition("=")[2]
    body = f"csrfmiddlewaretoken={token}&login=x%40mail.example&password=y".encode()

    def send(origin: str) -> int:
        return nginx.ask("POST", "/sign-in/", body, Cookie=cookie, Origin=origin, **form).status

    assert send(f"https://localhost:{nginx.port}") == 422  # a wrong password, and no other fault
    assert send("https://localhost:1") == 403


@pytest.mark.parametrize(
    ("path", "megabytes", "is_taken"),
    [("/sign-in/", 0.9, True), ("/sign-in/", 1.2, False), ("/profile/", 5, True)],
)
def test_more_than_a_form_or_a_photo_is_refused_before_it_is_passed_on(
    nginx, path, megabytes, is_taken
):
    answer = nginx.ask("POST", path, b"x" * int(megabytes * 1024 * 1024))

    assert (answer.status != 413) == is_taken


def test_the_log_has_neither_addresses_nor_visitors(nginx):
    nginx.ask("GET", "/invitation/canary-token/?q=Ashby")

    file = nginx.folder / "stillwater.log"
    until(lambda: " GET 4" in file.read_text(), "a line of the log")  # written after the answer
    log = file.read_text()
    for secret in ("canary", "invitation", "Ashby", "127.0.0.1", "localhost"):
        assert secret not in log
    assert "canary" not in (nginx.folder / "gunicorn.log").read_text()


def test_doctor_finds_the_service_ready_and_reads_its_certificate(nginx, settings, monkeypatch):
    monkeypatch.setitem(os.environ, "SSL_CERT_FILE", str(nginx.certificate))
    settings.SITE_URL = f"https://localhost:{nginx.port}"

    said = [f"{finding.level} {finding.text}" for finding in network.service()]

    assert said[0].startswith("ok The certificate is good until 20")
    assert said[1] == f"ok https://localhost:{nginx.port} is ready."


def test_doctor_trusts_no_certificate_that_browsers_would_not(nginx, settings):
    settings.SITE_URL = f"https://localhost:{nginx.port}"

    [finding] = network.service()

    assert "certificate verify failed" in finding.text
