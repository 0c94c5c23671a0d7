"""What a therapist without a second factor reaches: this, and nothing else.

The list is written out here again. Whoever opens another page without one changes it in two places.
"""

import pytest
from django.test import Client as Browser

from practice.accounts.access import OPEN_WITHOUT
from tests.access.table import ROUTES, TABLE
from tests.access.walk import PARAMETER, Walk
from tests.access.world import World

OPEN = {
    ".well-known/security.txt",
    "accessibility/",
    "account/security/",
    "account/security/app/add/",
    "account/security/codes/",
    "account/security/passkeys/add/",
    "account/draft/",
    "account/time-left/",
    "help/",
    "help/finishing-work-with-a-client/",
    "livez",
    "metrics",
    "privacy/",
    "readyz",
    "sign-in/again/",
    "sign-out/",
}
NOBODY = {"calendar/<str:token>.ics"}  # where whoever asks is nobody, signed in or not
FIRST = "/account/security/"


def is_led_to_add_one(browser: Browser, method: str, address: str) -> bool:
    answer = browser.generic(method, address)
    return answer.status_code == 303 and answer.headers["Location"] == FIRST


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS"])
def test_all_else_leads_to_where_one_is_added(settings, method):
    settings.SECOND_FACTOR_FOR_THERAPISTS = True
    walk = Walk(World())
    reached = set()
    for route in TABLE.keys() - {"sign-out/"}:
        part = PARAMETER.search(route)
        things = walk.world.objects(part[1]) if part else {"ann": ""}
        thing = things.get("ann") or next(iter(things.values()))
        if not is_led_to_add_one(walk.browsers["alice"], method, walk.address(route, thing)):
            reached.add(route)

    assert reached - NOBODY == OPEN - {"sign-out/"}


def test_the_list_names_these_pages_and_no_others():
    names = {route: pattern.name for route, pattern in ROUTES.items()}

    assert {names[route] for route in OPEN} == OPEN_WITHOUT


def test_none_of_them_is_about_anybody():
    assert not any(PARAMETER.search(route) for route in OPEN)
