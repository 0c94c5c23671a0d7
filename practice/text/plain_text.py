"""Text as people mean it: without the invisible marks that pasting brings along.

A phone wraps a copied number in U+202A and U+202C, an e-mail begins with U+200B, a word processor
leaves soft hyphens. They make twins of one name, and turn or break the line they stand in.
"""

import re
import unicodedata

# Joiners and variation selectors shape the character before them (علی‌رضا, 葛󠄀, ❤️).
_SHAPING = "\u180b-\u180d\u180f\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef"
# What Unicode calls default ignorable beyond its category Cf, and blanks that it takes for letters
# or signs.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0\ufff0-\ufff8\ufffc\U0001d159"
    "\U000e0000-\U000e00ff\U000e01f0-\U000e0fff]"
)
_LOOSE = re.compile(f"(?<!\\S)[{_SHAPING}]+|[\u200c\u200d]+(?!\\S)")
_SHAPES = re.compile(f"[{_SHAPING}]")
_PILE = 8  # more marks on one letter than any script needs
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


def without_invisible(text: str) -> str:
    """Return `text` without what shows nothing and what turns the direction of others."""
    seen = "".join(c for c in text if unicodedata.category(c) != "Cf" or _SHAPES.match(c))
    return _LOOSE.sub("", _BLANK.sub("", seen))


def one_line(text: str) -> str:
    """Return `text` as one line with single spaces; "" if nothing of it can be seen."""
    return _if_seen(" ".join(without_invisible(" ".join(text.split())).split()))


def several_lines(text: str) -> str:
    """Return `text` with every line break as one character; "" if nothing of it can be seen."""
    return _if_seen(without_invisible(_BREAKS.sub("\n", text)))


def only_letters(text: str) -> str:
    """Return `text` without anything that shows nothing, shaping marks included: to compare it."""
    return _SHAPES.sub("", without_invisible(text))


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
