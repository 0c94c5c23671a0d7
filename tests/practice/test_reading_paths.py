"""How many files somebody opens to follow a request from its address to the database and the page.

Counted are all files of ours that a request runs or renders: middleware, views, forms, models,
rules, templates. `python -m pytest tests/practice/test_reading_paths.py -s` prints them.
"""

import sys
from collections.abc import Callable
from contextlib import contextmanager

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test.signals import template_rendered

from practice.booking.models import next_free_times, rules_of
from practice.diary.models.base import FREE
from practice.profiles.figures import count_installation
from tests.diary import DAY, NOW, book, works
from tests.pressing import hidden
from tests.profiles import session
from tests.reading import read

pytestmark = pytest.mark.skipif(
    connection.vendor != "sqlite", reason="counted once: PostgreSQL adds the router of the cache"
)
ROOT = str(settings.BASE_DIR)
OURS = ("practice/", "clients/", "relationships/", "templates/")


def ours(file: str) -> str | None:
    """Return the path of a file of ours from the top of the project; of another's, None."""
    path = file.removeprefix(f"{ROOT}/")
    return path if path.startswith(OURS) and path != file else None


@contextmanager
def followed():
    """Yield a set that fills with the files that are run or rendered inside the block."""
    files: set[str | None] = set()

    def called(frame, event: str, _: object) -> None:
        if event == "call":
            files.add(ours(frame.f_code.co_filename))

    def rendered(template, **_: object) -> None:
        files.add(ours(str(template.origin.name)))

    template_rendered.connect(rendered)
    sys.setprofile(called)
    try:
        yield files
    finally:
        sys.setprofile(None)
        template_rendered.disconnect(rendered)
        files.discard(None)


# The most files there may be, as (modules, templates); in the comment how many modules there were
# when reading was first measured. What makes a path longer has to be worth it.
MOST = {
    "the Clients list": (10, 7),  # 17
    "the End page": (15, 11),  # 27
    "confirming the end": (10, 0),  # 21
    "the page after": (15, 16),  # 21; it says what the ending led to, and is opened all day
    "free times": (12, 5),  # 21
    "the time to check": (14, 5),  # 22
    "booking it": (16, 0),  # 24
    "the Export page": (9, 6),  # 17
    "the archive": (18, 3),  # 20; exports share shapes, a session has parts and an entry a seal
}


@pytest.fixture
def follow():
    """Answer a request, hold the files that it took against `MOST`, and return both."""

    def follow(name: str, ask: Callable):
        with followed() as files:
            answer = ask()
        python = sorted(file for file in files if file.endswith(".py"))
        pages = sorted(file for file in files if file.endswith(".html"))
        lines = [f"{name}: {len(python)} modules, {len(pages)} templates", *python, *pages]
        sys.stdout.write("\n  ".join(lines) + "\n")
        modules, templates = MOST[name]
        assert len(python) <= modules, python
        assert len(pages) <= templates, pages
        return answer, files

    return follow


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def warm(as_alice, as_ann, alice, clock):
    """Load what is loaded once: the addresses, and the statements of booking."""
    as_alice.get("/help/")
    as_ann.get("/help/")
    count_installation(NOW)  # as every night
    rules_of(alice).booked_ahead(alice.user)
    next_free_times(alice, NOW, 1)
    FREE.rows(therapist=alice.pk, work=0, starts=NOW, ends=NOW)


def test_the_clients_list(follow, as_alice, individual, couples):
    session(individual, NOW - DAY)
    as_alice.get("/clients/")  # its statements are put together once

    _, files = follow("the Clients list", lambda: as_alice.get("/clients/"))

    assert {"clients/listing.py", "templates/clients/clients.html"} <= files


def test_ending_a_relationship(follow, as_alice, individual):
    session(individual, NOW - DAY)
    book(individual)
    page = f"/relationships/{individual.public_id}/"

    follow("the End page", lambda: as_alice.get(f"{page}end/"))
    answer, files = follow(
        "confirming the end", lambda: as_alice.post(f"{page}end/", {"reason": "completed"})
    )
    follow("the page after", lambda: as_alice.get(answer.url))

    assert {"relationships/views/work.py", "relationships/models/relationship.py"} <= files


def test_a_client_books(follow, as_ann, individual, alice):
    works(alice)
    address = f"/book/{individual.public_id}/"
    slot = f"{address}2025-11-26/1600/"

    follow("free times", lambda: as_ann.get(address))
    page, _ = follow("the time to check", lambda: as_ann.get(slot))
    sent = hidden(read(page))
    answer, _ = follow("booking it", lambda: as_ann.post(slot, sent))

    assert answer.status_code == 303


def test_exporting_a_client(follow, as_alice, individual, ann):
    session(individual, NOW - DAY)
    address = f"/clients/{ann.public_id}/export/"

    follow("the Export page", lambda: as_alice.get(address))
    answer, _ = follow("the archive", lambda: as_alice.post(address))

    assert answer.headers["Content-Type"] == "application/zip"
