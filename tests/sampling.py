"""How many random examples a test tries: a third in the plain run, all in the long form."""

import os

ALL = os.environ.get("SAMPLES") == "whole"


def examples(number: int) -> int:
    """Return how many of so many examples are tried now."""
    return number if ALL else -(-number // 3)
