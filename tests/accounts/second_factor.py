"""A second factor, as people add and use it."""

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache

from tests.factories import PASSWORD
from tests.pressing import Browser
from tests.reading import read

SECURITY = "/account/security/"


def confirm(browser: Browser, place: str = SECURITY) -> None:
    browser.post(f"/sign-in/again/?next={place}", {"password": PASSWORD})


def code_of(key: str, later: int = 0) -> str:
    """Return what an authenticator app with this key shows now, and for a moment more."""
    for _ in range(100):  # no longer, for a clock that stands still
        if time.time() % 30 < 25:
            break
        time.sleep(0.05)
    return format_hotp_value(hotp_value(key.replace(" ", ""), int(time.time()) // 30 + later))


def lasting_code(key: str) -> str:
    """Return a code that is still right when a browser has typed and sent it."""
    while time.time() % 30 > 22:
        time.sleep(0.1)
    return code_of(key)


def add_app(browser: Browser) -> str:
    """Add an authenticator app as people do; return its key."""
    confirm(browser)
    page = read(browser.get(f"{SECURITY}app/add/"))
    key = re.search(r'class="key">([A-Z2-7 ]+)<', page.source)[1]
    answer = browser.post(f"{SECURITY}app/add/", {"code": code_of(key)})
    assert answer.url == f"{SECURITY}codes/"
    cache.clear()  # the code of this half minute may be used again
    return key


def codes_of(browser: Browser) -> list[str]:
    return re.findall(r"<code>(\d+)</code>", browser.get(f"{SECURITY}codes/").content.decode())
