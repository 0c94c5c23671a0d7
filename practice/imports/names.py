"""Names as exports write them: "Last, First", titles, two people in one."""

import re
from functools import lru_cache

from practice.text.person_names import fold
from practice.text.plain_text import one_line
from practice.text.spoken import first_name, has_surname, without_titles

_AND = re.compile(r"\s*[&+/]\s*|\s+(?:and|und)\s+", re.IGNORECASE)
_MARK = re.compile(r"^'(?![tsn]\b)", re.IGNORECASE)
_LIKE_A_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f .,'’()-])*")
_SUFFIX = re.compile(r"(jr|sr|phd|md|esq|i{1,3}|iv|ma|ba|mbe|obe)\.?", re.IGNORECASE)


def tidy(text: str) -> str:
    """Return a name as one line, without the apostrophe that spreadsheets put before text.

    That of 't Hooft and 's Gravesande is their own.
    """
    return _MARK.sub("", one_line(text).strip()).strip(" ,;")


def whole_name(first: str, middle: str, last: str, name: str) -> str:
    """Return somebody's name in its usual order, from its parts or from one cell."""
    parts = [tidy(part) for part in (first, middle, last)]
    return " ".join(filter(None, parts)) if parts[0] or parts[2] else usual_order(name)


def usual_order(name: str) -> str:
    """Return "Maren Ostrova" of "Ostrova, Maren", and without titles."""
    name = tidy(name)
    last, comma, first = name.partition(",")
    is_turned = (
        comma and first.strip() and "," not in first and not _SUFFIX.fullmatch(first.strip())
    )
    name = f"{first.strip()} {last.strip()}" if is_turned else name
    return " ".join(without_titles(name.split())) or name


@lru_cache(maxsize=20_000)
def key_of(name: str) -> str:
    """Return a name as two are compared: without titles, case, accents and punctuation."""
    return fold(usual_order(name))


def couple_of(first: str, last: str, name: str) -> tuple[str, str] | None:
    """Return the names of two people who stand in one, None where it is one person.

    "Ada & Ben" with one surname have both that one; "Ada Brook & Ben Castle" have their own.
    """
    first, last, name = tidy(first), tidy(last), tidy(name)
    if first:
        firsts, lasts = _two(first), _two(last) or (last, last)
        return _named(firsts, lasts) if firsts else None
    turned, comma, rest = name.partition(",")
    if comma and "," not in rest and (firsts := _two(rest.strip())):  # Brook, Ada & Ben
        return _named(firsts, _two(turned.strip()) or (turned.strip(), turned.strip()))
    sides = _two(name)
    if not sides:
        return None
    one, other = (usual_order(side) for side in sides)
    words = other.split()
    if len(one.split()) == 1 and len(words) > 1:  # Ada & Ben Brook
        one = f"{one} {' '.join(words[1:])}"
    return (one, other)


def _two(text: str) -> tuple[str, str] | None:
    parts = [part.strip() for part in _AND.split(text)]
    if len(parts) != 2 or not all(map(_LIKE_A_NAME.fullmatch, parts)):
        return None
    return parts[0], parts[1]


def _named(firsts: tuple[str, str], lasts: tuple[str, str]) -> tuple[str, str]:
    one, other = (f"{first} {last}".strip() for first, last in zip(firsts, lasts, strict=True))
    return usual_order(one), usual_order(other)


def preferred_of(name: str, preferred: str, first: str) -> str:
    """Return what to call somebody where their name does not tell, never a surname.

    The therapist's own word for them is first, then the first name that had a column of its own.
    """
    for word in (tidy(preferred), tidy(first)):
        if word and len(word) <= 60 and not has_surname(word, name):
            return "" if fold(word) == fold(first_name(name)) else word
    return ""
