"""A browser whose session comes to its end."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client as Browser

from tests.accounts.drafts import START, edit_page, hidden, typed_by
from tests.reading import read


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def desk(clock, alice) -> Browser:
    """Alice's browser, with the checks that tests usually skip, signed in at nine."""
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(alice.user)
    return browser


@pytest.fixture
def left_behind(clock, desk, ann) -> Browser:
    """A browser in which Alice's form waits, and nobody is signed in."""
    place = edit_page(ann)
    carried = hidden(read(desk.get(place)))
    clock.shift(timedelta(minutes=31))
    desk.post(place, carried | typed_by(ann))
    return desk
