"""Compiled queries, where a test plants something in what they are made of."""

import sys
from collections.abc import Iterator

from practice.database.compiled import CompiledQuery

OURS = ("practice", "clients", "relationships")


def every_compiled_query() -> Iterator[CompiledQuery]:
    """Yield those that modules of the product hold."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OURS:
            yield from (held for held in vars(module).values() if isinstance(held, CompiledQuery))


def compiled_anew() -> Iterator[None]:
    """What a test plants is in the statements of this test, and of no other. For a fixture."""
    for query in every_compiled_query():
        query._compiled.clear()
    yield
    for query in every_compiled_query():
        query._compiled.clear()
