"""An installation that tells people by mail."""

import pytest
import time_machine

from practice.diary.models import Session
from practice.notifications.worker import send_everything
from relationships.models import Relationship
from tests.diary import NOW, book
from tests.notifications import GRACE


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def tells(settings) -> None:
    settings.SENDS_MESSAGES, settings.MESSAGE_GRACE = True, GRACE
    settings.MESSAGE_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SITE_URL = "https://practice.example"
    settings.DEFAULT_FROM_EMAIL = "post@practice.example"


@pytest.fixture
def session(individual: Relationship, clock) -> Session:
    """Booked by Alice, and told: Wednesday of the week after `NOW`, 4pm to 4:50pm."""
    made = book(individual)
    clock.shift(2 * GRACE)
    send_everything()
    return made
