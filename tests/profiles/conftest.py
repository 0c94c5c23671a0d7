"""The clock of the figures."""

from collections.abc import Iterator

import pytest
import time_machine

from practice.profiles import sums
from tests.profiles import NOW


@pytest.fixture(autouse=True)
def clock(nothing_kept: None) -> Iterator[time_machine.Traveller]:
    """The clock stands at 10am on Thursday 20 November 2025, until a test moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def compiled_anew() -> Iterator[None]:
    """What a test plants in the rules is in the statements of this test, and of no other."""
    queries = (sums.SETTLED, sums.UNSETTLED)
    for query in queries:
        query._compiled.clear()
    yield
    for query in queries:
        query._compiled.clear()
