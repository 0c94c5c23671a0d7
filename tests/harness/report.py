"""What a harness says at its end: lines, and a row for the table in `docs/security.md`."""

import statistics
import sys
from collections.abc import Sequence


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def row(*cells: object) -> None:
    """Print one row of a Markdown table; whole numbers with separators."""
    texts = (f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells)
    say(f"| {' | '.join(texts)} |")


def spread(seconds: Sequence[float]) -> str:
    """Return median and longest."""
    if not seconds:
        return "–"
    return f"{statistics.median(seconds):.2f} / {max(seconds):.2f} s"


def verdict(faults: Sequence[str]) -> int:
    """Print the first faults; return the exit code."""
    for fault in faults[:20]:
        say(f"  WRONG {fault}")
    return 1 if faults else 0
