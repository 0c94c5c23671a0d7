"""A small client of WebDriver (https://www.w3.org/TR/webdriver2/), for two browsers.

Firefox hears it by itself, as messages of "Marionette"; WebKitGTK has a program that hears it by
HTTP. Both know the same commands.
"""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.other_browsers import find_firefox, find_webkit

PATIENCE = 20.0  # seconds
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what the standard calls a reference to one
PREFERENCES = {
    "marionette.port": 0,  # any; Firefox writes it into its profile
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "toolkit.telemetry.enabled": False,
}


class WebDriverError(Exception):
    """The browser could not do it."""


class Browser:
    """A browser with one window; `send(command, parameters)` is the way there."""

    # Of each command: what Firefox calls it, and the address where WebKit hears it.
    COMMANDS = {
        "open": ("WebDriver:Navigate", "/url"),
        "back": ("WebDriver:Back", "/back"),
        "reload": ("WebDriver:Refresh", "/refresh"),
        "run": ("WebDriver:ExecuteScript", "/execute/sync"),
        "find": ("WebDriver:FindElements", "/elements"),
        "click": ("WebDriver:ElementClick", "/element/{id}/click"),
        "clear": ("WebDriver:ElementClear", "/element/{id}/clear"),
        "type": ("WebDriver:ElementSendKeys", "/element/{id}/value"),
        "add_cookie": ("WebDriver:AddCookie", "/cookie"),
        "clear_cookies": ("WebDriver:DeleteAllCookies", ""),
    }

    def __init__(self, send: Callable[..., Any]) -> None:
        self.send = send

    def open(self, address: str) -> None:
        self.send("open", url=address)

    def run(self, script: str, *arguments: object) -> Any:
        """Run a script in the page; return what it returns."""
        return self.send("run", script=script, args=[*arguments])

    def all(self, xpath: str) -> list[str]:
        """Return the elements that are shown."""
        found = [each[ELEMENT] for each in self.send("find", using="xpath", value=xpath)]
        shown = "return arguments[0].checkVisibility({visibilityProperty: true})"
        return [each for each in found if self.run(shown, {ELEMENT: each})]

    def one(self, xpath: str) -> str:
        """Wait for the first element, and return it."""
        return until(lambda: self.all(xpath), xpath)[0]

    def click(self, xpath: str) -> None:
        """Wait for the first element, and click it; the page may just have put another there."""

        def clicked() -> bool:
            found = self.all(xpath)
            if found:
                self.send("click", id=found[0])
            return bool(found)

        until(clicked, xpath)

    def press(self, name: str) -> None:
        """Press the button or the link of this name outside of the header."""
        text = f"normalize-space()={quoted(name)} or @aria-label={quoted(name)}"
        places = "self::main or self::footer or @id='toast'"
        self.click(f"//*[{places}]//*[self::a or self::button][{text}]")

    def field(self, label: str) -> str:
        """Return the control with this label."""
        name = f"//label[normalize-space()={quoted(label)}]"
        return self.one(f"//*[@id={name}/@for] | {name}//input")

    def fill(self, label: str, text: str) -> None:
        field = self.field(label)
        self.send("clear", id=field)
        self.send("type", id=field, text=text)

    def choose(self, label: str, option: str) -> None:
        """Choose an option of a list by typing its beginning, as with a keyboard."""
        self.send("type", id=self.field(label), text=option)

    def tick(self, label: str) -> None:
        self.send("click", id=self.field(label))

    def text(self, css: str = "main") -> str:
        """Return what stands in the first such element, with single spaces; "" without one."""
        read = "return document.querySelector(arguments[0])?.innerText ?? ''"
        said = self.run(read, css) or ""  # a page that is being left says nothing at all
        return " ".join(said.split())

    def says(self, words: str, css: str = "main") -> None:
        """Wait until it stands there."""
        until(lambda: words in self.text(css), f"{words!r} in {css}", lambda: self.text(css))

    def has_focus(self, css: str) -> None:
        """Wait until the element has the focus."""
        until(lambda: self.run("return document.activeElement.matches(arguments[0])", css), css)

    @property
    def address(self) -> str:
        return self.run("return location.href")


def quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def until(happened: Callable[[], Any], what: str, instead: Callable[[], str] = str) -> Any:
    """Wait until it is true, and return it.

    Raises:
        AssertionError: it has not happened after `PATIENCE`.
    """
    ends = time.monotonic() + PATIENCE
    while True:
        with suppress(WebDriverError):  # the page has just been left
            if found := happened():
                return found
        assert time.monotonic() < ends, f"{what} has not come; instead: {instead()}"
        time.sleep(0.05)


@contextmanager
def firefox(*, scripts: bool = True) -> Iterator[Browser]:
    """Start Firefox with a profile of its own, and end it."""
    with tempfile.TemporaryDirectory(prefix="stillwater-firefox-") as name:
        profile = Path(name)
        wanted = PREFERENCES | {"javascript.enabled": scripts}
        lines = [f"user_pref({json.dumps(key)}, {json.dumps(wanted[key])});" for key in wanted]
        (profile / "user.js").write_text("\n".join(lines))
        options = ("--headless", "--marionette", "--no-remote", "--profile", name)
        with program(find_firefox(), *options, environment={"HOME": name}):
            port = profile / "MarionetteActivePort"
            until(lambda: port.exists() and port.read_text(), "the port of Firefox")
            with socket.create_connection(("127.0.0.1", int(port.read_text()))) as connection:
                connection.settimeout(PATIENCE * 3)
                marionette = Marionette(connection)
                marionette.call("WebDriver:NewSession", {"capabilities": {}})
                yield Browser(marionette.send)


class Marionette:
    """Messages are JSON after their length and a colon; the first tells who is there."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection, self.number = connection, 0
        self._receive()

    def send(self, command: str, **parameters: object) -> Any:
        answer = self.call(Browser.COMMANDS[command][0], parameters)
        return answer.get("value") if isinstance(answer, dict) else answer

    def call(self, name: str, parameters: dict[str, object]) -> Any:
        self.number += 1
        message = json.dumps([0, self.number, name, parameters])
        self.connection.sendall(f"{len(message)}:{message}".encode())
        _, _, error, result = self._receive()
        if error:
            raise WebDriverError(error["message"])
        return result

    def _receive(self) -> Any:
        length = b""
        while (byte := self.connection.recv(1)) != b":":
            length += byte
        text = b""
        while len(text) < int(length):
            text += self.connection.recv(int(length) - len(text))
        return json.loads(text)


@contextmanager
def webkit() -> Iterator[Browser]:
    """Start WebKitGTK's small browser on a screen that nobody sees, and end it."""
    browser = find_webkit()
    with screen() as display, tempfile.TemporaryDirectory(prefix="stillwater-webkit-") as home:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = {"DISPLAY": display, "HOME": home, "XDG_RUNTIME_DIR": home}
        with program("WebKitWebDriver", f"--port={port}", environment=environment):
            until(lambda: answers(port), "WebKit's driver")
            options = {"binary": str(browser), "args": ["--automation"]}
            wanted = {"alwaysMatch": {"webkitgtk:browserOptions": options}}
            driver = WebKitDriver(port)
            session = driver.call("POST", "/session", {"capabilities": wanted})["sessionId"]
            driver.session = f"/session/{session}"
            yield Browser(driver.send)
            driver.call("DELETE", driver.session)


class WebKitDriver:
    """The program that drives WebKitGTK, by HTTP."""

    def __init__(self, port: int) -> None:
        self.port, self.session = port, ""

    def send(self, command: str, **parameters: Any) -> Any:
        if command == "clear_cookies":
            return self.call("DELETE", f"{self.session}/cookie")
        place = Browser.COMMANDS[command][1].format(id=parameters.pop("id", ""))
        return self.call("POST", self.session + place, parameters)

    def call(self, method: str, path: str, body: dict | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE * 3)
        connection.request(method, path, json.dumps(body or {}))
        value = json.loads(connection.getresponse().read())["value"]
        connection.close()
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(f"{value['error']}: {value['message']}")
        return value


@contextmanager
def screen() -> Iterator[str]:
    """Start an X server without a screen, and yield its name."""
    read, write = os.pipe()
    options = ("-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp")
    with program("Xvfb", *options, pass_fds=(write,)), os.fdopen(read) as told:
        os.close(write)
        yield f":{told.readline().strip()}"


@contextmanager
def program(
    name: str | None, *options: str, environment: dict[str, str] | None = None, **others: Any
) -> Iterator[None]:
    """Run a program as long as it is needed."""
    path = name and shutil.which(name)
    assert path, f"{name or 'A browser'} is missing"
    started = subprocess.Popen(
        [path, *options],
        env={**os.environ, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **others,
    )
    try:
        yield
    finally:
        started.terminate()
        started.wait(timeout=PATIENCE)


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
