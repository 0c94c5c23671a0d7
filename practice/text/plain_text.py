"""Text as people mean it: without the invisible marks that pasting brings along.

A phone wraps a copied number in U+202A and U+202C, an e-mail begins with U+200B, a word processor
leaves soft hyphens. They make twins of one name, and turn or break the line they stand in.
"""

import re
import unicodedata

# Joiners and variation selectors shape what is beside them (علی‌رضا, 葛󠄀, ❤️).
_JOINERS = "\u200c\u200d"
_SELECTORS = "".join(
    chr(code)
    for first, last in [(0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF)]
    for code in range(first, last + 1)
)
_SHAPING = frozenset(_JOINERS + _SELECTORS)
# What Unicode calls default ignorable beyond its category Cf, and blanks that it takes for letters
# or signs.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufff0-\ufff8\ufffc\U0001d159"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_WORD = re.compile(r"\S+")
_PILE = 8  # more marks on one letter than any script needs
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def without_invisible(text: str) -> str:
    """Return `text` without what shows nothing and what turns the direction of others."""
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf" or c in _JOINERS)
    return _WORD.sub(
        lambda word: word[0].lstrip(_JOINERS + _SELECTORS).rstrip(_JOINERS), _BLANK.sub("", seen)
    )


def one_line(text: str) -> str:
    """Return `text` as one line with single spaces; "" if nothing of it can be seen."""
    return _if_seen(" ".join(without_invisible(" ".join(text.split())).split()))


def several_lines(text: str) -> str:
    """Return `text` with every line break as one character; "" if nothing of it can be seen."""
    return _if_seen(without_invisible(_BREAKS.sub("\n", text)))


def only_letters(text: str) -> str:
    """Return `text` without anything that shows nothing, shaping marks included: to compare it."""
    return "".join(c for c in without_invisible(text) if c not in _SHAPING)


def is_piled(text: str) -> bool:
    """Whether so many marks stand on one letter that they cover the lines around it."""
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if run > _PILE:
            return True
    return False


def _if_seen(text: str) -> str:
    # Controls are for the validators to refuse, not to be passed over in silence.
    shown = (unicodedata.category(c) for c in text if not c.isspace())
    return text if any(kind[0] in "LNPS" or kind in {"Cc", "Cs"} for kind in shown) else ""
