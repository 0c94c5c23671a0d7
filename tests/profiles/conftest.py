"""The clock of the figures."""

from collections.abc import Iterator

import pytest
import time_machine

from tests.compiled import compiled_anew
from tests.profiles import NOW


@pytest.fixture(autouse=True)
def clock(nothing_kept: None) -> Iterator[time_machine.Traveller]:
    """The clock stands at 10am on Thursday 20 November 2025, until a test moves it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


anew = pytest.fixture(autouse=True)(compiled_anew)
