"""Names of people as they are compared, put in order and searched; `spoken` says them."""

import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from practice.text.plain_text import is_piled, one_line, only_letters, without_invisible
from practice.text.spoken import IDEOGRAPHIC

_APOSTROPHES = str.maketrans(dict.fromkeys("’‘‛`´′＇ʹʻʼʽʾʿˈ՚׳ꞌ", "'"))
# Letters that Unicode does not take apart and whose names do not say what they are without their
# stroke or hook; as the Latin-ASCII transliteration of CLDR has them. Below, letters of Arabic that
# look the same inside a word, and the tatweel, which only stretches one.
_LETTERS = str.maketrans(
    {"ŋ": "n", "ə": "e", "ǝ": "e", "þ": "th", "ð": "d", "ʒ": "z", "ĸ": "q"}
    | {"ي": "ی", "ى": "ی", "ك": "ک", "ـ": ""}
)
_LATIN = re.compile(
    r"LATIN (?:SMALL|CAPITAL) (?:LETTER|LIGATURE) (?:DOTLESS |OPEN )?([A-Z]{1,2})(?: WITH .+)?"
)
_LONGEST_INSIDE = 24  # a word of Chinese, Japanese or Korean is looked through so far


def fold(text: str) -> str:
    """Return `text` as names are compared and put in order.

    Case, accents, apostrophes, full stops and everything invisible are gone; other punctuation is a
    space: "Zoë  O’Neil-Ng" and "zoe oneil ng" are one.
    """
    joined = re.sub("['.]", "", _bare(text))
    return " ".join("".join(" " if _is_punctuation(c) else c for c in joined).split())


def search_words(text: str) -> list[str]:
    """Return the folded words of a search, letters and digits only."""
    return [word for word in map("".join, map(_parts, fold(text).split())) if word]


def matches(text: str) -> models.Q:
    """Return the condition on `search_text` that every word of `text` begins a word there.

    Nothing to look for is no condition; signs without a letter or digit match nothing.
    """
    words = search_words(text)
    if not words and one_line(text):
        return models.Q(pk__in=[])
    return models.Q(*(("search_text__contains", f" {word}") for word in words))


def search_text(*names: str) -> str:
    """Return what a search looks through: every word of `names`, each after a space.

    A hyphenated or apostrophised word counts whole and in parts, so that "smith", "jones" and
    "smithjones" all find Smith-Jones; of a name in Chinese, Japanese or Korean counts whatever is
    left of it from any character on, so that a given name finds it. A word matches from its start
    (`docs/domain.md` 3).
    """
    words: dict[str, None] = {}
    for name in names:
        for word in _bare(name).split():
            parts = _parts(word)
            found = ["".join(parts), *search_words(word), *parts]
            found += [rest for part in parts for rest in _inside(part)]
            words.update(dict.fromkeys(filter(None, found)))
    return "".join(f" {word}" for word in words)


def _bare(text: str) -> str:
    """Return `text` without case, accents and what is invisible; every apostrophe is the same."""
    text = only_letters(text).translate(_APOSTROPHES)
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(map(_base, (c for c in parts if not unicodedata.combining(c))))
    # Taken apart, some letters are apostrophes: ŉ.
    return only_letters(bare.translate(_APOSTROPHES).translate(_LETTERS))


@cache
def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] == "P"


@cache
def _base(letter: str) -> str:
    """Return a letter without its stroke or hook, as its name has it: h of ħ, oe of œ."""
    found = letter > "\x7f" and _LATIN.fullmatch(unicodedata.name(letter, ""))
    return found[1].lower() if found else letter


def _parts(word: str) -> list[str]:
    """Return what of a word is letters, vowels that are marks in their script, or digits."""
    kept = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in word)
    return "".join(kept).split()


def _inside(part: str) -> list[str]:
    """Return what is left of a word written without spaces from each of its characters on."""
    if not IDEOGRAPHIC.search(part):
        return []
    return [part[i : i + _LONGEST_INSIDE] for i in range(1, min(len(part), _LONGEST_INSIDE))]


class FoldedField(models.CharField):
    """A column made from others whenever the row is saved.

    SQLite compares text byte by byte; the collation "C" makes PostgreSQL do so too, whatever its
    locale, and both put names into one order.
    """

    def __init__(
        self, *, make: Callable[..., str] = fold, of: tuple[str, ...] = (), **kwargs: Any
    ) -> None:
        self.make, self.of = make, of
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"make": self.make, "of": self.of}

    def db_parameters(self, connection: BaseDatabaseWrapper) -> dict[str, str | None]:
        collation = "C" if connection.vendor == "postgresql" else None
        return super().db_parameters(connection) | {"collation": collation}

    def made_of(self, *texts: str) -> str:
        """Return what the column holds where those it is made of hold `texts`."""
        return self.make(*texts)[: self.max_length]

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = self.made_of(*(getattr(model_instance, name) for name in self.of))
        setattr(model_instance, self.attname, value)
        return value


def no_control_characters(text: str) -> None:
    """Refuse what no keyboard types into a name. Forms take away what pasting brings before.

    Raises:
        ValidationError: `text` has a control character, a line break, something invisible or a
            pile of marks.
    """
    controls = any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in text)
    if controls or is_piled(text) or without_invisible(text) != text:
        raise ValidationError("Use letters, spaces and punctuation only", code="control")


def no_control_characters_but_lines(text: str) -> None:
    """The same for text of several lines."""
    no_control_characters(text.translate({9: " ", 10: " ", 13: " "}))
