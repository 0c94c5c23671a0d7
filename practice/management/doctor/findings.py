"""What a look at an installation finds."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much it matters; the words are what the operator reads."""

    GOOD = "ok"
    ADVICE = "look"  # may be meant so
    WRONG = "WRONG"  # ends with exit code 1


@dataclass(frozen=True)
class Finding:
    """A sentence about one thing, and what to do if it is not good."""

    level: Level
    text: str


def good(text: str) -> Finding:
    return Finding(Level.GOOD, text)


def advice(text: str) -> Finding:
    return Finding(Level.ADVICE, text)


def wrong(text: str) -> Finding:
    return Finding(Level.WRONG, text)
