"""Somebody signed in, without JavaScript: GET a page, fill in its form, POST it."""

import http.client
import re
from dataclasses import dataclass
from html import unescape
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from tests.harness.installation import HOST, PATIENCE

SHOWN = re.compile(r'name="shown" value="([^"]*)"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class NoAnswer(Exception):
    """The connection was refused or lost, before an answer was there as a whole."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str


class Visitor:
    """A browser's worth of cookies; a connection for each request, as a proxy makes them."""

    def __init__(self, port: int, user: object = None, comes_from: str = "10.0.0.1") -> None:
        self.port, self.cookies, self.comes_from = port, {}, comes_from
        if user:
            from tests.conftest import browser_of

            self.cookies = {name: c.value for name, c in browser_of(user).cookies.items()}

    def get(self, path: str) -> Answer:
        """Fetch a page.

        Raises:
            NoAnswer: nobody was there, or nobody stayed.
        """
        return self._ask("GET", path)

    def post(self, path: str, page: Answer, **fields: str) -> Answer:
        """Send the form of a page, its last, with what the page showed and what was typed.

        Raises:
            NoAnswer: nobody was there, or nobody stayed.
        """
        token, shown = TOKEN.search(page.text), SHOWN.findall(page.text)
        fields["csrfmiddlewaretoken"] = token[1] if token else ""
        fields |= {"shown": unescape(shown[-1])} if shown else {}  # a banner may have a form, too
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None = None) -> Answer:
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": self.comes_from,
            "Referer": f"https://{HOST}{path}",
            "Connection": "close",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
        }
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(type(error).__name__) from error
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: c.value for name, c in SimpleCookie(line).items()}
        return Answer(response.status, response.headers, text)
