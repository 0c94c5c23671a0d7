"""Every form in which something is typed or chosen can come back (`practice/web/drafts.py`)."""

import re

import pytest

from tests.access.table import TABLE
from tests.access.walk import PARAMETER, Walk
from tests.access.world import World
from tests.factories import PASSWORD

FORM = re.compile(r'<form\b[^>]*method="post".*?</form>', re.DOTALL)
CONTROL = re.compile(r"<(?:input|select|textarea)\b[^>]*>")
NOT_TYPED = re.compile(r'type="hidden"| hidden\b')
SECRET = re.compile(r'type="password"|autocomplete="one-time-code"|data-passkey')
# Of whoever cannot sign in: there is no account that it could be kept for.
OF_NOBODY = "password/reset/"
THINGS = {"alice": ("ann", "ed", "the couple"), "ann": ("ann", "the couple")}


def is_typed_in(form: str) -> bool:
    return any(not NOT_TYPED.search(control) for control in CONTROL.findall(form))


@pytest.mark.django_db
def test_no_form_loses_what_is_typed_and_none_keeps_a_secret():
    walk, lost, secret, number = Walk(World()), set(), set(), 0
    for who, names in THINGS.items():
        browser = walk.browsers[who]
        browser.post("/sign-in/again/", {"password": PASSWORD})
        for route in TABLE.keys() - {"sign-out/", OF_NOBODY}:
            part = PARAMETER.search(route)
            things = walk.world.objects(part[1]) if part else {names[0]: ""}
            for name in things.keys() & {*names}:
                answer = browser.get(walk.address(route, things[name]))
                page = b"" if answer.streaming else answer.content
                for form in FORM.findall(page.decode(errors="replace")):
                    comes_back = 'name="form_of"' in form
                    number += comes_back
                    if SECRET.search(form):
                        secret |= {f"{who}: {route}"} if comes_back else set()
                    elif is_typed_in(form) and not comes_back:
                        lost.add(f"{who}: {route}")

    assert secret == set()
    assert lost == set()
    assert number > 20
