"""Whom somebody looks for stands in no address that a browser with scripts would follow."""

import pytest
from django.http import HttpResponse
from django.test import Client as Browser

from practice.accounts.models import Therapist
from tests.access.table import TABLE
from tests.factories import ClientFactory, start
from tests.reading import read

HTMX = {"HX-Request": "true"}
SEARCHED = "zebulon"
WITHOUT_PARTS = [route for route in TABLE if "<" not in route and "^" not in route]


def addresses(answer: HttpResponse) -> list[str]:
    """Return every address that a page leads to or asks for, and what its headers say."""
    found = list(answer.headers.values())
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        for _, attributes in read(answer).tags:
            found += [
                value or ""
                for name, value in attributes.items()
                if name in ("href", "src", "action") or name.startswith("data-hx-")
            ]
    return found


def naming(browser: Browser, path: str, **headers: str) -> list[str]:
    """Return the addresses in the answers to a search that hold what was looked for."""
    queries = [{"q": SEARCHED}, {"q": SEARCHED, "include": "inactive"}, {"q": SEARCHED, "page": 2}]
    answers = [browser.get(path, query, headers=headers) for query in queries]
    return [a for answer in answers for a in addresses(answer) if SEARCHED in a.lower()]


@pytest.fixture(params=["thirty", "hidden", "nobody"])
def people(request, alice: Therapist) -> None:
    """Clients of whom the search finds two pages, only inactive ones, or none."""
    number = {"thirty": 30, "hidden": 1, "nobody": 0}[request.param]
    work = [start(ClientFactory(therapist=alice, name=f"Zebulon {n}")) for n in range(number)]
    if request.param == "hidden":
        work[0].end(by=alice.user, reason="completed")


def test_no_answer_to_htmx_holds_it(as_alice, people):
    found = {route: naming(as_alice, f"/{route}", **HTMX) for route in WITHOUT_PARTS}

    assert {route: names for route, names in found.items() if names} == {}


def test_without_scripts_the_links_of_the_list_carry_a_search_on(as_alice, alice):
    for number in range(101):
        start(ClientFactory(therapist=alice, name=f"Zebulon {number}"))

    assert f"/clients/?page=2&q={SEARCHED}" in naming(as_alice, "/clients/")
