"""Names of people: folding for search and order, initials, lists in words."""

import re
import unicodedata
from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models

from practice.text.first_names import without_titles

# Letters that Unicode does not take apart into a base letter and a mark.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)


def fold(text: str) -> str:
    """Return `text` without case, accents and surplus spaces: "Zoë  Ng" and "zoe ng" are one."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(c for c in parts if not unicodedata.combining(c)).translate(_LETTERS)
    return " ".join(bare.split())


def search_words(text: str) -> list[str]:
    """Return the folded words of a search; punctuation inside a word is dropped (o'neil, oneil)."""
    return [w for w in (re.sub(r"[\W_]", "", word) for word in fold(text).split()) if w]


def search_text(*names: str) -> str:
    """Return what a search looks through: every word of `names`, each after a space.

    A hyphenated or apostrophised word counts whole and in parts, so that "smith", "jones" and
    "smith-jones" all find Smith-Jones. A word matches from its start (`docs/domain.md` 3).
    """
    words: dict[str, None] = {}
    for name in names:
        for word in fold(name).split():
            words.update(dict.fromkeys(filter(None, [re.sub(r"[\W_]", "", word)])))
            words.update(dict.fromkeys(filter(None, re.split(r"[\W_]+", word))))
    return "".join(f" {word}" for word in words)


class FoldedField(models.CharField):
    """A column made from others whenever the row is saved, alike on SQLite and PostgreSQL."""

    def __init__(self, *, make=fold, of: tuple[str, ...] = (), **kwargs: object) -> None:
        self.make, self.of = make, of
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"make": self.make, "of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = self.make(*(getattr(model_instance, name) for name in self.of))[: self.max_length]
        setattr(model_instance, self.attname, value)
        return value


def initials(name: str) -> str:
    """Return up to two initials, for titles and monograms ("Maya Lindqvist" is ML)."""
    words = without_titles(name.split()) or name.split()
    words = [w for w in words if w[0].isalnum()] or words
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [words[0][0]] if words else []
    return "".join(letters).upper()


def in_words(names: Iterable[str]) -> str:
    """Return names as a list in a sentence: "Ann", "Ann and Ben", "Ann, Ben and Cleo"."""
    *most, last = list(names) or [""]
    return f"{', '.join(most)} and {last}" if most else last


def no_control_characters(text: str) -> None:
    """Refuse what no keyboard types into a name.

    Raises:
        ValidationError: `text` has a control or formatting-override character.
    """
    if any(
        unicodedata.category(c) in {"Cc", "Cs"} or c in "\u202a\u202b\u202d\u202e" for c in text
    ):
        raise ValidationError("Use letters, spaces and punctuation only", code="control")


def no_control_characters_but_lines(text: str) -> None:
    """The same for text of several lines."""
    no_control_characters(text.translate({9: None, 10: None, 13: None}))
