"""The service as an operator has it: gunicorn on an SQLite file, and nginx with TLS before it."""

import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

from tests.harness.installation import free_port
from tests.practice.source import ROOT

PATIENCE = 120  # seconds; the machine may be busy
SAFE = {
    "PATH": os.defpath,
    "SECRET_KEY": "wY3-kP9_rT5vQ1xB7nM2cZ8hJ4fL6dS0gA-uE_iO3yWqRtPlKjHbN",
    "AUDIT_KEY": "rT5vQ1xB7nM2cZ8hJ4fL6dS0gAuE9iO3",
    "ALLOWED_HOSTS": "practice.example,localhost",
    "BEHIND_TLS_PROXY": "yes",
    "DJANGO_SETTINGS_MODULE": "tests.harness.settings",  # without collecting static files first
}
GUNICORN = [sys.executable, "-m", "gunicorn", "practice.wsgi"]
AROUND = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {site}
}}
"""


def find_nginx() -> str | None:
    return shutil.which("nginx", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")


@contextmanager
def process(command: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Run a server until the end, which it has to reach in order."""
    with log.open("wb") as file:
        server = subprocess.Popen(command, cwd=ROOT, env={**environment}, stdout=file, stderr=file)
    try:
        yield
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=PATIENCE) == 0


@contextmanager
def gunicorn(folder: Path, **environment: str) -> Iterator[int]:
    """Serve a database in a folder, as it is; yield the port when somebody answers."""
    port = free_port()
    settings = SAFE | {"DATA_DIR": str(folder), "HOME": str(folder)} | environment
    command = [*GUNICORN, f"--bind=127.0.0.1:{port}"]
    with process(command, folder / "gunicorn.log", settings):
        until_answered(lambda: HTTPConnection("127.0.0.1", port, timeout=PATIENCE))
        yield port


class Nginx:
    """nginx by `deploy/nginx.conf`, on other ports and with a certificate of its own."""

    def __init__(self, folder: Path, app: int) -> None:
        self.folder, self.port, self.plain_port = folder, free_port(), free_port()
        self.certificate = folder / "certificate.pem"
        _make_certificate(folder)
        site = (ROOT / "deploy" / "nginx.conf").read_text()
        for what, by in {
            r"^ *listen \[::\].*$": "",
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            r"/etc/letsencrypt/live/practice\.example/fullchain\.pem": f"{self.certificate}",
            r"/etc/letsencrypt/live/practice\.example/privkey\.pem": f"{folder}/key.pem",
            "/var/log/nginx": f"{folder}",
            r"server_name practice\.example;": "server_name localhost;",
            "127.0.0.1:8000": f"127.0.0.1:{app}",
        }.items():
            site, number = re.subn(what, by, site, flags=re.MULTILINE)
            assert number, what
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, site=site, user=user))

    @contextmanager
    def serve(self) -> Iterator[None]:
        command = [find_nginx() or "", "-p", str(self.folder), "-c", "nginx.conf"]
        command += ["-e", str(self.folder / "nginx.log")]
        with process(command, self.folder / "nginx.out", {"PATH": os.defpath}):
            until_answered(self.browser)
            yield

    def browser(self) -> HTTPSConnection:
        trusted = ssl.create_default_context(cafile=self.certificate)
        return HTTPSConnection("localhost", self.port, timeout=PATIENCE, context=trusted)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> HTTPResponse:
        """Return an answer that has been read."""
        web = self.browser()
        web.request(method, path, body or None, {"Connection": "close"} | headers)
        answer = web.getresponse()
        answer.read()
        web.close()
        return answer


def until_answered(connect: Callable[[], HTTPConnection]) -> None:
    begun = time.monotonic()
    while True:
        web = connect()
        try:
            web.request("GET", "/livez", headers={"Host": "practice.example"})
            web.getresponse().read()
            return
        except OSError:
            if time.monotonic() - begun > PATIENCE:
                raise
            time.sleep(0.05)
        finally:
            web.close()


def _make_certificate(folder: Path) -> None:
    openssl = shutil.which("openssl")
    assert openssl, "openssl is missing"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True)
