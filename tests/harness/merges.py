"""Pairs of made-up people, alike and not: none who are two may be taken for one unasked.

    python -m tests.harness.merges --pairs 5000

Of each pair the truth is known: one person, written in two ways, or two people, as alike as father
and son of one name, twins, a couple with one address, or names a letter apart. What tells two
people apart is known of them; how much else is, is left to chance.
"""

import argparse
import os
import random
import sys
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

FIRST = ["Ada", "Ben", "Cleo", "José", "Zoë", "Síle", "Noël", "Anna", "Hanna", "Jon", "John"]
LAST = ["Brook", "O'Neil", "Núñez-Ibarra", "Berg", "Bergh", "Li", "Smith", "Smyth", "van-Dyk"]


class Pair(NamedTuple):
    """Two lines of files, as (name, address, birthday), and whether they are one person."""

    one: tuple[str, str, date | None]
    other: tuple[str, str, date | None]
    is_one: bool


def pair(dice: random.Random) -> Pair:
    """Make a pair up."""
    first, last = dice.choice(FIRST), dice.choice(LAST)
    name, born = f"{first} {last}", date(1950, 1, 1) + timedelta(days=dice.randrange(20_000))
    email = f"{first}.{last}{dice.randrange(99)}@mail.example".lower()
    some = dice.random
    kinds = ["one", "one", "father and son", "namesakes", "twins", "a couple", "a letter apart"]
    kind = dice.choice(kinds)
    if kind == "one":
        known = (email if some() < 0.7 else "", born if some() < 0.7 else None)
        return Pair((name, *known), (_otherwise(name, dice), *known), is_one=True)
    one = (name, email if some() < 0.5 else "", born)
    if kind == "father and son":  # one name, one address; only the birthdays differ
        return Pair(one, (name, one[1], born + timedelta(days=10_000)), is_one=False)
    if kind == "namesakes":
        return Pair((name, email, None), (name, f"other-{email}", None), is_one=False)
    if kind == "twins":
        another = dice.choice([other for other in FIRST if other != first])
        return Pair((name, email, born), (f"{another} {last}", email, born), is_one=False)
    if kind == "a couple":
        another = dice.choice([other for other in FIRST if other != first])
        return Pair((name, email, None), (f"{another} {last}", email, None), is_one=False)
    at = dice.randrange(1, len(last))
    almost = f"{first} {last[:at]}{dice.choice('aeiou')}{last[at:]}"
    return Pair((name, email, born), (almost, email, born), is_one=False)


def _otherwise(name: str, dice: random.Random) -> str:
    """Return a name as another export writes it."""
    first, _, last = name.partition(" ")
    ways = [name.upper(), f"{last}, {first}", f"Dr {name}", name.replace("'", "’"), f"  {name} "]
    return dice.choice([*ways, name.replace("-", " "), name.lower()])


class Result(NamedTuple):
    """How many pairs were made one: wrongly, and rightly; and how many there were of one person."""

    wrong: list[Pair]
    right: int
    ones: int


def run(pairs: int, seed: int) -> Result:
    """Group so many pairs, each by itself, as an import does."""
    from practice.imports import names
    from practice.imports.asking import Asking
    from practice.imports.drafts import Candidate
    from practice.imports.people import Grouping
    from practice.imports.plan import Source
    from practice.imports.state import State

    dice, wrong, right, ones = random.Random(seed), [], 0, 0

    def candidate(line: tuple[str, str, date | None]) -> Candidate:
        name, email, born = names.usual_order(line[0]), line[1], line[2]
        return Candidate(name, names.key_of(name), "a.csv", Source(0, 2), email=email, born=born)

    for _ in range(pairs):
        made = pair(dice)
        grouping = Grouping(State(), Asking({}), 1)
        grouping.add([candidate(made.one), replace(candidate(made.other), source=Source(0, 3))])
        is_merged = len(grouping.finish()) == 1
        ones += made.is_one
        right += is_merged and made.is_one
        if is_merged and not made.is_one:
            wrong.append(made)
    return Result(wrong, right, ones)


def main() -> None:
    """Group pairs, and say what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5_000)
    parser.add_argument("--seed", type=int, default=16)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django

    django.setup()
    result = run(chosen.pairs, chosen.seed)
    for made in result.wrong[:20]:
        sys.stdout.write(f"{made.one} and {made.other} are two people\n")
    words = f"{result.right} of {result.ones} who are one were made one unasked"
    sys.stdout.write(f"{len(result.wrong)} wrong merges in {chosen.pairs} pairs; {words}.\n")
    raise SystemExit(bool(result.wrong))


if __name__ == "__main__":
    main()
