"""The cast, and what every test stands on.

Alice is the therapist we are. Bob is a colleague who must see nothing of hers. Ann and Ben are
Alice's clients, and a couple; Ann can sign in. Carl is Bob's client.
"""

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import TransactionTestCase
from django.utils import timezone

from clients.models import Client
from practice.accounts import after_response
from practice.accounts.access import SEEN
from practice.accounts.models import Therapist
from practice.audit import sealing
from relationships.models import Relationship
from tests.factories import ClientFactory, TherapistFactory, UserFactory, start
from tests.pressing import Browser
from tests.restoring import template

# A browser test leaves an event loop in the thread, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# Folders whose tests are marked `database`, as are all that commit.
OF_THE_DATABASE = ("access", "audit", "database", "harness")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark what PostgreSQL is asked, too, what asks no database at all; begin with what is long.

    tests/practice/test_the_tests.py says what the marker `database` is for.
    """
    for item in items:
        mark = item.get_closest_marker("django_db")
        commits = mark and mark.kwargs.get("transaction")
        of_the_database = item.get_closest_marker("database")
        if item.path.parent.name in OF_THE_DATABASE or commits:
            item.add_marker("database")
        elif of_the_database and not of_the_database.kwargs.get("each"):
            if hasattr(item, "callspec") and any(item.callspec.indices.values()):
                item.add_marker("again")
        elif not (mark or {"db", "live_server"} & {*item.fixturenames}):
            item.add_marker("pure")
    yield  # others put them in an order
    items.sort(key=lambda item: not item.get_closest_marker("begun_first"))


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among the thousands of tests, which stay to the end.

    Left to itself the collector takes a sixth of the run.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker) -> Iterator[None]:
    """Put the database back after each test that commits."""
    flush = TransactionTestCase._fixture_teardown
    with ExitStack() as stack:
        with django_db_blocker.unblock():
            restore = stack.enter_context(template())
        TransactionTestCase._fixture_teardown = lambda self: restore()
        yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(scope="session", autouse=True)
def mail_waits_for_the_commit(django_test_environment: None) -> None:
    """Take no mail inside the transaction of a request; Django has put its own postbox there."""
    settings.EMAIL_BACKEND = "tests.commits.Postbox"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    """Forget how often somebody has tried to sign in, what therapists are compared with, and how
    much was written to an audit that has been swept away."""
    cache.clear()
    sealing.begin_anew()


class AtOnce:
    """A timer that does not wait, in the same thread: what a test has begun is done."""

    def __init__(self, _: float, work: Callable[..., object], args: list[object]) -> None:
        self.start = partial(work, *args)


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch) -> None:
    """Do at once what the server does after it has answered."""
    monkeypatch.setattr(after_response, "Timer", AtOnce)
    monkeypatch.setattr(after_response, "close_connections", lambda: None)


@pytest.fixture
def alice(db: None) -> Therapist:
    return TherapistFactory(user__email="alice@practice.example", name="Alice Archer", slug="alice")


@pytest.fixture
def bob(db: None) -> Therapist:
    return TherapistFactory(user__email="bob@practice.example", name="Bob Baker", slug="bob")


@pytest.fixture
def ann(alice: Therapist) -> Client:
    account = UserFactory(email="ann@mail.example")
    return ClientFactory(therapist=alice, name="Ann Ashby", email=account.email, account=account)


@pytest.fixture
def ben(alice: Therapist) -> Client:
    return ClientFactory(therapist=alice, name="Ben Bright", email="ben@mail.example")


@pytest.fixture
def carl(bob: Therapist) -> Client:
    return ClientFactory(therapist=bob, name="Carl Cole")


@pytest.fixture
def individual(ann: Client) -> Relationship:
    """Alice's individual work with Ann, active."""
    return start(ann)


@pytest.fixture
def couples(ann: Client, ben: Client) -> Relationship:
    """Alice's work with Ann and Ben as a couple, active."""
    return start(ann, ben)


@pytest.fixture
def hours_pass(settings) -> None:
    """Keep people signed in while a test moves the clock on."""
    settings.IDLE_LIMIT = timedelta(hours=12)


def browser_of(user: object) -> Browser:
    """A signed-in browser without JavaScript, which has been in use a moment ago."""
    browser = Browser()
    browser.force_login(user)
    session = browser.session
    session[SEEN] = timezone.now().timestamp()
    session.save()
    return browser


@pytest.fixture
def as_alice(alice: Therapist) -> Browser:
    return browser_of(alice.user)


@pytest.fixture
def as_bob(bob: Therapist) -> Browser:
    return browser_of(bob.user)


@pytest.fixture
def as_ann(ann: Client) -> Browser:
    return browser_of(ann.account)
