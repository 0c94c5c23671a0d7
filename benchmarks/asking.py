"""Asking over HTTP, as the proxy in front of the server does: a connection for each request."""

import gzip
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.harness.installation import HOST, PATIENCE

TOKEN = re.compile(rb'name="csrfmiddlewaretoken" value="(\w+)"')
FORM = "Content-Type: application/x-www-form-urlencoded"
COOKIE = re.compile(rb"^set-cookie: ([^=]+)=([^;]*)", re.IGNORECASE | re.MULTILINE)


class Refused(Exception):
    """Nobody answered, or not as a whole."""


@dataclass(frozen=True)
class Answer:
    """What came back, and after how many seconds."""

    status: int
    head: bytes
    sent: bytes  # the body, as it came
    seconds: float

    @property
    def body(self) -> bytes:
        is_compressed = b"content-encoding: gzip" in self.head.lower()
        return gzip.decompress(self.sent) if is_compressed else self.sent


@dataclass
class Visitor:
    """A browser's worth of cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def ask(self, path: str, sends: Mapping[str, str] | None = None) -> Answer:
        """Fetch a page, or send a form with the token that `learn` has found.

        Raises:
            Refused: nobody answered.
        """
        body = b""
        if sends is not None:
            body = urlencode({**sends, "csrfmiddlewaretoken": self.token}).encode()
        begun = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as connection:
                connection.sendall(self._head(path, sends is not None, len(body)) + body)
                parts = []
                while part := connection.recv(65536):
                    parts.append(part)
        except OSError as error:
            raise Refused(type(error).__name__) from error
        seconds = time.perf_counter() - begun
        head, separator, body = b"".join(parts).partition(b"\r\n\r\n")
        if not separator:
            raise Refused("no whole answer")
        return Answer(int(head[9:12]), head, body, seconds)

    def _head(self, path: str, is_post: bool, length: int) -> bytes:
        lines = [
            f"{'POST' if is_post else 'GET'} {path} HTTP/1.1",
            f"Host: {HOST}",
            "Connection: close",
            "X-Forwarded-Proto: https",
            "X-Forwarded-For: 10.0.0.1",
            f"Referer: https://{HOST}{path}",
            "Accept-Encoding: gzip",
            f"Cookie: {'; '.join(f'{name}={value}' for name, value in self.cookies.items())}",
        ]
        if is_post:
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {length}",
            ]
        return "\r\n".join([*lines, "", ""]).encode()

    def learn(self, path: str) -> None:
        """Take the cookie and the token of a page with a form."""
        answer = self.ask(path)
        self.cookies |= {n.decode(): v.decode() for n, v in COOKIE.findall(answer.head)}
        token = TOKEN.search(answer.body)
        self.token = token[1].decode() if token else ""
