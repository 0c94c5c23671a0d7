"""Rows that are changed on a page while they may change elsewhere, too, as sets of changes.

A row is its values as text; one that was altered has been removed, and another added.
"""

import json
from collections.abc import Iterable

Row = tuple[str, ...]


def merged(shown: set[Row], sent: set[Row], now: set[Row]) -> set[Row] | None:
    """Return the rows of `now` with what was changed between `shown` and `sent`.

    None if a row that was shown is gone on both sides, and not in favour of the same: at least one
    side may have altered it, and somebody has to be asked which holds.
    """
    removed, added = shown - sent, sent - shown
    removed_elsewhere, added_elsewhere = shown - now, now - shown
    if removed & removed_elsewhere and added != added_elsewhere:
        return None
    return now - removed | added


def as_text(rows: Iterable[Row]) -> str:
    """Return what a page carries of the rows that it shows."""
    return json.dumps([*rows])


def from_text(text: str) -> set[Row]:
    """Return the rows that a page has carried; none, if it is no such text."""
    try:
        return {tuple(map(str, row)) for row in json.loads(text)}
    except (ValueError, TypeError, RecursionError):
        return set()
