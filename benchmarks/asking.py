"""Asking over HTTP, as the proxy in front of the server does: a connection for each request."""

import gzip
import html
import re
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from tests.harness.installation import HOST, PATIENCE

HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
COOKIE = re.compile(rb"^set-cookie: ([^=]+)=([^;]*)", re.IGNORECASE | re.MULTILINE)
FORM = "Content-Type: application/x-www-form-urlencoded"


def hidden_fields(page: str) -> dict[str, str]:
    """Return what the forms of a page send without anybody typing it."""
    return {name: html.unescape(value) for name, value in HIDDEN.findall(page)}


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

    def ask(self, path: str, sends: Mapping[str, str] | None = None) -> Answer:
        """Fetch a page, or send a form; what the page of the form had hidden in it included.

        Raises:
            Refused: nobody answered.
        """
        body = urlencode(sends or {}).encode()
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

    def open_form(self, path: str) -> dict[str, str]:
        """Open the page of a form; return its hidden fields, and keep its cookie."""
        answer = self.ask(path)
        self.cookies |= {n.decode(): v.decode() for n, v in COOKIE.findall(answer.head)}
        return hidden_fields(answer.body.decode())
