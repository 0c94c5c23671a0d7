"""Names of people as pages say them: first names, initials, lists in words.

A first name is all that whoever shares a session with somebody ever reads of their name. Rather
none than a wrong one: where a name does not tell, the therapist is asked (`docs/domain.md`).
"""

import re
from collections.abc import Iterable, Sequence

from django import template
from django.utils.text import get_text_list

register = template.Library()

UNNAMED = "another person"

# Chinese, Japanese and Korean: no space, or the surname, comes before the given name.
IDEOGRAPHIC = re.compile(
    "[\u1100-\u11ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TITLES = _set(
    "dr doctor prof professor mr mister mrs ms miss mx sir dame lord lady master madam "
    "rev revd reverend father pastor sister rabbi imam the hon rt "
    "herr frau fräulein ing mag dipl dipl-ing m mm mme mlle monsieur madame mademoiselle "
    "dott sig signor signora hr fru dhr mevr drs"
)
_AND = _set("& and und et")
# Two surnames may follow these.
_ASK = _set("sr sra srta señor señora señorita family familie famille familia")
_PARTICLES = _set(
    "de del della den der des di da dos du el al la le ten ter van von zu zum zur bin ibn"
)
_AFTER_A_NAME = _set("jr sr esq ii iii iv phd ma ba")
_ASIDE = re.compile(r"\([^)]*\)|\[[^]]*\]|“[^”]*”|\"[^\"]*\"|«[^»]*»|„[^“”]*[“”]")
_DIVIDED = re.compile(r"[;:/|]|\s[-–—]+(\s|$)")


def first_name(name: str) -> str:
    """Return the first name within a name, or "" where the name does not tell it for sure.

    "Dr Erik Lindqvist" and "Lindqvist, Erik" are Erik. A single word, initials, a title with a
    surname, a surname in capitals or with a particle first, and names in Chinese, Japanese and
    Korean characters do not tell.
    """
    name = _ASIDE.sub(" ", name)
    surname, comma, rest = (part.strip() for part in re.sub("[，、،]", ",", name).partition(","))
    given = [part for part in rest.split(",") if not _is_after_a_name(part, name)]
    if IDEOGRAPHIC.search(name) or _DIVIDED.search(name) or (comma and not rest):
        return ""
    words = without_titles((given[0] if given else surname).split())
    words = [word for word in words if any(map(str.isalnum, word))]
    if len(words) < (1 if given else 2) or not _is_clear(words[0], name):
        return ""
    return words[0]


def called(name: str, preferred_name: str = "") -> str:
    """Return what a client is called: as they prefer, or by their first name; never a surname."""
    return preferred_name or first_name(name) or UNNAMED


@register.filter
def initials(name: str) -> str:
    """Return up to two initials, for titles and monograms ("Maya Lindqvist" is ML)."""
    words = without_titles(name.split()) or name.split()
    words = [w for w in words if w[0].isalnum()] or words
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [words[0][0]] if words else []
    return "".join(letters).upper()


def in_words(names: Iterable[str]) -> str:
    """Return names as a list in a sentence: "Ann", "Ann and Ben", "Ann, Ben and Cleo"."""
    return get_text_list(list(names), "and")


def has_surname(preferred_name: str, name: str) -> bool:
    """Whether a preferred name gives more of a name away than the first name."""
    words, bare = _words(preferred_name), _words(name)
    titled = len(without_titles(name.split())) < len(name.split())
    surname = _words(name.partition(",")[0]) if "," in name else bare[-1:]
    told = set(words) & set(surname)
    is_surname = titled or "," in name or (len(words) > 1 and len(bare) > 1)
    return "," in preferred_name or bool(told and is_surname)


def without_titles(words: list[str]) -> list[str]:
    """Return the words of a name without the titles that it begins with."""
    for index, word in enumerate(words):
        is_of_title = index and word.islower() and word.endswith(".")  # Dr. med.
        if not (is_of_title or word.rstrip(".").casefold() in _TITLES | _AND):
            return words[index:]
    return []


def _is_clear(word: str, name: str) -> bool:
    """Whether the word that a name begins with can only be a first name."""
    plain = word.casefold()
    if len(word) < 2 or "." in word or not word[0].isalpha() or plain in _ASK | _AND:
        return False
    if word.islower():
        return name.islower() and plain not in _PARTICLES
    return name.isupper() or not word.isupper()  # LINDQVIST Erik


def _is_after_a_name(part: str, name: str) -> bool:
    """Whether this follows a whole name: Jr, PhD, MBACP."""
    words = part.split()
    many_capitals = not name.isupper()
    return all(
        word.rstrip(".").casefold() in _AFTER_A_NAME
        or (many_capitals and sum(map(str.isupper, word)) > 1)
        for word in words
    )


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@register.filter("in_words")
def names_in_words(people: Sequence[object]) -> str:
    """Ann Ashby, Ben Bright and Cleo Cole: `{{ people|in_words }}`."""
    return in_words(str(person) for person in people)


@register.filter
def first_names(people: Sequence) -> str:
    """Maya and Erik."""
    return in_words(person.first_name for person in people)


@register.filter
def people_initials(people: Sequence) -> str:
    """ML, EL: whom a page title is about."""
    return ", ".join(initials(person.name) for person in people)
