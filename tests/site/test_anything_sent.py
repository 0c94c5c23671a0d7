"""Whatever anybody sends, nothing breaks, and nobody is led to another site.

    FUZZ=20000 .venv/bin/pytest tests/site/test_anything_sent.py

sends so many requests; without it, a few hundred that are much the same each time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from urllib.parse import parse_qs, urlsplit

import hypothesis
import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client as Browser
from hypothesis import HealthCheck, given

from tests.access.walk import Walk
from tests.access.world import World
from tests.sampling import examples
from tests.site.anything import URLS, Asked, findings, is_foreign, latin, requests, send

MANY = int(os.environ.get("FUZZ", "0"))


@contextmanager
def thrown_away(browser: Browser) -> Iterator[None]:
    """Undo whatever happens inside: in the database, in the cache, and to the cookies."""
    cookies = deepcopy(browser.cookies)
    cache.clear()
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    browser.cookies = cookies


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "\t//evil.example",
        "http://testserver@evil.example/",
        "javascript:alert(1)",
    ],
)
def test_an_address_elsewhere_is_found(address):
    assert is_foreign(address)


@pytest.mark.parametrize(
    "address", ["/", "x", "?q=//evil.example", "http://testserver/", "", "/x//"]
)
def test_an_address_of_ours_is_not(address):
    assert not is_foreign(address)


@pytest.mark.parametrize("here", URLS)
def test_htmx_is_led_to_a_page_of_ours(as_alice, alice, here):
    """To sign in from a page that needs it, and back to a page that was open for too long."""
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(alice.user)
    headers = {"HX-Request": "true", "HX-Current-URL": latin(here)}

    for answer in (
        Browser().get("/clients/", headers=headers),
        strict.post("/account/", headers=headers),
    ):
        assert answer.status_code == 200
        assert findings(answer) == []
        led = urlsplit(answer.headers["HX-Redirect"])
        assert not is_foreign(parse_qs(led.query, keep_blank_values=True).get("next", ["/"])[0])


@pytest.mark.django_db
def test_nothing_that_is_sent_breaks_a_page_or_leads_elsewhere(settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    walk = Walk(World())
    sent = requests(walk)
    for browser in walk.browsers.values():
        browser.raise_request_exception = True  # says why

    @hypothesis.settings(
        max_examples=MANY or examples(200),
        derandomize=not MANY,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(sent)
    def ask(asked: Asked) -> None:
        browser = walk.browsers[asked.who]
        browser.handler.enforce_csrf_checks = not asked.with_token
        with thrown_away(browser):
            assert findings(send(browser, asked)) == []

    ask()
