"""Public ids by the million, each once."""

from itertools import product

from practice.database.public_ids import ALPHABET, LENGTH

BASE = len(ALPHABET)
ALL = BASE**LENGTH
FACTOR = 123_456_789_011  # shares no divisor with 27: every number gets an id of its own
THREE = ["".join(letters) for letters in product(ALPHABET, repeat=3)]


def public_id(number: int) -> str:
    """Return the id of a number below 27 ** 10; neighbours have nothing in common."""
    number = number * FACTOR % ALL
    number, a = divmod(number, len(THREE))
    number, b = divmod(number, len(THREE))
    d, c = divmod(number, len(THREE))
    return THREE[a] + THREE[b] + THREE[c] + ALPHABET[d]
