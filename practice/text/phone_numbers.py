"""Phone numbers as people write them, and as a phone dials them."""

import re
import unicodedata

_NUMBER = re.compile(r"[^0-9+]*(\+?)((?:[0-9][ ()./\u2010-\u2015-]*){3,20})")
_TRUNK = re.compile(r"\(0\)")  # written for callers from within the country, not dialled with a +


def dialled(text: str) -> str:
    """Return the digits that a phone number is dialled by, or "" if there is none in the text.

    It is the first number that stands there: not what follows a letter, such as an extension.
    """
    western = "".join(str(unicodedata.decimal(c, c)) for c in text)
    found = _NUMBER.match(_TRUNK.sub("", western) if "+" in western else western)
    return found[1] + re.sub(r"\D", "", found[2]) if found else ""
